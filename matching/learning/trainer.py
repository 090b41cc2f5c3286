"""Trains a model from decisions: four ways of training, compared by cross-validation.

Every order is held out once and scored by a model trained on the other folds. The best way is trained again on all
decisions. Deterministic for the same decisions and seed. Pure.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from matching.core import Candidate, Model
from matching.core.reestimation import STRENGTH, from_candidates
from matching.learning.aliases import find_aliases, merged
from matching.learning.calibration import calibrate
from matching.learning.cross_validation import MARGIN, Comparison, compare, follows_evidence
from matching.learning.training_set import Found, TrainingSet, fold_of

FOLDS = 5
# With fewer decided orders not even a real gain is significant.
FEWEST = 120
WEIGHTS, CALIBRATION, ALIASES = "weights", "calibration", "aliases"
# Simplest first.
WAYS: tuple[tuple[str, ...], ...] = (
    (CALIBRATION,),
    (ALIASES,),
    (ALIASES, CALIBRATION),
    (ALIASES, WEIGHTS, CALIBRATION),
)
Report = Callable[[str], None]


class TooFewDecisions(ValueError):
    """Too few decided orders to train on: `there` of the `needed`."""

    def __init__(self, there: int, needed: int) -> None:
        super().__init__(f"{there} decided orders can be learned from; it takes {needed}")
        self.there, self.needed = there, needed


@dataclass(frozen=True)
class Training:
    """`model`: trained on all decisions in the best way. `doubt`: "" when the model is better, or else the codes of the
    comparison's objections, or "decisions" when these do not follow the evidence."""

    way: tuple[str, ...]
    model: Model
    comparison: Comparison
    tried: dict[tuple[str, ...], Comparison]
    doubt: str

    @property
    def is_better(self) -> bool:
        return not self.doubt


def train(
    examples: TrainingSet,
    start: Model,
    *,
    seed: int = 0,
    fewest: int = FEWEST,
    ways: Sequence[tuple[str, ...]] = WAYS,
    strength: float = STRENGTH,
    report: Report = lambda _: None,
) -> Training:
    """Costs about twenty times the matching of all decided orders. Raises TooFewDecisions."""
    if len(examples) < max(fewest, FOLDS):
        raise TooFewDecisions(len(examples), max(fewest, FOLDS))
    present = examples.score(start)
    tried = {}
    for way in ways:
        unseen = _held_out(examples, present, start, way, seed, strength)
        tried[way] = compare(present, unseen, examples.verdicts)
        report(f"{' + '.join(way)}: gain {tried[way].gain:+.4f}, t = {tried[way].certainty:.2f}")
    way = _best(tried)
    model = learn(examples, present, start, way, strength)
    doubt = ",".join(tried[way].objections)
    if not follows_evidence(present, examples.verdicts):
        doubt = "decisions"
    return Training(way, model, tried[way], tried, doubt)


def learn(examples: TrainingSet, present: Found, start: Model, way: Sequence[str], strength: float = STRENGTH) -> Model:
    """`present`: the hypotheses of `start` for the decided orders, and perhaps for others."""
    known = {order: present[order] for order in examples.verdicts if order in present}
    model, changed = replace(start, version=f"{start.version}, learning"), False
    if ALIASES in way:
        learned = merged(start.aliases, find_aliases(examples, known))
        changed, model = learned != start.aliases, replace(model, aliases=learned)
    if WEIGHTS in way:
        candidates: list[Candidate] = [c for order in sorted(known) for c in known[order]]
        weighed = from_candidates(
            candidates, start, version=model.version, verdicts=examples.verdicts, strength=strength
        )
        changed, model = True, replace(model, comparisons=weighed.comparisons)
    if CALIBRATION in way:
        answers = examples.score(model) if changed else known
        model = calibrate(answers, examples.verdicts, model, version=model.version)
    return model


def _held_out(
    examples: TrainingSet, present: Found, start: Model, way: Sequence[str], seed: int, strength: float
) -> dict[int, list[Candidate]]:
    """The hypotheses for every order by a model that was not trained on it."""
    found: dict[int, list[Candidate]] = {}
    for fold in range(FOLDS):
        held_out = {order for order in examples.verdicts if fold_of(order, FOLDS, seed) == fold}
        model = learn(examples.only(set(examples.verdicts) - held_out), present, start, way, strength)
        found |= examples.only(held_out).score(model)
    return found


def _best(tried: dict[tuple[str, ...], Comparison]) -> tuple[str, ...]:
    """The simplest way within MARGIN of the largest gain among those that are better, or among all if none is."""
    better = {way: c for way, c in tried.items() if c.is_better} or tried
    most = max(c.gain for c in better.values())
    return next(way for way, c in better.items() if c.gain >= most - MARGIN)
