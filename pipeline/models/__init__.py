"""Tables of the pipeline: runs, imported files, and the records that data protection asks for."""

from pipeline.models.imports import ImportedFile, ImportRecipe, ImportSession
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
    Notice,
    ShiftNote,
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
    "DataRequest",
    "Drain",
    "Erasure",
    "HotelAccount",
    "ImportRecipe",
    "ImportSession",
    "ImportedFile",
    "JobRun",
    "JobRunQuerySet",
    "LogLine",
    "Notice",
    "ShiftNote",
    "SignIn",
    "State",
    "Trigger",
]
