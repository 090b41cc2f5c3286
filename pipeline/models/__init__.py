"""Tables of the pipeline: runs, imported files, notices to operators, and the records that data protection asks for."""

from pipeline.models.imports import ImportedFile, ImportRecipe, ImportSession
from pipeline.models.notices import Channel, Incident, Notice, WatchBeat
from pipeline.models.privacy import AccessEntry, AccessKind, DataRequest, Erasure, HotelAccount, SignIn
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
    ShiftNote,
    SkippedSlot,
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
    "Channel",
    "DataRequest",
    "Drain",
    "Erasure",
    "HotelAccount",
    "ImportRecipe",
    "ImportSession",
    "ImportedFile",
    "Incident",
    "JobRun",
    "JobRunQuerySet",
    "LogLine",
    "Notice",
    "ShiftNote",
    "SignIn",
    "SkippedSlot",
    "State",
    "Trigger",
    "WatchBeat",
]
