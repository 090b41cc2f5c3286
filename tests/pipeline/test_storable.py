"""Whatever a job hands over is stored, and the run keeps the end that the job gave it."""

import json
import logging
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from _pytest.logging import LogCaptureHandler

from pipeline.models import JobRun, LogLine, State
from pipeline.runs import registry
from pipeline.runs.context import RunContext
from pipeline.runs.registry import JobDefinition, Outcome
from pipeline.runs.storable import storable, storable_summary, storable_text
from pipeline.worker.execution import execute
from sistema_os.logs import JsonFormatter

OpenSample = Callable[..., JobRun]


class Mute:
    def __str__(self) -> str:
        raise RuntimeError("no text")


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        (datetime(2026, 11, 30, 5, 50, tzinfo=UTC), "2026-11-30T05:50:00+00:00"),
        (date(2026, 11, 30), "2026-11-30"),
        (timedelta(minutes=2), 120.0),
        (Decimal("1.5"), 1.5),
        (Decimal("NaN"), "NaN"),
        (float("nan"), "nan"),
        (float("inf"), "inf"),
        ("a\x00b", "ab"),
        ("\ud800x", "?x"),
        (b"abc", "[3 bytes]"),
        (UUID("550e8400-e29b-41d4-a716-446655440abc"), "550e8400-e29b-41d4-a716-446655440abc"),
        (State.LOST, "lost"),
        ({1}, [1]),
        ((None, True, 2**70), [None, True, 2**70]),
        (Mute(), "[Mute without a text: RuntimeError]"),
    ],
)
def test_a_value_becomes_json(value: Any, stored: Any) -> None:
    assert storable(value) == stored
    json.dumps(storable(value), allow_nan=False)


def test_collections_and_texts_are_bounded() -> None:
    nested: list[Any] = []
    for _ in range(50):
        nested = [nested]
    assert len(json.dumps(storable({"rows": list(range(10**5)), "deep": nested, "long": "x" * 10**6}))) < 10_000
    assert storable_text("x" * 100, 10) == "x" * 9 + "…"


def test_a_whole_summary_is_bounded_and_keeps_what_fits() -> None:
    wide = {f"table {n}": ["x" * 2_000] * 200 for n in range(200)}
    kept = storable_summary({"rows": 3, **wide})
    assert len(json.dumps(kept)) < 60_000
    assert kept["rows"] == 3
    assert len(kept["table 0"]) > 10
    assert "table 7" not in kept
    assert len(kept) < 4


def test_a_summary_that_is_no_mapping_is_kept_as_a_value() -> None:
    assert storable_summary(None) == {}
    assert storable_summary([1]) == {"value": [1]}
    assert storable_summary({Mute(): 1, None: 2}) == {"[Mute without a text: RuntimeError]": 1, "None": 2}


ODD: Any = {
    "when": datetime(2026, 11, 30, tzinfo=UTC),
    "sum": Decimal("1.5"),
    "mean": float("nan"),
    "text": "a\x00b\ud800",
    "mute": Mute(),
    None: None,
}


async def _odd(context: RunContext) -> Outcome:
    await context.phase("x\x00" * 100, 3)
    await context.advance(1, "k\x00\ud800" * 300)
    context.log.info("line %s \ud800 \x00", Mute())
    context.log.info("surrogate \ud800")
    return Outcome("succeeded", ODD, "done \x00\ud800")


async def _nothing(context: RunContext) -> None:
    return None


@pytest.fixture
def run_with(monkeypatch: pytest.MonkeyPatch, open_sample: OpenSample) -> Callable[[Any], JobRun]:
    def run(body: Any) -> JobRun:
        opened = open_sample()
        definition = JobDefinition(opened.job, "x", body, idempotent=False, phases=(), supabase=False)
        monkeypatch.setattr(registry, "get", lambda _name: definition)
        return execute(opened.pk)

    return run


@pytest.mark.django_db(transaction=True)
def test_an_odd_summary_phase_and_log_line_end_no_run_as_lost(
    run_with: Callable[[Any], JobRun], monkeypatch: pytest.MonkeyPatch
) -> None:
    # The test runner's own handler raises for an argument without a text, and cannot report half a character.
    monkeypatch.setattr(LogCaptureHandler, "emit", lambda *_: None)
    run = run_with(_odd)
    assert (run.state, run.reason) == (State.SUCCEEDED, "done ?")
    assert run.summary["when"] == "2026-11-30T00:00:00+00:00"
    assert run.summary["mean"] == "nan"
    assert len(run.phase) <= 64
    lines = list(LogLine.objects.filter(run=run).values_list("text", flat=True))
    assert any(line.startswith("surrogate") for line in lines)
    assert any("line %s" in line for line in lines)


@pytest.mark.django_db(transaction=True)
def test_a_job_that_returns_nothing_has_failed_with_a_sentence(run_with: Callable[[Any], JobRun]) -> None:
    run = run_with(_nothing)
    assert run.state == State.FAILED
    assert "NoneType" in run.reason


def test_a_log_line_with_a_lone_surrogate_can_be_written() -> None:

    record = logging.LogRecord("pipeline", logging.INFO, __file__, 1, "x \ud800 %s", (Mute(),), None)
    JsonFormatter().format(record).encode("utf-8")
