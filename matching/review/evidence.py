"""What the card shows of the engine's reasons: the request with the words that were read, the table of evidence, and
the facts of an order that nobody was found for."""

import math
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.formats import date_format, number_format
from django.utils.functional import Promise
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy as _p

from matching.models import MatchSuggestion
from matching.presentation import card_charts
from matching.presentation.labels import NEAR, Agreement, agreement, comparison_words, department_words, shown_values
from sistema_os.masking import masked_phones

Reason = Mapping[str, Any]
Pieces = Sequence[tuple[str, bool]]
RIVALS = "competition"
# The levels that begin the sum, before anything of the order was read.
_BASE = ("prior", "prior"), ("prior", "guest"), ("nobody", "prior")
# A probability of 0 or 1 has no finite weight; the engine's own bound.
LEAST = 1e-6
# Letters up to which a request is set large, and up to which it needs no scroll box.
SHORT, MEDIUM = 280, 600
MIN_READ = 2


@dataclass(frozen=True)
class Row:
    """One comparison: the values with their differing letters, the agreement, the weight and the bar."""

    field: str
    order: Pieces
    guest: Pieces
    agreement: Agreement
    weight: str
    bar: card_charts.Bar
    css: str = ""

    @property
    def unwritten(self) -> bool:
        """The order could have said it and does not."""
        return bool(self.guest) and not self.order and not self.css


@dataclass(frozen=True)
class Evidence:
    """`rows`: the base, the comparisons, the other candidates; together they are `total`, log2(p / (1 - p))."""

    rows: list[Row]
    total: str
    chart: card_charts.Waterfall


def evidence(suggestion: MatchSuggestion, rival: str = "") -> Evidence | None:
    """None where no model compared anything. `rival`: the name of the strongest other candidate."""
    if not suggestion.reasons:
        return None
    reasons = closed(suggestion.reasons, float(suggestion.probability))
    weights = [float(reason["weight_bits"]) for reason in reasons]
    chart = card_charts.waterfall(weights)
    rows = [_row(reason, bar, rival) for reason, bar in zip(reasons, chart.bars, strict=True)]
    return Evidence(rows, signed(sum(weights)), chart)


def closed(reasons: Sequence[Reason], probability: float) -> list[Reason]:
    """The reasons in the order of the table, with the weight of the other candidates such that the sum is that of the
    probability shown. The stored weight is that of the engine; the probability may have grown by a rejection since."""
    base = [reason for reason in reasons if (reason["comparison"], reason["level"]) in _BASE]
    read = [reason for reason in reasons if reason not in base and reason["comparison"] != RIVALS]
    bounded = min(max(probability, LEAST), 1 - LEAST)
    rest = math.log2(bounded / (1 - bounded)) - math.fsum(float(reason["weight_bits"]) for reason in [*base, *read])
    rivals = {"comparison": RIVALS, "level": "others", "order_value": "", "guest_value": "", "weight_bits": rest}
    return [*base, *read, rivals]


def signed(weight: float) -> str:
    """With its sign, in the language of the page: +6,4 or −2,8."""
    return ("−" if round(weight, 1) < 0 else "+") + number_format(abs(round(weight, 1)), 1)


def _row(reason: Reason, bar: card_charts.Bar, rival: str) -> Row:
    found = agreement(reason)
    order, guest = shown_values(reason)
    if (reason["comparison"], reason["level"]) in _BASE:
        order, css = _("before reading the text"), "base"
    elif reason["comparison"] == RIVALS:
        guest, css = rival, "rivals"
    else:
        css = ""
    pieces: tuple[Pieces, Pieces] = ([(order, False)], [(guest, False)])
    if found.sign == NEAR.sign and order and guest:
        pieces = card_charts.differing_letters(order, guest)
    field = _("starting point") if css == "base" else comparison_words(reason["comparison"])
    weight = signed(reason["weight_bits"])
    return Row(field, pieces[0] if order else [], pieces[1] if guest else [], found, weight, bar, css)


