"""What makes a flat line equal to an expected one: names as bags of folded words, rooms without leading zeros,
telephones by their digits, moments to the second. Fields that are not expected may hold anything."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from pipeline.intake.text import fold

Line = Mapping[str, Any]


def _name(value: str) -> str:
    return " ".join(sorted(fold(value).split()))


def _room(value: str) -> str:
    return re.sub(r"\b0+(?=\w)", "", " ".join(value.split()).casefold())


def _phone(value: str) -> str:
    digits = re.sub(r"\D", "", value)
    return digits.removeprefix("55") if len(digits) > 11 else digits


def _moment(value: str) -> str:
    return value if len(value) > 16 else f"{value}:00"


COMPARED = {"name": _name, "room": _room, "phone": _phone, "opened": _moment, "closed": _moment}


def comparable(line: Line, keys: Iterable[str]) -> tuple[tuple[str, Any], ...]:
    return tuple(
        (key, COMPARED[key](value) if key in COMPARED and isinstance(value, str) else value)
        for key in sorted(keys)
        for value in (line.get(key),)
    )


def differences(found: list[dict[str, Any]], expected: list[dict[str, Any]]) -> list[str]:
    """Expected lines that are missing and found ones that are too many, whatever their order."""
    keys = {key for line in expected for key in line}
    if len({frozenset(line) for line in expected}) > 1:
        keys = set.intersection(*(set(line) for line in expected))
    left = [comparable(line, keys) for line in found]
    missing = []
    for line in expected:
        wanted = comparable(line, keys)
        if wanted in left:
            left.remove(wanted)
        else:
            missing.append(f"missing {dict(wanted)}")
    return missing + [f"too many {dict(line)}" for line in left]
