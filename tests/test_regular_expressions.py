"""Every regular expression of the program: its CPU time grows with the text, not with its square.

Requests, exports and typed orders are texts from outside; one quadratic pattern that meets them buys seconds of CPU
with kilobytes of text. Patterns are found by importing every module, so that a new one is tested as well.
"""

import importlib
import pkgutil
import re
import time
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

from tests.growth import growth

PACKAGES = ("sistema_os", "pipeline", "matching", "snapshots")
# Only ever given to fullmatch, and only the operator's own file.
APART = frozenset({"sistema_os.environment._ASSIGNMENT"})
UNITS = (
    *("a", "A", "1", "ç", " ", "\t", "\n", "_", "-", ".", ",", "/", "(", "<", "'", "=", "%", "["),
    *("a ", "1 ", "1.", "1-", "a.", "a@", "a-", "1a", "a=b;", "11/", "x:", " e ", "uh 1 ", "nº ", "((1", "+55 ", "a_"),
)
SHORT, LONG = 1_000, 16_000
# Sixteen times the text: a linear pattern takes sixteen times as long, a quadratic one 256 times.
MOST_GROWTH = 64
# Below this the clock measures itself.
LEAST_SECONDS = 0.003
_SKIPPED = (".management.", ".migrations.", "__main__", ".asgi", ".wsgi")


def _patterns() -> list[tuple[str, re.Pattern[str]]]:
    found: dict[tuple[str, int], str] = {}
    for module in _modules():
        for name, value in vars(module).items():
            for pattern in _within(value):
                found.setdefault((pattern.pattern, pattern.flags), f"{module.__name__}.{name}")
    return [(where, re.compile(*key)) for key, where in found.items() if where not in APART]


def _modules() -> Iterator[ModuleType]:
    for package in PACKAGES:
        root = importlib.import_module(package)
        for module in pkgutil.walk_packages(root.__path__, f"{package}."):
            if not any(part in module.name for part in _SKIPPED):
                yield importlib.import_module(module.name)


def _within(value: Any, depth: int = 0) -> Iterator[re.Pattern[str]]:
    if isinstance(value, re.Pattern):
        if isinstance(value.pattern, str):
            yield value
    elif depth < 3 and isinstance(value, tuple | list | frozenset | set):
        for one in value:
            yield from _within(one, depth + 1)
    elif depth < 3 and isinstance(value, dict):
        yield from _within(tuple(value.values()), depth + 1)


PATTERNS = _patterns()


def _grows_too_fast(pattern: re.Pattern[str], unit: str) -> bool:
    def find_all(text: str) -> None:
        for _match in pattern.finditer(text):
            pass

    short, long = ((unit * size)[:size] + "!" for size in (SHORT, LONG))
    started = time.process_time()
    find_all(long)
    if time.process_time() - started < LEAST_SECONDS:
        return False
    return growth(find_all, short, long, most=MOST_GROWTH) > MOST_GROWTH


def test_the_patterns_are_found() -> None:
    names = [where for where, _pattern in PATTERNS]
    assert "matching.erasure._CONTACT" in names
    assert names.count("sistema_os.logs._RULES") > 20
    assert len(PATTERNS) > 150


@pytest.mark.parametrize("unit", UNITS)
def test_no_pattern_grows_faster_than_its_text(unit: str) -> None:
    assert [where for where, pattern in PATTERNS if _grows_too_fast(pattern, unit)] == []


def test_a_quadratic_pattern_is_noticed() -> None:
    assert growth(re.compile(r"\s+x").findall, " " * 200, " " * 3_200, most=MOST_GROWTH) > MOST_GROWTH
