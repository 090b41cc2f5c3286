"""Chips: a state as shape, word and colour. The CSS classes are defined in look.css."""

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from matching.models.choices import Band, Severity, State

BAND_CSS = {Band.STRONG: "ok", Band.DOUBT: "warn", Band.WEAK: "off"}
STATE_CSS = {
    State.PENDING: "wait",
    State.ACCEPTED: "ok",
    State.REJECTED: "bad",
    State.EXPIRED: "off",
    State.SUPERSEDED: "off",
}
SEVERITY_CSS = {Severity.HIGH: "bad", Severity.MEDIUM: "warn", Severity.LOW: "off"}


def chip(css: str, word: object) -> SafeString:
    return format_html('<span class="chip chip-{}">{}</span>', css, word)


def band_chip(band: Band) -> SafeString:
    return chip(BAND_CSS[band], band.label)


def state_chip(state: str) -> SafeString:
    return chip(STATE_CSS[State(state)], State(state).label)


def severity_chip(severity: str) -> SafeString:
    return chip(SEVERITY_CSS[Severity(severity)], Severity(severity).label)


def unconfirmed_chip() -> SafeString:
    return chip("wait", _("to confirm"))


def conflict_chip() -> SafeString:
    return chip("bad", _("conflict"))
