"""Tables of the pipeline: runs, and the records that data protection asks for."""

from pipeline.models.privacy import AccessEntry, AccessKind, Erasure, SignIn
from pipeline.models.runs import (
    LIVE,
    RESUMABLE,
    TERMINAL,
    WORKING,
    Beat,
    CancelRequest,
    Drain,
    JobRun,
    JobRunQuerySet,
    LogLine,
    Notice,
    State,
    Trigger,
)

__all__ = [
    "LIVE",
    "RESUMABLE",
    "TERMINAL",
    "WORKING",
    "AccessEntry",
    "AccessKind",
    "Beat",
    "CancelRequest",
    "Drain",
    "Erasure",
    "JobRun",
    "JobRunQuerySet",
    "LogLine",
    "Notice",
    "SignIn",
    "State",
    "Trigger",
]
