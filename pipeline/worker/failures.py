"""Why a run failed, in one sentence for people: without keys, guest data or a traceback."""

import traceback
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.utils.translation import gettext as _

from pipeline.runs import ExpectedFailure, FenceLost, UnknownJob
from sistema_os.logs import redact
from sistema_os.supabase import errors


def cause_of(error: BaseException) -> BaseException:
    """Of the errors of a group of tasks, the most informative one."""
    leaves = list(_leaves(error))
    for kind in (FenceLost, ExpectedFailure, errors.SupabaseError, Exception):
        for leaf in leaves:
            if isinstance(leaf, kind):
                return leaf
    return leaves[0]


def _leaves(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for one in error.exceptions:
            yield from _leaves(one)
    else:
        yield error


def expected_sentence(error: BaseException) -> str:
    """The sentence for an operational failure, or "" for a programming error."""
    if isinstance(error, ExpectedFailure | UnknownJob):
        return redact(str(error))
    if isinstance(error, errors.SupabaseError):
        return redact(_supabase_sentence(error))
    if isinstance(error, OperationalError | InterfaceError):
        return _("Our own database did not answer (DATABASE_URL). The data written so far stands.")
    return ""


# Errors after which the same work may succeed in some minutes. Of our own database: see OperationalError.
_OUTAGES = (
    errors.ConnectionFailed,
    errors.Unavailable,
    errors.DeadlineExceeded,
    errors.PoolExhausted,
    errors.StatementTimeout,
    OperationalError,
    InterfaceError,
)


def is_outage(error: BaseException) -> bool:
    """Whether something else did not answer, as opposed to a refusal, which is the same at the next try."""
    return isinstance(error, _OUTAGES)


def _supabase_sentence(error: errors.SupabaseError) -> str:
    where = {"table": getattr(error, "table", "") or "-"}
    match error:
        case errors.AuthError():
            return (
                _("Supabase refused the key or its role may not use “%(table)s”: check SUPABASE_SERVICE_KEY.") % where
            )
        case errors.NotFound():
            return (
                _("Supabase has no “%(table)s”: the hotel's migrations are missing, or SUPABASE_REST_PATH is wrong.")
                % where
            )
        case errors.DeadlineExceeded() | errors.PoolExhausted() | errors.StatementTimeout():
            return _("Supabase did not answer within %(seconds)g seconds while working on “%(table)s”.") % {
                **where,
                "seconds": settings.QUERY_TIMEOUT,
            }
        case errors.ConnectionFailed() | errors.Unavailable():
            return _("Supabase cannot be reached at the moment: check SUPABASE_URL and the network.")
        case errors.TruncatedResult() | errors.UnreadableBody():
            return _("Supabase's answer about “%(table)s” was cut or unreadable, so it was not used.") % where
    return _("Supabase refused the query about “%(table)s”: %(error)s") % {**where, "error": error}


def unexpected_sentence(error: BaseException, phase: str) -> str:
    """Names the class of the error and the phase, never the message: it may contain guest data."""
    return _("Unexpected error (%(kind)s) in “%(phase)s”. The log has the place in the program.") % {
        "kind": type(error).__name__,
        "phase": phase or "-",
    }


def frames_of(error: BaseException) -> str:
    """Our own frames of the traceback, innermost first, without messages and with paths relative to the project."""
    base = Path(settings.BASE_DIR)
    own = []
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        path = Path(frame.filename)
        # A folder like .venv inside the project holds other people's code.
        if path.is_relative_to(base) and not path.relative_to(base).parts[0].startswith("."):
            own.append(f"{path.relative_to(base)}:{frame.lineno} {frame.name}")
    return " < ".join(own)
