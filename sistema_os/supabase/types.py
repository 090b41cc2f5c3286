"""Values that cross the client's border: rows, answers, preferences, the key."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, NoReturn, TypeVar

Row = dict[str, Any]
T = TypeVar("T")


class CountMethod(StrEnum):
    """How PostgREST counts: `planned` and `estimated` are the planner's guesses."""

    exact = "exact"
    planned = "planned"
    estimated = "estimated"


class ReturnMethod(StrEnum):
    """What a write answers with."""

    minimal = "minimal"
    representation = "representation"


@dataclass(frozen=True, slots=True)
class APIResponse(Generic[T]):
    """`count` is filled only when the query asked for one."""

    data: T
    count: int | None = None

    def __repr__(self) -> str:
        size = len(self.data) if isinstance(self.data, list) else type(self.data).__name__
        return f"<APIResponse data={size} count={self.count}>"


@dataclass(slots=True)
class ServerInfo:
    """What the process has learned about one PostgREST.

    `version` is "" and `max_rows`, the row cap, None until known; `proven_rows` have been seen in one answer.
    """

    version: str = ""
    max_rows: int | None = None
    proven_rows: int = 0

    def is_before(self, major: int, minor: int) -> bool:
        """Also for an unknown version."""
        numbers = [int(part) for part in self.version.split(".")[:2] if part.isdecimal()]
        return tuple(numbers) < (major, minor)


class Secret(Generic[T]):
    """A key that shows itself only to `reveal()`: never in a repr, a log, a pickle or a traceback."""

    __slots__ = ("_value",)

    def __init__(self, value: T) -> None:
        self._value = value

    def reveal(self) -> T:
        return self._value

    def __repr__(self) -> str:
        return "Secret('***')"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not pickled")
