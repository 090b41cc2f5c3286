"""The copy that a person may ask for (LGPD art. 18): everything held about her, as JSON and as a readable page."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from asgiref.sync import async_to_sync
from django.apps import apps
from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Model
from django.template.loader import render_to_string
from django.utils import timezone

from matching.models import Decision, MatchSuggestion, Order
from pipeline.data_subjects.columns import text_tables
from pipeline.data_subjects.erasure import OpenDoubts, UnknownGuest
from pipeline.data_subjects.finder import Findings, find
from pipeline.data_subjects.hotel_search import hotel_rows
from pipeline.data_subjects.sought import Sought
from pipeline.data_subjects.words import table_words
from pipeline.hotel.stays import DOCUMENT_HMAC
from sistema_os.masking import masked_document
from sistema_os.supabase import SupabaseClient

# Search columns repeat others, hashes say nothing to a person.
_LEFT_OUT = frozenset(
    {"search", "terms", "fingerprint", "order_fingerprint", "stay_fingerprint", DOCUMENT_HMAC, "checkpoint"}
)


@dataclass(frozen=True)
class Copy:
    """`data` is JSON-able: {"person", "held_by_us": {table: rows}, "held_by_the_hotel": {table: rows}}."""

    made_at: datetime
    data: dict[str, Any]

    @property
    def json(self) -> str:
        return json.dumps(self.data, cls=DjangoJSONEncoder, ensure_ascii=False, indent=2)

    @property
    def html(self) -> str:
        """One page without scripts or references, to be printed or kept."""
        parts = [("held_by_us", self.data["held_by_us"]), ("held_by_the_hotel", self.data["held_by_the_hotel"])]
        context = {"made_at": self.made_at, "person": self.data["person"], "parts": parts}
        return render_to_string("pipeline/data_subject_copy.html", context)


def copy_of(sought: Sought, answers: Mapping[str, bool], *, with_hotel: bool = True) -> Copy:
    """Raises UnknownGuest, OpenDoubts, or SupabaseError where the hotel's tables cannot be read."""
    found = find(sought, answers)
    if found.doubts:
        raise OpenDoubts(found.doubts)
    theirs = async_to_sync(_of_hotel)(found.sought) if with_hotel else {}
    if not found.traces and not any(theirs.values()):
        raise UnknownGuest
    now = timezone.localtime()
    return Copy(
        now,
        {
            "made_at": now.isoformat(),
            "person": {
                "names": list(found.sought.names),
                "document": masked_document(found.sought.document_end),
                "phones": list(found.sought.phones),
                "emails": list(found.sought.emails),
                "bookings": list(found.sought.bookings),
            },
            "held_by_us": _of_ours(found),
            "held_by_the_hotel": {table: rows for table, rows in theirs.items() if rows},
        },
    )


async def _of_hotel(sought: Sought) -> dict[str, list[dict[str, Any]]]:
    async with SupabaseClient(**settings.SUPABASE) as supabase:
        return await hotel_rows(supabase, sought)


def _of_ours(found: Findings) -> dict[str, list[dict[str, Any]]]:
    listed = [
        {name: value for name, value in version.items() if value not in (None, "") and name not in _LEFT_OUT}
        for row in found.stays
        for version in row.versions
    ]
    named: dict[str, list[Any]] = {}
    for trace in found.certain:
        for label, key in trace.rows:
            named.setdefault(label, []).append(key)
    suggestions = named.get(MatchSuggestion._meta.label_lower, [])
    decisions = Decision.objects.filter(suggestion__in=suggestions).values_list("pk", flat=True)
    if decisions:
        named.setdefault(Decision._meta.label_lower, []).extend(decisions)
    tables = {table_words(label): _rows(apps.get_model(label), keys) for label, keys in named.items()}
    return {"listagem_hospedes": listed, **tables} if listed else tables


def _rows(model: type[Model], keys: list[Any]) -> list[dict[str, Any]]:
    """The rows with the columns that can hold text, and what says when and which."""
    columns = {table.model: table.columns for table in text_tables()}[model]
    more = ("opened_at", "closed_at") if model is Order else ()
    more = ("at", "verb") if model is Decision else more
    rows = model._base_manager.filter(pk__in=keys).order_by("pk").values("pk", *columns, *more)
    return [{n: v for n, v in row.items() if v not in (None, "", [], {}) and n not in _LEFT_OUT} for row in rows]
