"""Compares an old and a new model on held-out decisions: figures, and whether the difference is significant.

A model is better when it predicts the decisions better (log loss of each order, in a paired test) and no figure that
matters to reviewers becomes worse. Pure.
"""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from matching.core import Candidate
from matching.core.evaluation.report import DEFAULT_THRESHOLD, Judged, quality
from matching.core.reestimation import Verdict, Verdicts
from matching.learning.training_set import Found, chance_of_verdict

# In nats an order: a smaller gain does not justify a new model, however significant.
MARGIN = 0.002
# Required t: four kinds of training are compared, so each is tested at a quarter of the usual level.
SURELY = 2.5
SURE_FROM = 0.98
# Shares that differ by less are considered equal.
SLACK = 0.001
_BINS = 10


@dataclass(frozen=True)
class Figures:
    """Shares are of decided orders whose answer is known; losses are means over all decided orders."""

    orders: int
    precision: float
    recall: float
    f1: float
    log_loss: float
    brier: float
    calibration_error: float
    first_right: float
    sure: int
    sure_right: float

    def as_dict(self) -> dict[str, float]:
        return {name: round(value, 5) for name, value in asdict(self).items()}


@dataclass(frozen=True)
class Comparison:
    old: Figures
    new: Figures
    gain: float
    """Mean decrease of log loss an order; positive is better."""
    certainty: float
    """Paired t of that gain."""

    @property
    def objections(self) -> list[str]:
        """Codes of the reasons against the new model; empty when it is better."""
        tests = {
            "no_gain": self.gain < MARGIN,
            "may_be_luck": self.certainty < SURELY,
            "f1": self.new.f1 < self.old.f1 - SLACK,
            "brier": self.new.brier > self.old.brier,
            "sure": self.new.sure_right < self.old.sure_right - SLACK,
        }
        return [name for name, holds in tests.items() if holds]

    @property
    def is_better(self) -> bool:
        return not self.objections


def compare(old: Found, new: Found, verdicts: Verdicts) -> Comparison:
    orders = sorted(verdicts)
    gains = [_loss(old.get(o, ()), verdicts[o]) - _loss(new.get(o, ()), verdicts[o]) for o in orders]
    gain, certainty = _paired(gains)
    return Comparison(figures(old, verdicts), figures(new, verdicts), gain, certainty)


def figures(found: Found, verdicts: Verdicts) -> Figures:
    known = [_judged(found.get(order, ()), v) for order, v in sorted(verdicts.items()) if v.right]
    at = quality(known, DEFAULT_THRESHOLD)
    sure = [j for j in known if j.probability >= SURE_FROM]
    chances = [chance_of_verdict(found.get(order, ()), v) for order, v in sorted(verdicts.items())]
    count = max(1, len(chances))
    return Figures(
        orders=len(chances),
        precision=at.precision,
        recall=at.recall,
        f1=at.f1,
        log_loss=-math.fsum(map(math.log, chances)) / count,
        brier=math.fsum((1 - chance) ** 2 for chance in chances) / count,
        calibration_error=_calibration_error(known),
        first_right=sum(j.is_right for j in known) / max(1, len(known)),
        sure=len(sure),
        sure_right=sum(j.is_right for j in sure) / len(sure) if sure else 1.0,
    )


def follows_evidence(found: Found, verdicts: Verdicts) -> bool:
    """Whether people accept more often where the evidence is strong (Mann-Whitney). Decisions that do not (mixed-up
    labels, a user who accepts everything) teach nothing: a model fitted to them is only less certain."""
    known = [_judged(found.get(order, ()), v) for order, v in sorted(verdicts.items()) if v.right]
    right = sorted(j.probability for j in known if j.is_right)
    wrong = sorted(j.probability for j in known if not j.is_right)
    if len(right) <= len(wrong):
        return False
    if not wrong:
        return True
    above = sum(_rank(wrong, p) for p in right) / (len(right) * len(wrong))
    doubt = math.sqrt((len(right) + len(wrong) + 1) / (12 * len(right) * len(wrong)))
    return above > 0.5 + 2 * doubt


def _rank(wrong: Sequence[float], probability: float) -> float:
    return sum(1.0 if other < probability else 0.5 for other in wrong if other <= probability)


def _loss(hypotheses: Sequence[Candidate], verdict: Verdict) -> float:
    return -math.log(chance_of_verdict(hypotheses, verdict))


def _paired(gains: Sequence[float]) -> tuple[float, float]:
    """Mean and t; t is 0 without variance."""
    count = len(gains)
    if count < 2:
        return 0.0, 0.0
    mean = math.fsum(gains) / count
    variance = math.fsum((g - mean) ** 2 for g in gains) / (count - 1)
    return mean, (mean / math.sqrt(variance / count) if variance else 0.0)


def _judged(hypotheses: Sequence[Candidate], verdict: Verdict) -> Judged:
    answers = tuple((c.listagem_id, c.probability) for c in hypotheses)
    return Judged("", answers, frozenset(who for who in verdict.right if who is not None))


def _calibration_error(known: Sequence[Judged]) -> float:
    """Expected calibration error of the first suggestions, in ten bins."""
    answered = [j for j in known if j.answers]
    bins: dict[int, list[Judged]] = {}
    for item in answered:
        bins.setdefault(min(_BINS - 1, int(item.probability * _BINS)), []).append(item)
    gaps = (abs(sum(j.probability for j in b) - sum(j.is_right for j in b)) for b in bins.values())
    return math.fsum(gaps) / max(1, len(answered))


def table(comparison: Comparison) -> list[str]:
    """The figures side by side, as lines of text."""
    rows: list[tuple[str, str]] = [
        ("precision", "precision"),
        ("recall", "recall"),
        ("F1", "f1"),
        ("first suggestion right", "first_right"),
        ("log loss", "log_loss"),
        ("Brier", "brier"),
        ("calibration error", "calibration_error"),
        ("right at p >= .98", "sure_right"),
    ]
    old, new = comparison.old, comparison.new
    lines = [f"{'held-out decisions':24}{'old':>10}{'new':>10}{'change':>10}"]
    for title, name in rows:
        before, after = getattr(old, name), getattr(new, name)
        lines.append(f"{title:24}{before:10.4f}{after:10.4f}{after - before:+10.4f}")
    lines.append(f"{'orders at p >= .98':24}{old.sure:10d}{new.sure:10d}{new.sure - old.sure:+10d}")
    lines.append(f"gain {comparison.gain:+.4f} nats an order, t = {comparison.certainty:.2f}, {old.orders} orders")
    return lines
