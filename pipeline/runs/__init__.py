"""Runs of jobs: their lifecycle in the database, the registry of jobs, schedules and drains."""

from pipeline.runs.context import RunContext
from pipeline.runs.errors import (
    AlreadyRunning,
    Draining,
    FenceLost,
    InvalidRun,
    NotClaimed,
    SlotTaken,
    why_not_resumable,
)
from pipeline.runs.lifecycle import (
    CANCEL_CHANNEL,
    append_beat,
    cancel_requested,
    claim,
    finish,
    force_end,
    open_run,
    position_fields,
    record_postponed,
    record_stack,
    request_cancel,
    resume,
    sweep,
    update_unless_locked,
)
from pipeline.runs.registry import ExpectedFailure, Outcome, UnknownJob, job

__all__ = [
    "CANCEL_CHANNEL",
    "AlreadyRunning",
    "Draining",
    "ExpectedFailure",
    "FenceLost",
    "InvalidRun",
    "NotClaimed",
    "Outcome",
    "RunContext",
    "SlotTaken",
    "UnknownJob",
    "append_beat",
    "cancel_requested",
    "claim",
    "finish",
    "force_end",
    "job",
    "open_run",
    "position_fields",
    "record_postponed",
    "record_stack",
    "request_cancel",
    "resume",
    "sweep",
    "update_unless_locked",
    "why_not_resumable",
]
