"""Exports of chat groups (WhatsApp on Android and iOS): messages, and which of them can be orders.

A line that starts with date, time and sender opens a message; any other goes on in the one above.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from functools import lru_cache
from typing import Any, Final, NamedTuple

from pipeline.intake import date_order
from pipeline.intake.contract import Answers
from pipeline.intake.dates import Order, Stamp, scan
from pipeline.intake.tables import Ignored
from pipeline.intake.text import clean, fold
from pipeline.intake.words import load
from pipeline.intake.words import sentences as say

_STAMP: Final = (
    r"\d{1,4}[./-]\d{1,2}[./-]\d{2,4}(?:,|\s|às|as|at|klo)+\s*\d{1,2}[:.]\d{2}(?:[:.]\d{2})?"
    r"(?:[\s\u202f]?[ap]\.?[\s\u202f]?m\.?|\s+da\s+(?:manhã|tarde|noite|madrugada))?"
)
_IOS = re.compile(rf"^\[(?P<stamp>{_STAMP})\]\s*(?P<rest>.*)$", re.IGNORECASE | re.DOTALL)
_ANDROID = re.compile(rf"^(?P<stamp>{_STAMP})\s+[-–]\s+(?P<rest>.*)$", re.IGNORECASE | re.DOTALL)
_SENDER = re.compile(r"^(?P<sender>[^:\n]{1,60}?):(?:\s+(?P<text>.*))?$", re.DOTALL)
_ATTACHMENT = re.compile(r"^<?[\w .()-]+\.\w{3,4}\s*\(.+\)$|^<.+>$")
_FILE_NAME: Final = re.compile(
    r"^(?:\W*(?:IMG|VID|AUD|PTT|DOC|STK|PHOTO|VIDEO|\d{8}-PHOTO)[-\w]*\.\w{3,4})\b", re.IGNORECASE
)
# A shared place: "Localização: https://maps.google.com/?q=..." and nothing else.
_PLACE: Final = re.compile(r"^(?:\w+:\s*)?https?://\S*(?:maps|goo\.gl)\S*$", re.IGNORECASE)
_ENOUGH: Final = 0.3


class Message(NamedTuple):
    row: int
    stamp: Stamp
    written: str
    """The date as written."""
    rest: str


@lru_cache(maxsize=1)
def _words() -> dict[str, list[str]]:
    return {group: list(words) for group, words in load("chats.json").items()}


def is_chat(lines: Sequence[str]) -> bool:
    """Do enough of the first lines open a message?"""
    head = [line for line in lines[:80] if line.strip()]
    return bool(head) and sum(_opens(line) is not None for line in head) >= max(1, _ENOUGH * len(head))


def _opens(line: str) -> re.Match[str] | None:
    plain = clean(line)
    return _IOS.match(plain) or _ANDROID.match(plain)


def messages(lines: Sequence[str]) -> Iterator[Message]:
    found: Message | None = None
    for number, line in enumerate(lines, 1):
        match = _opens(line)
        stamp = scan(match["stamp"]) if match else None
        if match and stamp:
            if found:
                yield found
            found = Message(number, stamp, match["stamp"], match["rest"])
        elif found and line.strip():
            found = found._replace(rest=f"{found.rest}\n{clean(line)}")
    if found:
        yield found


def decide_order(found: Sequence[Message], today: date | None, answers: Answers) -> date_order.Decision:
    dates = date_order.Dates(moments=[message.stamp for message in found], today=today)
    dates.samples = {message.stamp: message.written for message in reversed(found)}
    return date_order.decide(dates, answers)


def order_lines(
    found: Sequence[Message], order: Order, today: date | None, ignore: Callable[[Ignored], None]
) -> Iterator[dict[str, Any]]:
    """An order line for each message of a person; `order` is False for answers, greetings and thanks."""
    for message in found:
        match = _SENDER.match(message.rest)
        text = _own_text(match["text"] or "") if match else ""
        reason = _no_message(message.rest, match, text)
        if reason or match is None:
            ignore(Ignored(message.row, reason))
            continue
        moment = message.stamp.moment(order, today)
        if moment is None:
            ignore(Ignored(message.row, say.BAD_DATE))
            continue
        yield {
            "opened": f"{moment:%Y-%m-%d %H:%M:%S}",
            "text": text,
            "requester": clean(match["sender"]).lstrip("~ "),
            "order": is_order(text),
        }


def _no_message(rest: str, match: re.Match[str] | None, text: str) -> str:
    folded = fold(rest)
    if match is None:
        return say.SYSTEM_MESSAGE
    said = fold(match["text"] or "")
    if any(said == fold(words) or said.startswith(fold(words)) for words in _words()["deleted"]):
        return say.DELETED
    if not text:
        return say.MEDIA
    system = _words()["system"][:5]
    return say.SYSTEM_MESSAGE if any(words in folded for words in system) else ""


def _own_text(text: str) -> str:
    """What the person wrote: marks of edited messages, attachments and hidden media off."""
    for mark in _words()["edited"]:
        text = re.sub(re.escape(mark), "", text, flags=re.IGNORECASE)
    kept = [line for line in text.split("\n") if not _is_media(line)]
    return clean("\n".join(kept))


def _is_media(line: str) -> bool:
    folded = fold(line)
    if folded in {fold(words) for words in _words()["media"]}:
        return True
    attached = any(fold(words) in folded for words in _words()["attached"])
    return bool(_FILE_NAME.match(line) or _PLACE.match(line.strip())) or (
        attached and bool(_ATTACHMENT.match(line.strip()))
    )


def is_order(text: str) -> bool:
    """False for answers ("ok, já fui"), greetings and thanks; whatever asks for something or names a room is one."""
    folded = fold(text)
    if not folded or folded in _answers():
        return False
    last = folded.split()[-1]
    if last in _words()["done"] and "?" not in text and not set(folded.split()) & set(_words()["negations"]):
        return False
    pieces = [fold(piece) for piece in re.split(r"[,.!\n;]+", text) if fold(piece)]
    if all(_is_made_of_answers(piece.split()) for piece in pieces):
        return False
    if _reports_done(pieces) and "?" not in text:
        return False
    starts = any(folded.startswith(words) for words in _words()["answer_starts"])
    return not (starts and len(folded.split()) <= 8 and not _asks(pieces))


def _is_made_of_answers(words: Sequence[str]) -> bool:
    """ "blz to indo" is "blz" and "to indo"."""
    return not words or any(
        " ".join(words[:length]) in _answers() and _is_made_of_answers(words[length:])
        for length in range(1, min(len(words), 4) + 1)
    )


def _reports_done(pieces: Sequence[str]) -> bool:
    """ "101 ok, era o filtro": a room and that it is done, and no other room."""
    first = pieces[0].split()
    done = 1 < len(first) <= 3 and any(map(str.isdigit, first[0])) and first[-1] in _words()["done"]
    return done and not any(any(map(str.isdigit, piece)) for piece in pieces[1:])


@lru_cache(maxsize=1)
def _answers() -> frozenset[str]:
    return frozenset(fold(words) for words in _words()["answers"])


def _asks(pieces: Sequence[str]) -> bool:
    """A greeting that goes on with something of its own: "Bom dia, 305 sem água quente"."""
    own = [piece for piece in pieces if piece not in _answers()]
    greeted = len(own) < len(pieces)
    return (
        greeted
        and any(any(c.isdigit() for c in piece) or len(piece.split()) > 2 for piece in own)
        and not any(own[0].startswith(words) for words in _words()["answer_starts"])
    )
