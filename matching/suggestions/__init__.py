"""Changes of suggestions: reconciling with the engine's candidates, restoring after an undo, and the order of locks."""

from matching.suggestions.locks import Fence, lock_order_of, lock_orders, no_fence, retry_on_deadlock
from matching.suggestions.reconcile import Changes, Rejections, reconcile_order
from matching.suggestions.restore import restore_suggestions, restore_with_conflict

__all__ = [
    "Changes",
    "Fence",
    "Rejections",
    "lock_order_of",
    "lock_orders",
    "no_fence",
    "reconcile_order",
    "restore_suggestions",
    "restore_with_conflict",
    "retry_on_deadlock",
]
