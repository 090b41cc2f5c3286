"""Search among the stays of the house: by name as typed, room or booking number."""

from matching.stay_search.hits import FoundBy, Hit, Presence
from matching.stay_search.search import DEPARTED_DAYS, Among, is_offered, offered_stays, search_stays
from matching.stay_search.terms import room_term

__all__ = [
    "DEPARTED_DAYS",
    "Among",
    "FoundBy",
    "Hit",
    "Presence",
    "is_offered",
    "offered_stays",
    "room_term",
    "search_stays",
]
