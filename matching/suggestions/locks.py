"""One order of locks for everything that changes suggestions: the orders first, by number; then the rest."""

from collections.abc import Callable, Iterable
from typing import TypeVar
from uuid import UUID

from django.db import OperationalError

from matching.models import MatchSuggestion, Order

Fence = Callable[[], None]
Result = TypeVar("Result")
_TRIES = 3


def no_fence() -> None:
    """For callers that are not a run."""


def lock_orders(ids: Iterable[int]) -> dict[int, Order]:
    """The orders as they are now, held until the transaction ends."""
    return {o.pk: o for o in Order.objects.select_for_update().filter(pk__in=set(ids)).order_by("pk")}


def lock_order_of(suggestion: UUID | str) -> Order:
    """The order of that suggestion, as `lock_orders` does. Raises MatchSuggestion.DoesNotExist."""
    try:
        return Order.objects.select_for_update(of=("self",)).get(suggestions=UUID(str(suggestion)))
    except Order.DoesNotExist as error:
        raise MatchSuggestion.DoesNotExist from error


def again_after_deadlock(transaction: Callable[[], Result]) -> Result:
    """A run locks several sets of orders in one transaction, so a whole batch may meet it crosswise. PostgreSQL
    ends one of the two; a person's transaction is then simply tried again."""
    for _ in range(_TRIES - 1):
        try:
            return transaction()
        except OperationalError as error:
            if getattr(error.__cause__, "sqlstate", "") not in ("40P01", "40001"):
                raise
    return transaction()
