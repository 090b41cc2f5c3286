"""Which of the rooms mentioned are meant: places beside a room, corrections and negations."""

from matching.core.parsing import lexicon
from matching.core.parsing.phrases import Match, PhraseBook, read_phrases, word_set
from matching.core.parsing.scan import RoomMention, Scan

FILLERS = word_set("n no num numero nr o a do da de d del la el # . : - , ( is e eh the number")
_BESIDE = PhraseBook(read_phrases("not_own_room"))
_DENIAL_LINKS = word_set(
    """e eh era foi o a do da no na de ao mais para pro pra com sr sra seu dona senhor senhora es de del la el mr mrs
    the in"""
)
_NEXT = word_set("proximo proxima proximos")
_MAY_DENY = word_set("nao not nunca nem no *")
_WRONG = word_set("errado errada engano erro wrong mistake equivocado mal")


def mark_places_beside(scan: Scan) -> None:
    ends: dict[int, str] = {}
    for match in _BESIDE.find(scan.texts):
        if scan.text(match.start) in _NEXT and _is_asked_for(scan, match.end):
            scan.cues.append(Match("next_guest", match.start, match.end))
            continue
        ends[match.end] = "beside" if match.code == "beside" or ends.get(match.end) == "beside" else "source"
    if not ends:
        return
    previous: RoomMention | None = None
    for mention in scan.mentions:
        code = next(
            (
                ends[p]
                for p in range(mention.start, max(-1, mention.start - 4), -1)
                if p in ends and _only_fillers(scan, p, mention.start)
            ),
            "",
        )
        if (
            not code
            and previous is not None
            and previous.near
            and mention.start - previous.end <= 2
            and scan.text(previous.end) == "e"
        ):
            code = "beside"
        mention.near, mention.source = code == "beside", code == "source"
        previous = mention


def _is_asked_for(scan: Scan, place: int) -> bool:
    """`próximo do flat 10 quer escrivaninha`: somebody asks or comes, so the next guest is meant, not a place."""
    return any(cue.code in ("asks", "arrival") and cue.start >= place for cue in scan.cues)


def _only_fillers(scan: Scan, start: int, end: int) -> bool:
    return all(
        text in FILLERS or text in lexicon.ROOM_WORDS or text in _PEOPLE_BETWEEN for text in scan.texts[start:end]
    )


_PEOPLE_BETWEEN = word_set("hospede hospedes vizinho vizinha pessoal os as no na quarto room guest")


def deny_rooms(scan: Scan) -> None:
    """`203, digo 205`; `não é o 203, é o 205`; `203 não, 205`; `o 205 e não o 203`; `203 … *205`."""
    mentions = scan.mentions
    for cue in scan.cues:
        if cue.code == "correct":
            before = [m for m in mentions if m.end <= cue.start and cue.start - m.end <= 12]
            after = [m for m in mentions if m.start >= cue.end and m.start - cue.end <= 8]
            if before and after and after[0].keys != before[-1].keys:
                before[-1].denied = True
        elif cue.code == "not_and":
            for mention in mentions:
                if 0 <= mention.start - cue.end <= 3 and all(
                    t in _DENIAL_LINKS for t in scan.texts[cue.end : mention.start]
                ):
                    mention.denied = True
    _deny_mistyped(scan)
    if _MAY_DENY.isdisjoint(scan.texts):
        return
    for place, text in enumerate(scan.texts):
        if is_negation(scan, place):
            _negate(scan, place)
        elif text == "*" and scan.glued(place + 1):
            after = [m for m in mentions if m.start == place + 1]
            before = [m for m in mentions if m.end <= place]
            if after and before:
                before[-1].denied = True


def _deny_mistyped(scan: Scan) -> None:
    """`803 sul, digitei 308, foi mal`: what was typed is wrong where the text apologises and names another room."""
    codes = scan.cue_codes()
    if "mistyped" not in codes or ("correct" not in codes and _WRONG.isdisjoint(scan.texts)):
        return
    for cue in scan.cues:
        typed = [m for m in scan.mentions if cue.code == "mistyped" and 0 <= m.start - cue.end <= 2]
        if typed and any(m.keys != typed[0].keys and not m.denied for m in scan.mentions):
            typed[0].denied = True


def may_deny(scan: Scan) -> bool:
    """Is there any word or sign that negates or corrects?"""
    return not _MAY_DENY.isdisjoint(scan.texts)


def is_negation(scan: Scan, place: int) -> bool:
    text, after = scan.text(place), scan.text(place + 1)
    return text in ("nao", "not", "nunca", "nem") or (
        text == "no" and (after == "es" or (after[:1].isdigit() and "sino" in scan.texts))
    )


def _negate(scan: Scan, place: int) -> None:
    mentions = scan.mentions
    after = next((m for m in mentions if m.start > place), None)
    if after is not None and after.start - place <= 5:
        between = scan.texts[place + 1 : after.start]
        denied = all(text in _DENIAL_LINKS or text in lexicon.ROOM_WORDS or text in lexicon.NAMES for text in between)
        another = any(m is not after for m in mentions)
        if denied and (another or not any(text in lexicon.NAMES for text in between)):
            after.denied = True
            return
    before = next((m for m in reversed(mentions) if m.end <= place), None)
    close = (
        before is not None
        and place - before.end <= 1
        and scan.text(place + 1) in (",", ".", ";", ":", "!", "-", "e", "eh")
    )
    if before is not None and close and after is not None and after.start - place <= 7:
        before.denied = True
