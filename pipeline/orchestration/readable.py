"""Rows that nobody can read, taken out of the work before anything counts on their dates.

PostgreSQL knows "infinity" and the year 20000, Python does not. Such a row waits: nothing is matched with it, and
nothing ends because of it, until the hotel has put it right; that is a change, which is then dealt with.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from matching.core.parsing.fields import BadRow, day, moment
from pipeline.hotel.stays import Row
from pipeline.orchestration.matching_work import Work
from snapshots.snapshot_manager import Changes


@dataclass(frozen=True)
class Unreadable:
    """`problem` names the column, never its value."""

    side: str
    key: int
    problem: str


Problem = Callable[[Mapping[str, Any]], str]


def leave_out(work: Work) -> list[Unreadable]:
    """Takes them out of `work`, their changes too, and says which."""
    stays = _bad("stays", {**work.departed, **work.listing}, _stay_problem)
    orders = _bad("orders", work.orders, _order_problem)
    work.listing, work.departed = _without(work.listing, stays), _without(work.departed, stays)
    work.orders = _without(work.orders, orders)
    work.closed_orders = [row for row in work.closed_orders if not _order_problem(row)]
    work.stay_changes = _readable(work.stay_changes, _stay_problem)
    work.order_changes = _readable(work.order_changes, _order_problem)
    return [*stays, *orders]


def _bad(side: str, rows: Mapping[int, Row], problem_of: Problem) -> list[Unreadable]:
    return [Unreadable(side, key, problem) for key, row in rows.items() if (problem := problem_of(row))]


def _without(rows: Mapping[int, Row], bad: Iterable[Unreadable]) -> dict[int, Row]:
    left_out = {one.key for one in bad}
    return {key: row for key, row in rows.items() if key not in left_out}


def _readable(changes: Changes, problem_of: Problem) -> Changes:
    """A row that was unreadable before and no longer is counts as a new one: nothing was done with it so far."""
    kept = []
    for change in changes:
        if change.after is not None and problem_of(change.after):
            continue
        was_unreadable = change.before is not None and problem_of(change.before)
        kept.append(replace(change, kind="added", before=None) if was_unreadable and change.after else change)
    return Changes(kept, changes.since, changes.upto)


def _stay_problem(row: Mapping[str, Any]) -> str:
    try:
        day(row, "chegada")
        day(row, "saida")
    except BadRow as problem:
        return str(problem)
    return ""


def _order_problem(row: Mapping[str, Any]) -> str:
    try:
        return "" if moment(row, "aberta_em") else "aberta_em is missing"
    except BadRow as problem:
        return str(problem)
