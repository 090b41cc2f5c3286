"""Answers that are kept because they are asked for again, never without end."""

from collections.abc import Callable
from typing import TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")
MOST = 50_000


def remembered(known: dict[Key, Value], key: Key, find: Callable[[], Value], most: int = MOST) -> Value:
    """What is known of the key, or found now. When `most` are known all are forgotten: whoever asks about ever new
    things pays for the finding, not with the memory of the machine."""
    if key not in known:
        if len(known) >= most:
            known.clear()
        known[key] = find()
    return known[key]
