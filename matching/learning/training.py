"""From decisions to a model that may be promoted: four ways of learning, judged on decisions that each has not seen.

Every order is held out once: a model learned from the other folds answers it. What wins is learned again from all
decisions. Nothing is drawn at random: the same decisions and the same seed give the same model. Pure.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from matching.core import Candidate, Model
from matching.core.reestimation import STRENGTH, from_candidates
from matching.learning.aliases import find_aliases, merged
from matching.learning.calibration import calibrate
from matching.learning.cross_validation import MARGIN, Comparison, compare, follows_evidence
from matching.learning.training_set import Found, Lessons, fold_of

FOLDS = 5
# Fewer decided orders prove nothing: not even a real gain would show.
FEWEST = 120
WEIGHTS, CALIBRATION, ALIASES = "weights", "calibration", "aliases"
# Simplest first.
WAYS: tuple[tuple[str, ...], ...] = (
    (CALIBRATION,),
    (ALIASES,),
    (ALIASES, CALIBRATION),
    (ALIASES, WEIGHTS, CALIBRATION),
)
Say = Callable[[str], None]


class TooFewDecisions(ValueError):
    """There is not enough to learn from; carries how many there are and how many it takes."""

    def __init__(self, there: int, needed: int) -> None:
        super().__init__(f"{there} decided orders can be learned from; it takes {needed}")
        self.there, self.needed = there, needed


@dataclass(frozen=True)
class Training:
    """`model` is learned from all decisions in the way that did best on unseen ones. `doubt` is a code, "" when the
    model is better: what the comparison objects, or "decisions" when these do not follow the evidence."""

    way: tuple[str, ...]
    model: Model
    comparison: Comparison
    tried: dict[tuple[str, ...], Comparison]
    doubt: str

    @property
    def is_better(self) -> bool:
        return not self.doubt


def train(
    lessons: Lessons,
    start: Model,
    *,
    seed: int = 0,
    fewest: int = FEWEST,
    ways: Sequence[tuple[str, ...]] = WAYS,
    strength: float = STRENGTH,
    say: Say = lambda _: None,
) -> Training:
    """Costs about twenty matches of all decided orders. Raises TooFewDecisions."""
    if len(lessons) < max(fewest, FOLDS):
        raise TooFewDecisions(len(lessons), max(fewest, FOLDS))
    present = lessons.ask(start)
    tried = {}
    for way in ways:
        unseen = _held_out(lessons, present, start, way, seed, strength)
        tried[way] = compare(present, unseen, lessons.verdicts)
        say(f"{' + '.join(way)}: gain {tried[way].gain:+.4f}, t = {tried[way].certainty:.2f}")
    way = _best(tried)
    model = learn(lessons, present, start, way, strength)
    doubt = ",".join(tried[way].objections)
    if not follows_evidence(present, lessons.verdicts):
        doubt = "decisions"
    return Training(way, model, tried[way], tried, doubt)


def learn(lessons: Lessons, present: Found, start: Model, way: Sequence[str], strength: float = STRENGTH) -> Model:
    """`present`: what `start` says of the decided orders, and perhaps of others."""
    known = {order: present[order] for order in lessons.verdicts if order in present}
    model, changed = replace(start, version=f"{start.version}, learning"), False
    if ALIASES in way:
        learned = merged(start.aliases, find_aliases(lessons, known))
        changed, model = learned != start.aliases, replace(model, aliases=learned)
    if WEIGHTS in way:
        candidates: list[Candidate] = [c for order in sorted(known) for c in known[order]]
        weighed = from_candidates(
            candidates, start, version=model.version, verdicts=lessons.verdicts, strength=strength
        )
        changed, model = True, replace(model, comparisons=weighed.comparisons)
    if CALIBRATION in way:
        answers = lessons.ask(model) if changed else known
        model = calibrate(answers, lessons.verdicts, model, version=model.version)
    return model


def _split(lessons: Lessons, fold: int, seed: int) -> tuple[Lessons, Lessons]:
    """Those outside the fold, to learn from, and those in it."""

    def held(order: int) -> bool:
        return fold_of(order, FOLDS, seed) == fold

    return lessons.only(lambda order: not held(order)), lessons.only(held)


def _held_out(
    lessons: Lessons, present: Found, start: Model, way: Sequence[str], seed: int, strength: float
) -> dict[int, list[Candidate]]:
    """What models that had not seen an order say of it."""
    found: dict[int, list[Candidate]] = {}
    for fold in range(FOLDS):
        rest, unseen = _split(lessons, fold, seed)
        found |= unseen.ask(learn(rest, present, start, way, strength))
    return found


def _best(tried: dict[tuple[str, ...], Comparison]) -> tuple[str, ...]:
    """The simplest of those that gain as good as the most; where none is better, the largest gain, for the table."""
    better = {way: c for way, c in tried.items() if c.is_better} or tried
    most = max(c.gain for c in better.values())
    return next(way for way, c in better.items() if c.gain >= most - MARGIN)
