"""Room numbers: one form for a room, and the slips of the finger between two."""


def room_key(text: object) -> str:
    """`"     0203 "` and `"203"` are one room, `"12A"` and `"12a"` too; "" for none."""
    plain = str(text).strip().lower() if text is not None else ""
    return plain.lstrip("0") or plain


def swaps(room: str) -> set[str]:
    """The room with two neighbouring digits in the other order; short numbers are not taken for slips."""
    if len(room) < 3:
        return set()
    return {room[:i] + room[i + 1] + room[i] + room[i + 2 :] for i in range(len(room) - 1)} - {room}


def is_one_off(left: str, right: str) -> bool:
    """One digit typed wrong."""
    return len(left) == len(right) >= 3 and sum(a != b for a, b in zip(left, right, strict=True)) == 1
