"""What the tests of the review share: a hotel whose queue holds cards, and what became of them."""

from dataclasses import dataclass

from matching.models import Decision, MatchSuggestion
from tests.matching.conftest import Candidate, Hotel

LIST = "/admin/matching/matchsuggestion/"
QUEUE = f"{LIST}review/"
# What the browser complained about: nothing.
QUIET: dict[str, list[str]] = {"errors": [], "outside": []}


@dataclass(frozen=True)
class Desk:
    """The hotel, an order, and the stay that is suggested for it; a second order waits behind it."""

    hotel: Hotel
    order: int
    stay: int
    other: int

    def state(self) -> str:
        return states(self.order)[str(self.stay)]

    def linked(self) -> int | None:
        """The stay that the hotel's own system has on the order."""
        found: int | None = self.hotel.link_of(self.order)["listagem_id"]
        return found

    @property
    def card(self) -> str:
        """The address of the suggestion's own page."""
        return f"{LIST}{MatchSuggestion.objects.get(order=self.order, stay=self.stay).pk}/change/"


def desk(hotel: Hotel) -> Desk:
    order = hotel.order("vazamento no chuveiro apto 412, sr Thiago", uh_texto="412")
    stay = hotel.stay("Tiago Figueiredo Neto")
    other = hotel.order("toalhas extras 203")
    hotel.suggest(Candidate(order, stay, 0.87), Candidate(order, None, 0.13, rank=2), Candidate(other, None, 0.75))
    return Desk(hotel, order, stay, other)


def many(hotel: Hotel, cards: int, probability: float = 0.75) -> list[int]:
    """So many orders in the queue, nobody suggested for each: a link to write without a guest to make."""
    orders = [hotel.order(f"lâmpada queimada no corredor {n}") for n in range(cards)]
    hotel.suggest(*(Candidate(order, None, probability) for order in orders))
    return orders


def states(order: int) -> dict[str, str]:
    rows = MatchSuggestion.objects.filter(order=order).select_related("stay")
    return {str(row.stay.pk) if row.stay else "nobody": row.state for row in rows}


def verbs(order: int) -> list[str]:
    return list(Decision.objects.filter(suggestion__order=order).order_by("pk").values_list("verb", flat=True))
