"""Why suggestions were rejected: by the reason given, what had weighed most for them, and the department."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.core.cache import cache
from django.db import connection

from matching.models.choices import RejectReason, Verb
from matching.reports.agreement import CACHE_SECONDS, last_decision
from matching.reports.periods import Period

# Rows of reasons that are no evidence for or against a guest.
_NO_EVIDENCE = ("prior", "competition")
_COUNT = """
SELECT decision.reason, shown_order.department, strongest.comparison, count(*)
FROM matching_decision decision
JOIN matching_matchsuggestion suggestion ON suggestion.id = decision.suggestion_id
JOIN matching_order shown_order ON shown_order.os_id = suggestion.order_id
LEFT JOIN LATERAL (
    SELECT piece ->> 'comparison' AS comparison
    FROM jsonb_array_elements(suggestion.reasons) AS pieces (piece)
    WHERE piece ->> 'comparison' <> ALL (%(no_evidence)s) AND (piece ->> 'weight_bits')::float > 0
    ORDER BY (piece ->> 'weight_bits')::float DESC LIMIT 1
) strongest ON true
WHERE decision.verb = %(reject)s AND decision.at >= %(since)s AND decision.at < %(until)s
    AND NOT EXISTS (SELECT FROM matching_decision undone WHERE undone.undo_of_id = decision.id)
GROUP BY 1, 2, 3
"""


@dataclass
class Rejections:
    """Rejections of one reason. `reason` is a code of RejectReason, or "" when none was given; `evidence` counts the
    comparison that had weighed most for the guest ("" if none did), `departments` the orders' departments."""

    reason: str
    count: int = 0
    evidence: Counter[str] = field(default_factory=Counter)
    departments: Counter[str] = field(default_factory=Counter)


def rejections(within: Period) -> list[Rejections]:
    """The most frequent reason first; undone rejections do not count. Cached until the next decision."""
    key = f"rejections:{within.days}:{within.last}:{last_decision()}"
    return cache.get_or_set(key, lambda: _rejections(within), CACHE_SECONDS) or []


def _rejections(within: Period) -> list[Rejections]:
    found: dict[str, Rejections] = {}
    for typed, department, comparison, count in _counted(within):
        # A text in place of a code was typed by a person.
        reason = typed if not typed or typed in RejectReason.values else RejectReason.OTHER.value
        row = found.setdefault(reason, Rejections(reason))
        row.count += count
        row.evidence[comparison or ""] += count
        row.departments[department] += count
    return sorted(found.values(), key=lambda row: (-row.count, row.reason))


def _counted(within: Period) -> Iterable[tuple[str, str, str | None, int]]:
    parameters: dict[str, Any] = {
        "no_evidence": list(_NO_EVIDENCE),
        "reject": Verb.REJECT,
        "since": within.since,
        "until": within.until,
    }
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, parameters)
        rows: Iterable[tuple[str, str, str | None, int]] = cursor.fetchall()
        return rows
