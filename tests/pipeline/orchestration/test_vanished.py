"""A row that is missing without an explanation: the current row of the hotel's table decides."""

from typing import Any

import pytest

from matching.models.choices import AlertKind, EndReason, Severity
from pipeline.orchestration.effects import Expire, Rescore, WarnLinked, WarnOpen, of_missing_stay
from tests.pipeline.orchestration.samples import D, stay

LAST = stay(saida="2026-01-12")


def standing(status: str, saida: str = "2026-01-12") -> dict[str, Any]:
    return {"id": 7, "status": status, "saida": saida}


def test_a_row_that_stands_nowhere_any_more_expires_as_vanished() -> None:
    assert of_missing_stay(7, LAST, None, D) == [Rescore(7), Expire(7, EndReason.STAY_VANISHED)]


@pytest.mark.parametrize("status", ["na_casa", "confirmada", "a_confirmar"])
def test_a_row_that_only_left_the_window_does_nothing(status: str) -> None:
    assert of_missing_stay(7, LAST, standing(status), D) == []


def test_a_row_cancelled_while_nobody_looked_is_a_cancellation() -> None:
    found = of_missing_stay(7, LAST, standing("cancelada"), D)
    assert Expire(7, EndReason.STAY_CANCELLED) in found
    assert any(isinstance(e, WarnLinked) for e in found)


@pytest.mark.parametrize(
    ("saida", "kind", "severity"),
    [
        ("2026-01-12", AlertKind.DEPARTURE, Severity.MEDIUM),
        ("2026-01-09", AlertKind.EARLY_DEPARTURE, Severity.HIGH),
    ],
)
def test_a_guest_who_left_while_nobody_looked_alerts_once_for_that_day(
    saida: str, kind: AlertKind, severity: Severity
) -> None:
    assert of_missing_stay(7, LAST, standing("saida", saida), D) == [WarnOpen(7, kind, severity, (("date", saida),))]
