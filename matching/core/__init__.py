"""The matching engine: plain rows in, explained probabilities out. Knows no framework and no database."""

from matching.core.engine import Engine, Outcome, Skipped, match
from matching.core.model import Model, Reason
from matching.core.parsing.rooms.directory import Room, RoomDirectory
from matching.core.ranking import UNANSWERED_BELOW, Candidate

__all__ = [
    "UNANSWERED_BELOW",
    "Candidate",
    "Engine",
    "Model",
    "Outcome",
    "Reason",
    "Room",
    "RoomDirectory",
    "Skipped",
    "match",
]
