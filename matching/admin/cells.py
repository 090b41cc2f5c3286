"""Cells of the suggestion and alert lists: text with a second line, chips, and the buttons that decide."""

from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import cached_property
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from matching.models import Alert, Decision, MatchSuggestion
from matching.models.choices import State
from matching.presentation import badges, card_url, department_words, share, short_name
from matching.review import may_undo, undoers, undoers_of_others


def request_cell(suggestion: MatchSuggestion, filters: str) -> SafeString:
    """The request, whole, with the order under it. `filters` is the query string that leads back from the card."""
    order = suggestion.order
    url = card_url(suggestion.pk)
    about = " · ".join(
        words
        for words in (
            department_words(order.department),
            date_format(timezone.localtime(order.opened_at), _("m/d H:i")),
        )
        if words
    )
    return format_html(
        '<p class="req" id="{}">{}</p><span class="sub"><a href="{}">OS {}</a> · {}</span>',
        row_anchor(suggestion.pk),
        order.request,
        f"{url}?{filters}" if filters else url,
        order.number,
        about,
    )


def row_anchor(suggestion: object) -> str:
    """The fragment of a row of the list."""
    return f"s-{suggestion}"


def guest_cell(suggestion: MatchSuggestion) -> SafeString:
    stay = suggestion.stay
    if stay is None:
        return format_html('{} <span class="sub">{}</span>', _("No guest"), _("third party or staff"))
    room = _("Room %(room)s") % {"room": stay.room} if stay.room else _("no room yet")
    # Not truncated: names that differ only in their last word (Filho, Neto) must stay distinct.
    return format_html('{} <span class="sub">{}</span>', stay.name, room)


def probability_cell(suggestion: MatchSuggestion) -> SafeString:
    return format_html(
        '<span class="num">{}</span> <br class="hide-s">{}',
        share(suggestion.probability),
        badges.band_chip(suggestion.band),
    )


def departure_cell(suggestion: MatchSuggestion) -> SafeString | str:
    if suggestion.stay is None:
        return "—"
    day = suggestion.stay.departure
    if day == timezone.localdate():
        return format_html('<strong class="today">{}</strong>', _("today"))
    return date_format(day, _("m/d"))


def decision_cell(suggestion: MatchSuggestion, user: Any) -> SafeString:
    """The buttons that this person may use; otherwise a chip with the state."""
    pending, decides = suggestion.state == State.PENDING, user.has_perm("matching.decide_suggestion")
    parts: list[SafeString] = []
    if suggestion.conflict and pending:
        parts.append(badges.conflict_chip())
    if pending and decides and getattr(suggestion, "leased_to", None):
        parts.append(badges.chip("hold", _("in use by %(who)s") % {"who": getattr(suggestion, "leased_to", "")}))
    else:
        parts.append(decide_buttons(suggestion) if pending and decides else badges.state_chip(suggestion.state))
    if getattr(suggestion, "unconfirmed", False):
        parts.append(badges.unconfirmed_chip())
    if suggestion.decision and suggestion.state != State.SUPERSEDED and may_undo(suggestion.decision, user):
        parts.append(undo_button(suggestion))
        if suggestion.state == State.ACCEPTED:
            parts.append(correct_link(suggestion))
    if not pending:
        parts.append(_who(suggestion))
    return format_html_join(" ", "{}", ((part,) for part in parts))


def decide_buttons(suggestion: MatchSuggestion) -> SafeString:
    seen = f"{suggestion.pk}:{suggestion.version}"
    order = {"order": suggestion.order.number}
    return format_html(
        '<span class="row-actions">'
        '<button class="btn btn-s" name="accept" value="{}" aria-label="{}">{}</button> '
        '<button class="btn btn-s btn-quiet" name="reject" value="{}" aria-label="{}" data-asks>{}</button></span>',
        seen,
        _("Accept order %(order)s") % order,
        _("Accept"),
        seen,
        _("Reject order %(order)s…") % order,
        _("Reject…"),
    )


def undo_button(suggestion: MatchSuggestion) -> SafeString:
    return format_html(
        '<button class="btn btn-s btn-quiet" name="undo" value="{}" aria-label="{}">{}</button>',
        suggestion.decision_id,
        _("Undo order %(order)s") % {"order": suggestion.order.number},
        _("Undo"),
    )


def correct_link(suggestion: MatchSuggestion) -> SafeString:
    """Leads to the search for the guest whom the order is really about."""
    return format_html(
        '<a class="btn btn-s btn-quiet" href="{}?outro=1" aria-label="{}">{}</a>',
        card_url(suggestion.pk),
        _("Order %(order)s: it was somebody else") % {"order": suggestion.order.number},
        _("It was somebody else…"),
    )


# So many names of those who may correct a decision; the card has all.
SHOWN_UNDOERS = 3


def correction_cell(decision: Decision, viewer: "Corrector") -> SafeString | str:
    """The way to the guest whom the order was really about, while the decision is in force; for a person without the
    right to undo it, who has."""
    suggestion = decision.suggestion
    if suggestion.decision_id != decision.pk or suggestion.state not in (State.ACCEPTED, State.REJECTED):
        return "—"
    if may_undo(decision, viewer.user):
        return correct_link(suggestion)
    if not viewer.decides:
        return "—"
    names = undoers(decision, viewer.others)
    shown = ", ".join(names[:SHOWN_UNDOERS]) + ("…" if len(names) > SHOWN_UNDOERS else "")
    return format_html('<span class="sub">{}</span>', _("only %(who)s") % {"who": shown})


class Corrector:
    """The viewer of a list of decisions. `others` are read once a page, and only if a row needs them."""

    def __init__(self, user: Any) -> None:
        self.user = user
        self.decides = bool(user.has_perm("matching.decide_suggestion"))

    @cached_property
    def others(self) -> list[Any]:
        return undoers_of_others()


def _who(suggestion: MatchSuggestion) -> SafeString:
    if suggestion.decision is not None:
        moment = timezone.localtime(suggestion.decision.at)
        shape = "TIME_FORMAT" if moment.date() == timezone.localdate() else "SHORT_DATE_FORMAT"
        name = short_name(suggestion.decision.user)
        return format_html('<span class="sub">{}, {}</span>', name, date_format(moment, shape))
    return format_html('<span class="sub">{}</span>', suggestion.end_reason_words)


def settled_cell(alert: Alert, user: Any) -> SafeString:
    if alert.settled_by is not None and alert.settled_at is not None:
        moment = date_format(timezone.localtime(alert.settled_at), "SHORT_DATETIME_FORMAT")
        note = format_html("<br>{}", Truncator(alert.note).chars(60)) if alert.note else ""
        return format_html('<span class="sub">{}, {}{}</span>', alert.settled_by.get_username(), moment, note)
    if not user.has_perm("matching.settle_alert"):
        return badges.chip("wait", _("open"))
    return format_html('<button class="btn btn-s" name="settle" value="{}">{}</button>', alert.pk, _("Settle"))


def moment_cell(moment: datetime) -> SafeString:
    """Day and time on one line."""
    return format_html('<span class="num">{}</span>', date_format(timezone.localtime(moment), _("m/d H:i")))
