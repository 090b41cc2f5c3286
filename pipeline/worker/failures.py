"""Why a run ended, in one sentence for people: no key, no row of anybody's, no traceback."""

import traceback
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.utils.translation import gettext as _

from pipeline.runs import FenceLost
from pipeline.runs.registry import ExpectedFailure, UnknownJob
from sistema_os.logs import redact
from sistema_os.supabase import errors


def cause_of(error: BaseException) -> BaseException:
    """Of the errors that a group of tasks ended with, the one that says most."""
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
    """The sentence for a failure that is nobody's programming error, or "" for one that is."""
    if isinstance(error, ExpectedFailure | UnknownJob):
        return redact(str(error))
    if isinstance(error, errors.SupabaseError):
        return redact(_supabase_sentence(error))
    if isinstance(error, OperationalError | InterfaceError):
        return _("Our own database did not answer (DATABASE_URL). The data written so far stands.")
    return ""


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
    """Names the kind of error and the place, never the message: it may quote a guest."""
    return _("Unexpected error (%(kind)s) in “%(phase)s”. The log has the place in the program.") % {
        "kind": type(error).__name__,
        "phase": phase or "-",
    }


def frames_of(error: BaseException) -> str:
    """Where it happened: our own calls, innermost first, without messages and without the machine's folders."""
    frames = traceback.extract_tb(error.__traceback__)
    base = Path(settings.BASE_DIR)
    own = [f"{_inside(frame.filename, base)}:{frame.lineno} {frame.name}" for frame in frames]
    return " < ".join(place for place in reversed(own) if not place.startswith(":"))


def _inside(file: str, base: Path) -> str:
    """The file's path from the project's root, "" for what is not ours."""
    path = Path(file)
    ours = path.is_relative_to(base) and not path.relative_to(base).parts[0].startswith(".")
    return str(path.relative_to(base)) if ours else ""
