"""The review by people: the queue, the card, and decisions one by one or in bulk."""

from matching.review import actions, bulk_views, queue, views
from matching.review.decision import Conflict, may_undo, undoers, undoers_of_others
from matching.review.service import Outcome, choose, decide, no_guest, undo

__all__ = [
    "Conflict",
    "Outcome",
    "actions",
    "bulk_views",
    "choose",
    "decide",
    "may_undo",
    "no_guest",
    "queue",
    "undo",
    "undoers",
    "undoers_of_others",
    "views",
]
