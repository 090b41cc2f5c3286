"""Suggestions against the truth: what a reviewer who believes the first one would get.

What cannot be found at all is said apart (see `decidable`); the plain figures keep counting it.
An order's truth is the set of listing rows any of which is right; an empty set means that nobody is to be linked.
A guest suggested where another (or nobody) is right, and "no guest" where there is one, are errors alike.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from matching.core.evaluation.decidable import Told

DEFAULT_THRESHOLD = 0.5
_BINS = 10
# A wrong hypothesis that lies within this factor of the right one is as well supported by all that was typed.
_TIE = 1.25


@dataclass(frozen=True, slots=True)
class Judged:
    """One order: its hypotheses best first as (listagem_id or None, probability), and what is right."""

    style: str
    answers: tuple[tuple[int | None, float], ...]
    right: frozenset[int]
    told: Told | None = None
    """How far the order tells its guest, where the rows were at hand."""

    @property
    def is_right(self) -> bool:
        return bool(self.answers) and self.accepts(self.answers[0][0])

    def accepts(self, answer: int | None) -> bool:
        return answer in self.right if self.right else answer is None

    @property
    def probability(self) -> float:
        return self.answers[0][1] if self.answers else 0.0

    @property
    def among_three(self) -> bool:
        """Is a right guest among the first three guests offered?"""
        guests = [who for who, _ in self.answers if who is not None]
        return bool(self.right.intersection(guests[:3]))

    @property
    def is_tied(self) -> bool:
        """Does the order say as much for somebody else as for the right one? Then no reader of it could tell. Without
        the rows the weights of the hypotheses stand for what it says."""
        if self.told is not None:
            return not self.told.among(1)
        right = max((p for who, p in self.answers if self.accepts(who)), default=0.0)
        others = [p for who, p in self.answers if not self.accepts(who)]
        return right > 0 and any(right / _TIE <= p <= right * _TIE for p in others)


@dataclass(frozen=True, slots=True)
class Quality:
    threshold: float
    precision: float
    recall: float

    @property
    def f1(self) -> float:
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else 0.0


@dataclass(frozen=True, slots=True)
class Part:
    """Some of the orders about a guest."""

    share: float
    """Of the orders about a guest; for the first suggestion and for the first three."""
    share_of_three: float
    first_right: float
    recall_at_three: float


@dataclass(slots=True)
class Report:
    orders: int
    default: Quality
    best: Quality
    recall_at_three: float
    first_right: float
    """Share of orders about a guest whose first suggestion, at any probability, is right."""
    calibration: list[tuple[float, int, float, float]] = field(default_factory=list)
    """(lower edge, orders, mean probability, share right) of first suggestions."""
    styles: list[tuple[str, int, float, float]] = field(default_factory=list)
    """(kind of noise, orders, share right at the default threshold, share wrong), worst first."""
    tied: dict[str, tuple[float, float]] = field(default_factory=dict)
    """Kind of noise -> share of its orders, and of those answered wrongly or not at all, in which the right answer has
    a rival that is just as well supported."""
    sure: tuple[int, float] = (0, 1.0)
    """First suggestions at .98 or more, and the share of them that is right."""
    listed: "Part | None" = None
    """Orders whose guest stands in the listing at all."""
    tellable: "Part | None" = None
    """Those of them whose text speaks for no more guests than are offered. None where the rows were not at hand."""

    @property
    def undecidable(self) -> list[str]:
        """Kinds most of whose misses nobody could have told from what was typed."""
        return [style for style, _, right, _ in self.styles if right < 1 and self.tied[style][1] >= 0.5]


def judge(
    truth: Iterable[Mapping[str, Any]],
    answers: Mapping[int, Sequence[tuple[int | None, float]]],
    told: Mapping[int, Told] | None = None,
) -> list[Judged]:
    """`truth` entries carry os_id, aceitaveis (listing ids) and estilo, as the sample hotel writes them; `told` is what
    `decidable.tell` says of the same orders."""
    known = told or {}
    return [
        Judged(
            str(t.get("estilo", "")),
            tuple(answers.get(t["os_id"], ())),
            frozenset(t["aceitaveis"]),
            known.get(t["os_id"]),
        )
        for t in truth
    ]


def quality(judged: Sequence[Judged], threshold: float) -> Quality:
    said = [j for j in judged if j.probability >= threshold and j.answers]
    found = sum(j.is_right for j in said if j.right)
    # "No guest" rightly said is neither a find nor an error.
    wrong = sum(not j.is_right for j in said)
    wanted = sum(bool(j.right) for j in judged)
    return Quality(threshold, found / (found + wrong) if found + wrong else 1.0, found / wanted if wanted else 1.0)


def report(judged: Sequence[Judged]) -> Report:
    about_guests = [j for j in judged if j.right]
    options = [quality(judged, step / 50) for step in range(1, 50)]
    sure = [j for j in judged if j.probability >= 0.98]
    count = max(1, len(about_guests))
    return Report(
        orders=len(judged),
        default=quality(judged, DEFAULT_THRESHOLD),
        best=max(options, key=lambda q: (q.f1, -abs(q.threshold - DEFAULT_THRESHOLD))),
        recall_at_three=sum(j.among_three for j in about_guests) / count,
        first_right=sum(j.is_right for j in about_guests) / count,
        calibration=_calibration(judged),
        styles=_by_style(judged),
        tied=_tied_by_style(judged),
        sure=(len(sure), sum(j.is_right for j in sure) / len(sure) if sure else 1.0),
        listed=_part(about_guests, lambda told, _: told.listed),
        tellable=_part(about_guests, Told.among),
    )


def _part(about_guests: Sequence[Judged], belongs: Callable[[Told, int], bool]) -> Part | None:
    """The orders that belong when one guest is offered, and when three are."""
    known = [(j, j.told) for j in about_guests if j.told is not None]
    if not known:
        return None
    one, three = ([j for j, told in known if belongs(told, offered)] for offered in (1, 3))
    return Part(
        len(one) / len(known),
        len(three) / len(known),
        sum(j.is_right for j in one) / max(1, len(one)),
        sum(j.among_three for j in three) / max(1, len(three)),
    )


def _calibration(judged: Sequence[Judged]) -> list[tuple[float, int, float, float]]:
    bins: dict[int, list[Judged]] = defaultdict(list)
    for one in judged:
        if one.answers:
            bins[min(_BINS - 1, int(one.probability * _BINS))].append(one)
    return [
        (b / _BINS, len(x), sum(j.probability for j in x) / len(x), sum(j.is_right for j in x) / len(x))
        for b, x in sorted(bins.items())
    ]


def _by_style(judged: Sequence[Judged]) -> list[tuple[str, int, float, float]]:
    styles: dict[str, list[Judged]] = defaultdict(list)
    for one in judged:
        styles[one.style].append(one)
    rows = []
    for style, members in styles.items():
        said = [j for j in members if j.probability >= DEFAULT_THRESHOLD and j.answers]
        right = sum(j.is_right for j in said)
        rows.append((style, len(members), right / len(members), (len(said) - right) / len(members)))
    return sorted(rows, key=lambda row: (row[2], row[0]))


def _tied_by_style(judged: Sequence[Judged]) -> dict[str, tuple[float, float]]:
    styles: dict[str, list[Judged]] = defaultdict(list)
    for one in judged:
        styles[one.style].append(one)
    return {style: (_tied(members), _tied([j for j in members if not _is_met(j)])) for style, members in styles.items()}


def _is_met(one: Judged) -> bool:
    return one.is_right and one.probability >= DEFAULT_THRESHOLD


def _tied(members: Sequence[Judged]) -> float:
    return sum(j.is_tied for j in members) / len(members) if members else 0.0


def lines(found: Report) -> list[str]:
    """The report as a person reads it."""
    said = [
        f"{found.orders} orders",
        _line("default threshold", found.default),
        _line("best threshold", found.best),
        f"recall at 3: {found.recall_at_three:.3f}   first suggestion right: {found.first_right:.3f}",
        *_part_line("guest in the listing", found.listed),
        *_part_line("told apart by what was typed", found.tellable),
        f"at p >= .98: {found.sure[1]:.4f} right of {found.sure[0]}",
        "",
        "probability   orders   mean   right",
        *(
            f"{low:.1f} - {low + 0.1:.1f} {n:10d}  {mean:.3f}   {right:.3f}"
            for low, n, mean, right in found.calibration
        ),
        "",
        "kind of noise        orders   right   wrong    tied",
        *(
            f"{style:20} {n:6d}   {right:.3f}   {wrong:.3f}   {found.tied[style][0]:.3f}"
            for style, n, right, wrong in found.styles
        ),
    ]
    if found.undecidable:
        said += ["", f"mostly undecidable from what was typed: {', '.join(found.undecidable)}"]
    return said


def _part_line(title: str, part: Part | None) -> list[str]:
    if part is None:
        return []
    return [
        f"  {title}: recall at 3: {part.recall_at_three:.3f} (of {part.share_of_three:.1%})   "
        f"first suggestion right: {part.first_right:.3f} (of {part.share:.1%})"
    ]


def _line(title: str, q: Quality) -> str:
    return f"{title} ({q.threshold:.2f}): precision {q.precision:.3f}, recall {q.recall:.3f}, F1 {q.f1:.3f}"
