"""What a search box finds, in a time that hardly grows with the rows."""

from django.db.models import Q

from matching.models import Order, Stay
from matching.rows import searchable

# Nobody looks for more words than these; the rest would only cost.
MOST_WORDS = 6
# A rarer word is looked up in its index first. One that is more frequent soon fills a page by reading on.
RARE = 500


def words(typed: str) -> list[str]:
    """Accents and capitals do not count: the searched columns are stored without them."""
    return searchable(typed.replace("\x00", "")).split()[:MOST_WORDS]


def holding(word: str, of: str = "") -> Q:
    """Rows whose order or guest holds the word; `of` leads to what has `order` and `stay`. Two queries."""
    orders = list(Order.objects.filter(search__contains=word).values_list("pk", flat=True)[: RARE + 1])
    stays = list(Stay.objects.filter(search__contains=word).values_list("pk", flat=True)[: RARE + 1])
    if len(orders) > RARE or len(stays) > RARE:
        return Q((f"{of}order__search__contains", word)) | Q((f"{of}stay__search__contains", word))
    return Q((f"{of}order__in", orders)) | Q((f"{of}stay__in", stays))
