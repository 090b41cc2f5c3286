"""The translations: what the code says and what the catalogues hold.

`python -m tests.catalogues` brings them together: it adds what is missing with an empty translation, drops what nobody
says any more, compiles, and exits 1 while a translation is empty.
"""

import ast
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any, Final, NamedTuple

import polib
from babel.messages.extract import extract_python
from django.utils.translation.template import templatize

ROOT: Final = Path(__file__).resolve().parents[1]
APPS: Final = ("sistema_os", "pipeline", "matching", "snapshots")
# Name -> positions of message, plural, context.
FUNCTIONS: Final[dict[str, tuple[int, int | None, int | None]]] = {
    "gettext": (0, None, None),
    "gettext_lazy": (0, None, None),
    "gettext_noop": (0, None, None),
    "ngettext": (0, 1, None),
    "ngettext_lazy": (0, 1, None),
    "pgettext": (1, None, 0),
    "pgettext_lazy": (1, None, 0),
    "npgettext": (1, 2, 0),
    "npgettext_lazy": (1, 2, 0),
}
_TEMPLATE_KEYWORDS: Final = dict.fromkeys(("gettext", "_", "ngettext", "pgettext", "npgettext"))


class Message(NamedTuple):
    id: str
    plural: str = ""
    context: str = ""


class Built(NamedTuple):
    """A message put together before it is looked up: no catalogue can hold it."""

    path: Path
    line: int


def catalogue_path(app: str) -> Path:
    return ROOT / app / "locale" / "pt_BR" / "LC_MESSAGES" / "django.po"


def catalogue(app: str) -> polib.POFile:
    path = catalogue_path(app)
    return polib.pofile(str(path)) if path.is_file() else polib.POFile(encoding="utf-8")


@cache
def messages_of(app: str) -> dict[Message, str]:
    """Every message of an app with the first place that says it."""
    found: dict[Message, str] = {}
    for path, line, message in _said_in(app):
        found.setdefault(message, f"{path.relative_to(ROOT)}:{line}")
    return found


def _said_in(app: str) -> Iterator[tuple[Path, int, Message]]:
    for path in sorted((ROOT / app).rglob("*.py")):
        for line, message in _in_python(path):
            if isinstance(message, Message):
                yield path, line, message
    for path in sorted((ROOT / app).rglob("templates/**/*.*")):
        if path.suffix in {".html", ".txt"}:
            yield from ((path, line, message) for line, message in _in_template(path))


def built_messages(app: str) -> list[Built]:
    return [
        message
        for path in sorted((ROOT / app).rglob("*.py"))
        for _line, message in _in_python(path)
        if isinstance(message, Built)
    ]


def _in_python(path: Path) -> Iterator[tuple[int, Message | Built]]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = _aliases(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and (function := names.get(_callee(node))):
            yield node.lineno, _message(path, node, function)


def _aliases(tree: ast.Module) -> dict[str, str]:
    """What this file calls the functions of django.utils.translation."""
    names = {f"translation.{name}": name for name in FUNCTIONS}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation":
            names |= {alias.asname or alias.name: alias.name for alias in node.names if alias.name in FUNCTIONS}
    return names


def _callee(node: ast.Call) -> str:
    match node.func:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=ast.Name(id=owner), attr=name):
            return f"{owner}.{name}"
        case _:
            return ""


def _message(path: Path, node: ast.Call, function: str) -> Message | Built:
    texts = [_text(node.args[place]) if place is not None else "" for place in FUNCTIONS[function]]
    if any(text is None for text in texts):
        return Built(path, node.lineno)
    return Message(*(text or "" for text in texts))


def _text(node: ast.expr) -> str | None:
    """The literal; "" for a variable, whose text was marked where it was written; None for one put together."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr() | ast.BinOp():
            return None
        case ast.Call(func=ast.Attribute(attr="format" | "join")):
            return None
        case _:
            return ""


def _in_template(path: Path) -> Iterator[tuple[int, Message]]:
    # Within parentheses the tokenizer ignores the indentation that the template's elements have.
    source = BytesIO(f"({templatize(path.read_text(encoding='utf-8'), origin=str(path))}\n)".encode())
    found: Iterable[Any] = extract_python(source, _TEMPLATE_KEYWORDS, (), {"encoding": "utf-8"})
    for line, function, texts, _comments in found:
        parts = [text or "" for text in ((texts,) if isinstance(texts, str) else texts)]
        places = FUNCTIONS["gettext" if function == "_" else function]
        yield line, Message(*("" if place is None else parts[place] for place in places))


def key(entry: polib.POEntry) -> Message:
    return Message(entry.msgid, entry.msgid_plural or "", entry.msgctxt or "")


def translated(entry: polib.POEntry) -> bool:
    texts = entry.msgstr_plural.values() if entry.msgid_plural else [entry.msgstr]
    return bool(texts) and all(texts) and not entry.fuzzy and not entry.obsolete


def update(app: str) -> list[Message]:
    """Brings an app's catalogue to what its code says and compiles it; returns what still lacks a translation."""
    po, said = catalogue(app), messages_of(app)
    kept = {key(entry): entry for entry in po if key(entry) in said}
    for entry in [entry for entry in po if kept.get(key(entry)) is not entry]:
        po.remove(entry)
    for message in said.keys() - kept.keys() - {Message("")}:
        plural = {0: "", 1: ""} if message.plural else {}
        po.append(
            polib.POEntry(
                msgid=message.id, msgid_plural=message.plural, msgctxt=message.context or None, msgstr_plural=plural
            )
        )
    catalogue_path(app).parent.mkdir(parents=True, exist_ok=True)
    po.save(str(catalogue_path(app)))
    po.save_as_mofile(str(catalogue_path(app).with_suffix(".mo")))
    return [key(entry) for entry in po if not translated(entry)]


def main() -> int:
    missing = {app: update(app) for app in APPS}
    for app, messages in missing.items():
        for message in messages:
            sys.stdout.write(f"{app}: no translation for {message.id!r}\n")
    return 1 if any(missing.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
