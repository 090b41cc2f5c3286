"""What the system knows of one person: finding it, handing it over, erasing it (LGPD art. 18)."""

from pipeline.data_subjects.erasure import (
    ErasureReport,
    OpenDoubts,
    UnknownGuest,
    clean_files,
    erase,
    repeat_erasures,
)
from pipeline.data_subjects.finder import Findings, Trace, find
from pipeline.data_subjects.sought import Sought

__all__ = [
    "ErasureReport",
    "Findings",
    "OpenDoubts",
    "Sought",
    "Trace",
    "UnknownGuest",
    "clean_files",
    "erase",
    "find",
    "repeat_erasures",
]
