"""Finds stays by name as typed, room or booking number.

The index is a column of our own copies with a trigram index (`Stay.terms`): it commits with the row, so an erased or
hidden guest is gone from it at once, and every worker process sees the same.
"""

from collections.abc import Callable, Collection, Sequence
from datetime import date, timedelta
from functools import reduce
from operator import or_
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.db.models import Case, IntegerField, Q, QuerySet, TextChoices, Value, When
from django.utils import timezone
from django.utils.translation import pgettext_lazy as _p

from matching.models import Stay
from matching.models.choices import UNAVAILABLE_STAY, StayStatus
from matching.stay_search.hits import Hit, hit_of
from matching.stay_search.typed_query import TypedTerm, read_query

# Orders are about guests who left at most so many days ago: lost and found.
DEPARTED_DAYS = 30
# Stays that are ranked, of those that have every term: the guests of the house first.
MOST_RANKED = 150
# Word similarity of pg_trgm, as text for its setting.
NEAR_FROM = "0.45"
SEES_GUESTS = ("matching.view_matchsuggestion", "snapshots.view_snapshot")


class Among(TextChoices):
    """The guests that a search is narrowed to."""

    IN_HOUSE = "in_house", _p("search", "in the house")
    ARRIVING = "arriving", _p("search", "to arrive")
    LEFT = "left", _p("search", "left within 30 days")


_CAME = (StayStatus.IN_HOUSE, StayStatus.LEFT)
# As `Presence.of`, of rows in the database.
_IN: dict[Among, Callable[[date], Q]] = {
    Among.IN_HOUSE: lambda _today: Q(status=StayStatus.IN_HOUSE),
    Among.ARRIVING: lambda today: ~Q(status__in=_CAME) & Q(departure__gte=today),
    Among.LEFT: lambda today: Q(status=StayStatus.LEFT) | ~Q(status__in=_CAME) & Q(departure__lt=today),
}


def search_stays(
    text: str, *, user: Any, limit: int = 20, include_departed: bool = True, among: Collection[Among] = ()
) -> list[Hit]:
    """At most `limit` hits, best first: stays of the listing and, with `include_departed`, of guests who left in the
    last DEPARTED_DAYS; only those of `among`, where it is given. Every typed term must be found; near spellings are
    looked for only where the rest leaves room. Minors and incognito guests are never found, nor are stays that were
    cancelled or have left the listing.

    Three queries. Raises PermissionDenied for a user who may not see guests.
    """
    if not any(user.has_perm(permission) for permission in SEES_GUESTS):
        raise PermissionDenied
    typed = read_query(text)
    if not typed:
        return []
    today = timezone.localdate()
    stays = offered_stays(today, include_departed=include_departed)
    if among:
        stays = stays.filter(reduce(or_, (_IN[one](today) for one in among)))
    hits = _hits(stays, typed, today, near=False)
    if len(hits) < limit and any(len(term.text) >= 4 and not term.room for term in typed):
        known = {hit.stay.pk for hit in hits}
        hits += [hit for hit in _near_hits(stays, typed, today) if hit.stay.pk not in known]
    return hits[:limit]


def offered_stays(today: date, *, include_departed: bool = True) -> QuerySet[Stay]:
    """The stays that a person may choose: never a hidden guest, nor a stay that no order can be linked to."""
    first = today - timedelta(days=DEPARTED_DAYS) if include_departed else today
    stays = Stay.objects.filter(departure__gte=first, hidden=False, removed=False).exclude(status__in=UNAVAILABLE_STAY)
    if not include_departed:
        stays = stays.exclude(status=StayStatus.LEFT)
    return stays.defer("fingerprint", "search")


def is_offered(stay: Stay, today: date) -> bool:
    """As `offered_stays`, of a row that was read."""
    return stay.departure >= today - timedelta(days=DEPARTED_DAYS) and not stay.unavailable


def _hits(stays: QuerySet[Stay], typed: Sequence[TypedTerm], today: date, *, near: bool) -> list[Hit]:
    for term in typed:
        stays = stays.filter(_having(term, near=near))
    found = stays.order_by(_nearness(today), "-departure", "pk")[:MOST_RANKED]
    hits = [hit for hit in (hit_of(stay, typed, today) for stay in found) if hit is not None]
    # A stable sort: of equal hits the guest of the house comes first, as read.
    return sorted(hits, key=lambda hit: sum(hit.found_by))


def _near_hits(stays: QuerySet[Stay], typed: Sequence[TypedTerm], today: date) -> list[Hit]:
    """As `_hits`, with words that are spelt nearly the same. PostgreSQL's own threshold misses one letter of eight."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('pg_trgm.word_similarity_threshold', %s, true)", [NEAR_FROM])
        return _hits(stays, typed, today, near=True)


def _having(term: TypedTerm, *, near: bool) -> Q:
    has = Q(terms__regex=term.pattern)
    return has | Q(terms__trigram_word_similar=term.text) if near and not term.room else has


def _nearness(today: date) -> Case:
    """In the house, arriving today, gone, still to arrive."""
    return Case(
        When(status=StayStatus.IN_HOUSE, then=Value(0)),
        When(arrival=today, then=Value(1)),
        When(status=StayStatus.LEFT, then=Value(2)),
        default=Value(3),
        output_field=IntegerField(),
    )
