"""Is this list plausible? Four checks of a guest list before it may be written; a failed one holds it."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from rapidfuzz import fuzz

from pipeline import labels
from pipeline.imports import spool
from pipeline.imports.comparison import LEAVES, MISSING, Comparison
from pipeline.imports.delivery import Delivered
from pipeline.imports.reader import NOTES
from pipeline.intake.text import fold
from pipeline.models import ImportedFile

_COMMON_WORDS: Final = frozenset(
    [
        "hotel",
        "hoteis",
        "pousada",
        "resort",
        "hostel",
        "inn",
        "flat",
        "e",
        "de",
        "da",
        "do",
        "das",
        "dos",
        "the",
        "ltda",
        "me",
        "sa",
        "eireli",
        "epp",
        "cia",
    ]
)
_SAME_HOTEL: Final = 80
_FEWEST_ROWS: Final = 5
_FEWEST_ROOMS: Final = 4
_UNKNOWN_SHARE: Final = 0.5
_MISSING_FLOOR: Final = 3
_MISSING_SHARE: Final = 0.2
_REFUSED_SHARE: Final = 0.1


@dataclass(frozen=True)
class Check:
    """`word` is what a passed check says in its chip; `title`, `advice` and `facts` are for a failed one."""

    passed: bool
    word: str
    sentence: str
    title: str = ""
    advice: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    final: bool = False
    """No reason lets such a list in."""


def of_listing(
    file: ImportedFile, day: date, date_in_force: date | None, compared: Comparison, result: Delivered
) -> list[Check]:
    if result.refusal:
        title, advice = _("The list cannot be imported"), _("What to do: send the right list.")
        return [Check(False, "", result.refusal, title, advice, final=True)]
    return [
        _fresh(file, day, date_in_force, result),
        _ours(file, compared),
        _whole(file, compared),
        _undamaged(result),
    ]


def _fresh(file: ImportedFile, day: date, in_force: date | None, result: Delivered) -> Check:
    word, own = _("of today"), file.business_date
    advice = _("What to do: take the report again in the hotel's system, with today's date.")
    if own is not None and own != day:
        return Check(
            False,
            word,
            _("The file says that it is of %(own)s, and the import is for %(day)s.")
            % {"own": labels.day_words(own), "day": labels.day_words(day)},
            _("The list of another day"),
            advice,
            ((_("Date written in the file"), labels.day_words(own)), (_("Date of this import"), labels.day_words(day))),
        )
    if in_force is not None and in_force < day and result.received >= _FEWEST_ROWS and not result.writes:
        sentence = ngettext(
            "The %(count)d guest, the dates and the rooms are those of the list of %(before)s.",
            "All %(count)d guests, the dates and the rooms are those of the list of %(before)s.",
            result.received,
        ) % {"count": result.received, "before": labels.day_words(in_force)}
        facts = ((_("Lines that changed since then"), "0"),)
        return Check(False, word, sentence, _("It looks like the list in force once more"), advice, facts)
    if own is not None:
        return Check(True, word, _("The file itself says %(day)s.") % {"day": labels.day_words(own)})
    changes = ngettext("%(count)d line is new or changed.", "%(count)d lines are new or changed.", result.writes)
    return Check(True, word, changes % {"count": result.writes})


def _is_same_hotel(named: str, own: str) -> bool:
    """ "HOTEL EXEMPLO LTDA" is "Hotel Exemplo": the words that distinguish a hotel count."""
    words = [" ".join(word for word in fold(text).split() if word not in _COMMON_WORDS) for text in (named, own)]
    return not all(words) or fuzz.token_set_ratio(*words) >= _SAME_HOTEL


def _ours(file: ImportedFile, compared: Comparison) -> Check:
    word, unknown = _("of this hotel"), compared.unknown_rooms
    named = spool.notes(file.session_id, file.sha256, NOTES).get("hotel") or ""
    if named and settings.HOTEL_NAME and not _is_same_hotel(named, settings.HOTEL_NAME):
        return Check(
            False,
            word,
            _("The file says “%(named)s”, and this hotel is %(own)s.") % {"named": named, "own": settings.HOTEL_NAME},
            _("It looks like another hotel's list"),
            _("What to do: check the folder that it came from."),
        )
    rooms = {room for line in compared.lines if line.type not in (LEAVES, MISSING) and (room := line.room)}
    if compared.known_rooms and len(rooms) >= _FEWEST_ROOMS and len(unknown) > _UNKNOWN_SHARE * len(rooms):
        some = ", ".join(unknown[:4]) + (" …" if len(unknown) > 4 else "")
        sentence = _("%(unknown)d of its %(rooms)d rooms are not in the list in force: %(some)s.") % {
            "unknown": len(unknown),
            "rooms": len(rooms),
            "some": some,
        }
        advice = _("What to do: check the folder that it came from.")
        facts = ((_("Unknown rooms"), f"{len(unknown)} / {len(rooms)}"),)
        return Check(False, word, sentence, _("It looks like another hotel's list"), advice, facts)
    if not compared.known_rooms:
        return Check(True, word, _("It is the first list, so there is nothing to compare its rooms with."))
    found = len(rooms) - len(unknown)
    return Check(
        True,
        word,
        ngettext("%(found)d of its %(rooms)d room is known.", "%(found)d of its %(rooms)d rooms are known.", len(rooms))
        % {"found": found, "rooms": len(rooms)},
    )


def _whole(file: ImportedFile, compared: Comparison) -> Check:
    word, unexplained = _("whole"), compared.unexplained
    if file.scope != "house":
        return Check(True, word, _("This list takes nobody out of the house."))
    if unexplained > max(_MISSING_FLOOR, _MISSING_SHARE * compared.in_force):
        sentence = ngettext(
            "%(count)d guest who should still be in the house is not in it.",
            "%(count)d guests who should still be in the house are not in it.",
            unexplained,
        ) % {"count": unexplained}
        advice = _("What to do: export again, and wait until the system has saved the whole file.")
        facts = (
            (_("Guests in the house now"), str(compared.in_force)),
            (_("Missing without a reason"), str(unexplained)),
        )
        return Check(False, word, sentence, _("It looks cut in the middle"), advice, facts)
    return Check(True, word, _("The file is complete, and few guests are missing."))


def _undamaged(result: Delivered) -> Check:
    word = _("undamaged")
    refused = len(result.refused)
    if refused > max(_MISSING_FLOOR, _REFUSED_SHARE * result.received):
        first = str(result.refused[0].get("motivo", ""))
        sentence = _("%(count)d of %(all)d lines cannot be read as guests: %(first)s") % {
            "count": refused,
            "all": result.received,
            "first": first,
        }
        return Check(False, word, sentence, _("Many lines are damaged"), _("What to do: export the list again."))
    return Check(True, word, _("Every guest has a name and dates."))
