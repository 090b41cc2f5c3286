"""Room numbers: one form for a room, and the slips of the finger between two."""

import re

_ROOM = re.compile(r"\s*(?:[^\W\d_]+[\s.:#º°]*)*?0*(\d{1,5}[a-z]?)\s*")


def room_key(text: object) -> str:
    """`"     0203 "` and `"203"` are one room, `"12A"` and `"12a"` too; "" for none."""
    plain = str(text).strip().lower() if text is not None else ""
    return plain.lstrip("0") or plain


def is_swap(left: str, right: str) -> bool:
    """Two neighbouring digits typed in the other order."""
    if len(left) != len(right) or left == right:
        return False
    differ = [i for i in range(len(left)) if left[i] != right[i]]
    return (
        len(differ) == 2
        and differ[1] == differ[0] + 1
        and left[differ[0]] == right[differ[1]]
        and left[differ[1]] == right[differ[0]]
    )


def is_one_off(left: str, right: str) -> bool:
    """One digit typed wrong."""
    return len(left) == len(right) >= 3 and sum(a != b for a, b in zip(left, right, strict=True)) == 1
