"""One order of locks for everything that changes suggestions: the orders first, by number; then the rest."""

from collections.abc import Callable, Iterable

from matching.models import Order

Fence = Callable[[], None]


def no_fence() -> None:
    """For callers that are not a run."""


def lock_orders(ids: Iterable[int]) -> dict[int, Order]:
    """The orders as they are now, held until the transaction ends."""
    return {o.pk: o for o in Order.objects.select_for_update().filter(pk__in=set(ids)).order_by("pk")}