@dataclass(frozen=True)
class Request:
    """The typed text in pieces (text, read by the engine). `size`: "", "m" or "l" by its length."""

    pieces: Pieces
    letters: int

    @property
    def size(self) -> str:
        return "" if self.letters <= SHORT else "m" if self.letters <= MEDIUM else "l"


def request_of(suggestion: MatchSuggestion) -> Request:
    text = suggestion.order.typed_text
    values = {str(reason["order_value"] or "").strip() for reason in suggestion.reasons}
    return Request(marked(text, [value for value in values if len(value) >= MIN_READ]), len(text))


def marked(text: str, values: Sequence[str]) -> Pieces:
    """The text in pieces, the values marked wherever they stand as whole words, whatever their accents and capitals."""
    folded = _folded(text)
    read = [False] * len(text)
    for value in values:
        wanted = _folded(value)
        start = folded.find(wanted)
        while start >= 0:
            end = start + len(wanted)
            if not (folded[start - 1 : start].isalnum() or folded[end : end + 1].isalnum()):
                read[start:end] = [True] * len(wanted)
            start = folded.find(wanted, start + 1)
    pieces: list[tuple[str, bool]] = []
    for letter, was_read in zip(text, read, strict=True):
        if pieces and pieces[-1][1] == was_read:
            pieces[-1] = (pieces[-1][0] + letter, was_read)
        else:
            pieces.append((letter, was_read))
    return pieces


def _folded(text: str) -> str:
    """Letter by letter, so that places stay: the base letter of each, in lower case where that is one letter."""
    base = (unicodedata.normalize("NFD", letter)[:1] or letter for letter in text)
    return "".join(letter.lower() if len(letter.lower()) == 1 else letter for letter in base)


@dataclass(frozen=True)
class Fact:
    """One thing that an order may say, and how far it was understood."""

    name: str | Promise
    state: str | Promise
    css: str
    detail: str


_READ = _p("fact", "read"), "ok"
_UNREAD = _p("fact", "not recognized"), "warn"
_ABSENT = _p("fact", "not given"), "off"


def unread_words(suggestion: MatchSuggestion) -> dict[str, str]:
    """ "room" and "name" -> the words of the order that nothing explains."""
    levels = {("room", "unread"): "room", ("name", "unmatched"): "name"}
    found: dict[str, str] = {}
    for reason in suggestion.reasons:
        kind = levels.get((reason["comparison"], reason["level"]))
        if kind and reason["order_value"]:
            found.setdefault(kind, str(reason["order_value"]))
    return found


def facts(suggestion: MatchSuggestion) -> list[Fact]:
    """The six facts of an order, in the order of the card."""
    order, unread = suggestion.order, unread_words(suggestion)
    opened = date_format(localtime(order.opened_at), "SHORT_DATETIME_FORMAT")
    words = {kind: {"word": word} for kind, word in unread.items()}
    place = _("“%(word)s” is no room of the list") % words["room"] if "room" in unread else order.room_text
    name = _("“%(word)s” is nobody of the list") % words["name"] if "name" in unread else order.guest_text
    return [
        _fact(_p("fact", "Request"), department_words(order.department)),
        _fact(_p("fact", "Place"), place, unread="room" in unread, absent=_("no room in the text")),
        _fact(_p("fact", "Name"), name, unread="name" in unread, absent=_("no name in the text")),
        _fact(_p("fact", "When"), _("opened %(day)s") % {"day": opened}),
        _fact(_p("fact", "Asked by"), order.requester_text or order.opened_by, absent=_("not written")),
        _fact(_p("fact", "Contact"), masked_phones(order.phone_text), absent=_("no phone")),
    ]


def _fact(name: str | Promise, value: str, *, unread: bool = False, absent: str = "") -> Fact:
    state, css = _UNREAD if unread else _READ if value else _ABSENT
    return Fact(name, state, css, value or absent)
