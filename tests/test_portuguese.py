"""The Portuguese of the screens: chosen words, and the same words wherever a message is shown."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import polib
import pytest
from django.utils import translation

from tests import catalogues
from tests.catalogues import APPS, ROOT

WORDS: Final[list[dict[str, str]]] = tomllib.loads(
    (Path(__file__).parent / "forbidden_portuguese.toml").read_text(encoding="utf-8")
)["words"]
MANUAL: Final = ROOT / "docs" / "operacao.md"
_PLACEHOLDER: Final = re.compile(r"%\(\w+\)[sdg]|%[sd]|\{\w*\}")
_CODE_OR_TARGET: Final = re.compile(r"`[^`\n]*`|\[[\w.-]+/[\w./-]+\]\([^)\n]*\)|\]\([^)\n]*\)")


def _texts(entry: polib.POEntry) -> list[str]:
    return list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]


def _plain(text: str) -> str:
    return _PLACEHOLDER.sub("…", text)


def _on_screens() -> Iterator[tuple[str, str]]:
    """Place and text of every translation; the scripts' catalogue too."""
    for path in (
        *map(catalogues.catalogue_path, APPS),
        catalogues.catalogue_path("sistema_os").with_name("djangojs.po"),
    ):
        for entry in polib.pofile(str(path)):
            yield from ((f"{path.parents[3].name}: {entry.msgid}", text) for text in _texts(entry))


def _in_the_manual() -> Iterator[tuple[str, str]]:
    """Line by line, without code, file names and link targets: names of commands and settings are not prose."""
    for number, line in enumerate(MANUAL.read_text(encoding="utf-8").splitlines(), 1):
        yield f"{MANUAL.name}:{number}", _CODE_OR_TARGET.sub(" ", line)


@pytest.mark.parametrize("word", WORDS, ids=lambda word: word["example"])
def test_a_forbidden_word_does_not_come_back(word: dict[str, str]) -> None:
    pattern = re.compile(word["pattern"], re.IGNORECASE)
    assert pattern.search(_plain(word["example"])), "the pattern must find its own example"
    texts = (*_on_screens(), *_in_the_manual())
    found = [f"{place} -> {text}" for place, text in texts if pattern.search(_plain(text))]
    assert not found, word["reason"]


def test_every_forbidden_word_has_its_reason_once() -> None:
    assert all(word["reason"] for word in WORDS)
    assert len({word["pattern"] for word in WORDS}) == len(WORDS)


def _shown(entry: polib.POEntry) -> list[str]:
    match (entry.msgctxt, entry.msgid_plural):
        case (None | "", ""):
            return [translation.gettext(entry.msgid)]
        case (context, ""):
            return [translation.pgettext(context, entry.msgid)]
        case (None | "", plural):
            return [translation.ngettext(entry.msgid, plural, number) for number in (1, 2)]
        case (context, plural):
            return [translation.npgettext(context, entry.msgid, plural, number) for number in (1, 2)]


@pytest.mark.parametrize("app", APPS)
def test_a_message_is_shown_as_its_own_catalogue_has_it(app: str) -> None:
    """Django merges the catalogues of all apps: of two translations of one message, one is never seen."""
    with translation.override("pt-br"):
        other = {entry.msgid: _shown(entry) for entry in catalogues.catalogue(app) if _shown(entry) != _texts(entry)}
    assert not other
