"""Sentences about traces for pages and commands."""

from typing import Final

from django.apps import apps
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from pipeline.data_subjects.finder import Trace

_WHY: Final[dict[str, str | Promise]] = {
    "same": _lazy("Same row, person profile, document or booking."),
    "linked": _lazy("Linked to one of these stays, or suggested for it."),
    "name": _lazy("The name is equal or nearly equal. No document confirms it."),
    "contact": _lazy("The phone, e-mail address or document is equal. Others may share it."),
    "companion": _lazy("Same booking, and part of the name."),
    "room": _lazy("Part of the name, and the room of the stay on those days."),
    "text": _lazy("Names the person in another field."),
}


def kind_words(trace: Trace) -> str:
    """ "Stay 12", "OS 47", or the name of the table in words, with the primary key."""
    if trace.kind == "stay":
        return _("Stay, row %(key)s of the guest list") % {"key": trace.key}
    if trace.kind == "order":
        return _("Order, row %(key)s") % {"key": trace.key}
    return f"{table_words(trace.kind)} {trace.key}"


def table_words(label: str) -> str:
    """The name of a model's table in words."""
    return str(capfirst(apps.get_model(label)._meta.verbose_name))


def why_words(trace: Trace) -> str:
    return str(_WHY[trace.why])
