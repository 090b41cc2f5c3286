"""Every word on a screen has its Portuguese, and what is committed is what is served."""

import re

import polib
import pytest

from tests import catalogues
from tests.catalogues import APPS, Message

_PLACEHOLDER = re.compile(r"%(?:\(\w+\))?[\d.]*[sdfgi]|\{\w*\}")


@pytest.mark.parametrize("app", APPS)
def test_everything_said_has_a_portuguese_translation_in_its_own_app(app: str) -> None:
    held = {catalogues.key(entry) for entry in catalogues.catalogue(app) if catalogues.translated(entry)}
    said = catalogues.messages_of(app)
    missing = [f"{place}: {message.id!r}" for message, place in said.items() if message.id and message not in held]
    assert not missing


@pytest.mark.parametrize("app", APPS)
def test_no_catalogue_holds_what_nobody_says(app: str) -> None:
    said = catalogues.messages_of(app)
    assert not [entry.msgid for entry in catalogues.catalogue(app) if catalogues.key(entry) not in said]


@pytest.mark.parametrize("app", APPS)
def test_no_translation_is_a_guess(app: str) -> None:
    assert not [entry.msgid for entry in catalogues.catalogue(app) if entry.fuzzy or entry.obsolete]


@pytest.mark.parametrize("app", APPS)
def test_the_compiled_catalogue_is_the_written_one(app: str) -> None:
    path = catalogues.catalogue_path(app).with_suffix(".mo")
    assert path.is_file()
    compiled = polib.mofile(str(path))
    written = catalogues.catalogue(app).translated_entries()
    assert {_content(entry) for entry in compiled} == {_content(entry) for entry in written}


def _content(entry: polib.POEntry) -> tuple[Message, str, tuple[tuple[int, str], ...]]:
    plural = {int(number): text for number, text in entry.msgstr_plural.items()}
    return catalogues.key(entry), entry.msgstr, tuple(sorted(plural.items()))


@pytest.mark.parametrize("app", APPS)
def test_translations_keep_the_placeholders(app: str) -> None:
    translated = [entry for entry in catalogues.catalogue(app) if catalogues.translated(entry)]
    assert not [entry.msgid for entry in translated if not _same_placeholders(entry)]


def _same_placeholders(entry: polib.POEntry) -> bool:
    """A singular may leave its number out ("um hóspede"), nothing may be added."""
    wanted = _placeholders(entry.msgid) | _placeholders(entry.msgid_plural or "")
    if not entry.msgid_plural:
        return _placeholders(entry.msgstr) == wanted
    return all(_placeholders(text) <= wanted for text in entry.msgstr_plural.values())


def _placeholders(text: str) -> set[str]:
    return {match.group(0) for match in _PLACEHOLDER.finditer(text.replace("%%", ""))}


@pytest.mark.parametrize("app", APPS)
def test_no_message_is_put_together_before_it_is_looked_up(app: str) -> None:
    assert not catalogues.built_messages(app)


def test_the_extraction_sees_python_templates_plurals_and_contexts() -> None:
    said = {message for app in APPS for message in catalogues.messages_of(app)}
    assert Message("Good morning, %(name)s") in said
    assert Message("Back to the dashboard") in said
    assert Message("%(counter)s row", "%(counter)s rows") in said
