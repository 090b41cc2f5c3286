"""The search of the admin lists, at a cost that hardly grows with the tables."""

from django.contrib.auth.models import User
from django.db.models import Q

from matching.hotel_rows import searchable
from matching.models import MatchSuggestion, Order, Stay

MAX_WORDS = 6
# A word in fewer rows is looked up in its index first; a more frequent one soon fills a page in a plain scan.
RARE = 500
# Up to so many suggestions become a list of primary keys; more of them stay a subquery.
MAX_KEYS = 2_000


def words(typed: str) -> list[str]:
    """Without accents and capitals, as the searched columns are stored."""
    return searchable(typed.replace("\x00", "")).split()[:MAX_WORDS]


def holding(word: str) -> Q:
    """Selects rows whose order or stay contains the word. Two queries."""
    orders = list(Order.objects.filter(search__contains=word).values_list("pk", flat=True)[: RARE + 1])
    stays = list(Stay.objects.filter(search__contains=word).values_list("pk", flat=True)[: RARE + 1])
    if len(orders) > RARE or len(stays) > RARE:
        return Q(order__search__contains=word) | Q(stay__search__contains=word)
    return Q(order__in=orders) | Q(stay__in=stays)


def decided_on_or_by(word: str) -> Q:
    """Selects decisions on such a suggestion, or by a person of that name. Four queries."""
    holders = MatchSuggestion.objects.filter(holding(word)).order_by().values("pk")
    keys = [row["pk"] for row in holders[: MAX_KEYS + 1]]
    decided = Q(suggestion__in=keys if len(keys) <= MAX_KEYS else holders)
    people = list(User.objects.filter(username__icontains=word).values_list("pk", flat=True)[:RARE])
    # Even an empty alternative in the "or" would keep PostgreSQL from using the index.
    return decided | Q(user__in=people) if people else decided
