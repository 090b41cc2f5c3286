"""What a search box finds, in a time that hardly grows with the rows."""

from django.contrib.auth.models import User
from django.db.models import Q

from matching.hotel_rows import searchable
from matching.models import MatchSuggestion, Order, Stay

# Nobody looks for more words than these; the rest would only cost.
MOST_WORDS = 6
# A rarer word is looked up in its index first. One that is more frequent soon fills a page by reading on.
RARE = 500
# So many suggestions are named one by one; a word that more of them hold is asked for again with every question.
MOST_NAMED = 2_000


def words(typed: str) -> list[str]:
    """Accents and capitals do not count: the searched columns are stored without them."""
    return searchable(typed.replace("\x00", "")).split()[:MOST_WORDS]


def holding(word: str) -> Q:
    """Rows with `order` and `stay` of which one holds the word. Two queries."""
    orders = list(Order.objects.filter(search__contains=word).values_list("pk", flat=True)[: RARE + 1])
    stays = list(Stay.objects.filter(search__contains=word).values_list("pk", flat=True)[: RARE + 1])
    if len(orders) > RARE or len(stays) > RARE:
        return Q(order__search__contains=word) | Q(stay__search__contains=word)
    return Q(order__in=orders) | Q(stay__in=stays)


def decided_on_or_by(word: str) -> Q:
    """Decisions on such a suggestion, or of a person of that name. Four queries."""
    holders = MatchSuggestion.objects.filter(holding(word)).order_by().values("pk")
    named = [row["pk"] for row in holders[: MOST_NAMED + 1]]
    told = Q(suggestion__in=named if len(named) <= MOST_NAMED else holders)
    people = list(User.objects.filter(username__icontains=word).values_list("pk", flat=True)[:RARE])
    # An "or" that nobody fulfils would still keep the index from being used.
    return told | Q(user__in=people) if people else told
