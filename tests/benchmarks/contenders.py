"""Who stands in the table: an engine's answers judged by the truth, with what they cost."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from matching.core.evaluation.report import Judged, Quality, Report, judge, report

Answers = dict[int, list[tuple[int | None, float]]]
SHOWN = 3


@dataclass
class Contender:
    name: str
    judged: list[Judged] = field(default_factory=list)
    spread: list[Judged] = field(default_factory=list)
    """The same with probabilities drawn apart near 0, where some engines have their best threshold."""
    seconds: float = 0.0
    megabytes: float = 0.0
    """The peak of the process that answered; 0 where it was this one."""

    def take(self, truth: list[dict[str, Any]], answers: Answers) -> None:
        self.judged += judge(truth, answers)
        self.spread += judge(truth, {o: [(who, _apart(p)) for who, p in found] for o, found in answers.items()})

    def add(self, other: "Contender") -> None:
        """Another pool of the same engine: judged together, paid for together."""
        self.judged += other.judged
        self.spread += other.spread
        self.seconds += other.seconds
        self.megabytes = max(self.megabytes, other.megabytes)

    @property
    def best(self) -> Quality:
        """At the threshold that suits it best."""
        apart = report(self.spread).best
        return max(self.found.best, replace(apart, threshold=_together(apart.threshold)), key=lambda q: q.f1)

    @property
    def found(self) -> Report:
        return report(self.judged)


def _apart(probability: float) -> float:
    return 1 / (1 - math.log(max(probability, 1e-300)) / 8)


def _together(apart: float) -> float:
    return math.exp(8 - 8 / apart)


def best_links(links: Iterable[Sequence[Any]]) -> dict[tuple[int, int], list[tuple[int | None, float]]]:
    """By place ("o3-17" is order 17 of place 3) and order the three likeliest guests."""
    found: dict[tuple[int, int], list[tuple[int | None, float]]] = {}
    # A peer whose estimation did not converge gives NaN: no link.
    finite = (link for link in links if math.isfinite(link[2]))
    for one, other, probability in sorted(finite, key=lambda link: -link[2]):
        order, guest = sorted((one, other), reverse=True)
        at, os_id = map(int, order[1:].split("-"))
        answers = found.setdefault((at, os_id), [])
        if len(answers) < SHOWN:
            answers.append((int(guest.split("-")[1]), probability))
    return found


def show(contenders: Sequence[Contender], out: Callable[[str], None]) -> None:
    out(f"{'':38} best F1      at   default F1   recall@3   first right   p >= .98      of     CPU s    MB")
    for c in contenders:
        found, best = c.found, c.best
        out(
            f"{c.name:38} {best.f1:7.3f} {best.threshold:7.3f} {found.default.f1:12.3f} {found.recall_at_three:10.3f} "
            f"{found.first_right:13.3f} {found.sure[1]:10.4f} {found.sure[0]:7d} {c.seconds:9.2f} {_size(c.megabytes)}"
        )


def _size(megabytes: float) -> str:
    return f"{megabytes:5.0f}" if megabytes else "    -"


def target(name: str, value: float, wanted: float, *, most: bool = False) -> dict[str, Any]:
    """`most`: the value may not be more; else it may not be less."""
    ok = value <= wanted if most else value >= wanted
    return {"name": name, "value": round(value, 4), "target": wanted, "ok": ok}


def quality_targets(title: str, found: Report) -> list[dict[str, Any]]:
    return [
        target(f"{title}: F1 at the default below the best by", found.best.f1 - found.default.f1, 0.005, most=True),
        target(f"{title}: recall at 3", found.recall_at_three, 0.97),
        target(f"{title}: precision at p >= .98", found.sure[1], 0.995),
        target(f"{title}: first suggestion right, of orders about a guest", found.first_right, 0.95),
    ]


def beside(title: str, engine: Contender, peers: Sequence[Contender], name: str) -> list[dict[str, Any]]:
    """The lead over the peer of that name, where it took part."""
    lead = f"{title}: best F1 above Splink's"
    return [target(lead, engine.best.f1 - peer.best.f1, 0.05) for peer in peers if peer.name == name]
