"""The lock order of everything that changes suggestions: orders by primary key first, then the rest."""

from collections.abc import Callable, Iterable
from typing import TypeVar
from uuid import UUID

from django.db import OperationalError

from matching.models import MatchSuggestion, Order

Fence = Callable[[], None]
Result = TypeVar("Result")
_TRIES = 3
_DEADLOCK, _SERIALIZATION_FAILURE = "40P01", "40001"


def no_fence() -> None:
    """The fence of callers that are not a run."""


def lock_orders(ids: Iterable[int]) -> dict[int, Order]:
    """The current rows, locked until the transaction ends."""
    return {o.pk: o for o in Order.objects.select_for_update().filter(pk__in=set(ids)).order_by("pk")}


def lock_order_of(suggestion: UUID | str) -> Order:
    """As `lock_orders`, for the order of a suggestion. Raises MatchSuggestion.DoesNotExist."""
    try:
        return Order.objects.select_for_update(of=("self",)).get(suggestions=UUID(str(suggestion)))
    except Order.DoesNotExist as error:
        raise MatchSuggestion.DoesNotExist from error


def retry_on_deadlock(transaction: Callable[[], Result]) -> Result:
    """Retries a transaction that PostgreSQL ended because of a deadlock: a run locks several sets of orders in one
    transaction, so a batch may lock them in the opposite order."""
    for _ in range(_TRIES - 1):
        try:
            return transaction()
        except OperationalError as error:
            if getattr(error.__cause__, "sqlstate", "") not in (_DEADLOCK, _SERIALIZATION_FAILURE):
                raise
    return transaction()
