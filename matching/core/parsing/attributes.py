"""What tells a guest beside name and room: country, organisation, channel, room type, notes, plates, moves.

Both sides are brought to the same labels, `kind:value`: `country:ar`, `org:petrobras`, `channel:booking`,
`type:master`, `note:pilot`, `word:corolla`, `plate:abc1d23`.
"""

import datetime as dt
import re
from collections.abc import Collection, Iterator, Sequence

from matching.core.parsing import lexicon
from matching.core.parsing.fields import Row
from matching.core.parsing.phrases import word_set
from matching.core.parsing.scan import Scan
from matching.core.parsing.text import strip_marks, words

# Kind of label -> the comparison that weighs it.
COMPARISON_OF = {
    "country": "country",
    "org": "label",
    "channel": "channel",
    "type": "room_type",
    "note": "note",
    "word": "note",
    "plate": "plate",
}
PLATE = re.compile(
    r"(?<![A-Za-z0-9])(?!(?:apt|qto|uhs|hab|del|dos|das|voo|ref|tel|sac)\d)([A-Za-z]{3})(?:-?(?=\d{4})|[\s-]?(?=\d[A-Za-z]))(\d[A-Za-z0-9]\d{2})(?![A-Za-z0-9])"
)
_FOREIGN_PLATE = re.compile(
    r"\bplaca\W{0,3}(?:do carro\W{0,3})?([A-Za-z0-9][A-Za-z0-9 -]{3,8}[A-Za-z0-9])", re.IGNORECASE
)
_SHORT_PLATE = re.compile(
    r"\b(?:placa|plate|matricula)\b\W{0,3}(?:do|da|de|final|terminada|em|com|e|\W){0,6}([A-Za-z]{3}|\d[A-Za-z0-9]\d{2}|\d{3})(?!\w)",
    re.IGNORECASE,
)
_DIGIT = re.compile(r"\d")
# A plate typed with letters for the digits that look like them: `QNT-77O8`.
_LOOSE_PLATE = re.compile(
    r"(?<![A-Za-z0-9])(?!(?:apt|qto|uhs|hab|del|dos|das|voo|ref|tel|sac)[\W\d])([A-Za-z]{3})"
    r"(?:-?(?=[\dOoIl][\dA-Za-z])|\s(?=\d[A-Za-z]))([\dOoIl][\dA-Za-z][\dOoIl]{2})(?![A-Za-z0-9])"
)
_AS_DIGIT = str.maketrans("oil", "011")
# `MAQUIAGEM (CACAU)`, `BABA (JOSIANE)`: a name by which somebody of the booking is called.
_IN_BRACKETS = re.compile(r"\(([A-Za-z]{4,}(?: [A-Za-z]{4,})?)\)")
# Words, and names of letters and digits as those of cars (`HB20`, `S10`).
_NOTE_TOKEN = re.compile(r"\b[^\W\d_]{1,3}\d{1,2}\b|[^\W\d_]+|:")
MIN_MODEL = 3
MAX_NOTE = 400
# Nights from which a guest counts as one who lives in the house.
LONG_STAY = 10
_MOVE = re.compile(
    r"\b(?:mudou|mudaram|mudanca|mud|trocou|trocaram|troca|transf\w*|veio|vieram|remanej\w*|realoc\w*|moved|move"
    r"|antes|anterior|anteriormente|estava|estavam|cambio|migrou|passou|saiu|origem|upgrade|downgrade|relocated)\b"
)
_MOVED_ROOM = re.compile(
    r"(?P<to>(?:\bpara o?a?|\bp/|\bpra|\bpro|\bto|->|=>|>|\bao|\ba)\s*)?\b(?:uh|apto|ap|quarto|qto|hab|room)?\b\s*"
    r"(?P<room>(?:[a-z]{1,6}(?:\d{1,2}[ -]|[ -]?))?\d{1,5}(?:(?:-?[a-z]| [b-df-n])(?![a-z/]))?"
    r"(?: ?(?:cama|leito) ?\w{1,2}|-[a-z]?\d{1,2})?)\b"
)
_MOMENT = re.compile(
    r"\b\d{1,2}[/.]\d{1,2}(?:[/.]\d{2,4})?(?:\s*(?:as\s*)?\d{1,2}[:h]\d{0,2})?|\b\d{1,2}[:h]\d{2}\b|\b\d{1,2}h\b"
)
_NO_ROOM = re.compile(r"^(?:(?:do|da|de|no|na|em|dia|as|ate|from|to|para|the|in|o|a|uh)[ -]|p )")
_DATE = re.compile(r"\b(\d{1,2})[/.](\d{1,2})\b")
_COMMON = lexicon.SERVICE | lexicon.PLACES | lexicon.PARTICLES | lexicon.ROOM_WORDS | lexicon.GUEST_WORDS
_COMMON |= lexicon.NAMES | lexicon.ASKS | lexicon.ARRIVAL | lexicon.GONE | frozenset(lexicon.PERSON_NOUNS)
_COMMON |= (
    frozenset(lexicon.KIN_SEX)
    | lexicon.HONORIFICS
    | lexicon.ROLES
    | lexicon.OBJECTS
    | word_set(
        """hotel hoteis turismo viagens ltda eireli pgto faturado faturar fat obs vip cafe incluso all inclusive late
    early flat chd adt"""
    )
)
MIN_WORD = 4
_ORGANISATION_CUES = word_set(
    """grupo empresa equipe time turma pessoal delegacao excursao convencao evento congresso firma cia companhia
    agencia da do pela pelo from of group team company grupo equipo empresa comitiva banda funcionario
    funcionarios funcionaria"""
)
_ARTICLES = word_set(
    """o a os as um uma do da dos das ao aos pelo pela pelos the el la los las del un una no na e com"""
)
_DEFINITE = word_set(
    """o a os as do da dos das ao aos pelo pela the el la los las del al seu esse este aquele essa aquela"""
)
# Attributes of what a guest has or needs, which are told with "com", "de" or "do" behind the guest.
_THINGS = word_set(
    """wheelchair pet baby celiac vegetarian allergy motorbike truck electric van birthday wedding anniversary
    long_stay diabetic early_departure surfer cyclist"""
)
_KIN_NOTES = frozenset(
    code
    for code in [
        "daughter_of",
        "son_of",
        "granddaughter_of",
        "grandson_of",
        "mother_of",
        "father_of",
        "brother_of",
        "sister_of",
        "grandmother_of",
        "wife_of",
        "husband_of",
        "friend_of",
        "boss_of",
    ]
)


_KIN_GROUPS = {
    word: group
    for group, words_ in {
        "parents_of": "pai mae pais father mother parents padre madre padres sogro sogra sogros",
        "siblings_of": "irmao irma irmaos irmas brother sister hermano hermana",
        "grandparents_of": "avo avos vovo grandmother grandfather abuela abuelo",
        "godparents_of": "padrinho madrinha padrinhos madrinhas",
        "uncles_of": "tio tia tios uncle aunt",
        "cousins_of": "primo prima primos cousin",
        "friends_of": "amigo amiga amigos friend friends",
    }.items()
    for word in words_.split()
}


# --- the guest's side ----------------------------------------------------------------------------------
def labels_of(booking: Row, guest: Row) -> frozenset[str]:
    """Labels of a stay, from its booking and its guest."""
    found = {f"org:{w}" for c in ("agencia", "empresa") for w in words(_text(booking, c)) if len(w) > 2}
    found |= {
        f"org:{w}" for w in words(_text(booking, "grupo_codigo")) if len(w) > 2 and w not in ("grp", "grupo", "gr")
    }
    if country := _text(guest, "pais").strip().lower()[:2]:
        found.add(f"country:{country}")
    if channel := _text(booking, "canal"):
        found |= {f"channel:{match.code}" for match in lexicon.CHANNELS.find(words(channel))}
    found |= {f"type:{w}" for w in words(_text(booking, "tipo_uh")) if len(w) > 2}
    if note := _text(booking, "observacoes"):
        found |= set(_note_labels(note))
    return frozenset(found)


def _text(row: Row, column: str) -> str:
    return str(row.get(column) or "")[:MAX_NOTE]


def _note_labels(note: str) -> Iterator[str]:
    plain = strip_marks(note)
    yield from (f"plate:{plate}" for plate in plates(plain))
    yield from (f"word:{word}" for part in _IN_BRACKETS.findall(plain) for word in words(part) if len(word) >= MIN_WORD)
    texts = _NOTE_TOKEN.findall(plain.lower())
    for match in lexicon.ATTRIBUTES.find(texts):
        if kin := _kin_before(texts, match.start):
            yield f"note:{kin}_{match.code}"
        elif not (match.code in _KIN_NOTES and _is_of_another(texts, match.start, match.end)):
            yield f"note:{match.code}"
    yield from (
        f"word:{word}"
        for word in texts
        if (word[-1].isdigit() and len(word) >= MIN_MODEL)
        or (word != ":" and len(word) >= MIN_WORD and (word not in _COMMON or word in lexicon.ROLES))
    )


def _kin_before(texts: Sequence[str], place: int) -> str:
    """`pais da noiva`, `avó do noivo`: the kin of whoever is described; "" where none is."""
    if place < 2 or texts[place - 1] not in ("do", "da", "dos", "das", "de", "of", "del"):
        return ""
    return _KIN_GROUPS.get(texts[place - 2], "")


def _is_of_another(texts: Sequence[str], start: int, end: int) -> bool:
    """`FILHO: SR TADEU P-101`, `MAE HOSPEDADA NO P-102`, `ACOMPANHANTE: ESPOSA` describe somebody else."""
    after, before = texts[end : end + 1], texts[max(0, start - 1) : start]
    return before == [":"] or after == [":"] or bool(after and after[0].startswith("hospedad"))


def plates(text: str) -> list[str]:
    """Car plates, without separators and in lower case; what is called a plate may have any form."""
    found = [(m[1] + m[2]).lower() for m in PLATE.finditer(text)]
    for match in _FOREIGN_PLATE.finditer(text):
        plate = "".join(c for c in match[1].lower() if c.isalnum())
        if 5 <= len(plate) <= 8 and any(c.isdigit() for c in plate) and not any(known in plate for known in found):
            found.append(plate)
    return list(dict.fromkeys(found))


def moves(note: str, arrival: dt.date) -> list[tuple[str, dt.date]]:
    """(room that was left, day of the move) of what the note says so; the arrival where it names no day."""
    found: list[tuple[str, dt.date]] = []
    plain = strip_marks(note[:MAX_NOTE]).lower()
    for clause in re.split(r"[;|\n]|\.\s", plain):
        verb = _MOVE.search(clause)
        if verb is None:
            continue
        date = _DATE.search(clause)
        told = _MOMENT.sub(" ", clause)
        verb = _MOVE.search(told)
        for match in _MOVED_ROOM.finditer(told, verb.end() if verb else 0):
            if not match["to"]:
                room = match["room"].strip()
                while _NO_ROOM.match(room):
                    room = _NO_ROOM.sub("", room).strip()
                if len(room) > 1:
                    found.append((room, _near(date, arrival) if date else arrival))
                break
    return found


def _near(date: re.Match[str], arrival: dt.date) -> dt.date:
    for year in (arrival.year, arrival.year + 1):
        try:
            found = dt.date(year, int(date[2]), int(date[1]))
        except ValueError:
            continue
        if found >= arrival:
            return found
    return arrival


# --- the order's side ----------------------------------------------------------------------------------
def take_plates(text: str) -> tuple[list[str], str]:
    """Plates named in a text, as labels, and the text without them."""
    if not _DIGIT.search(text) and "placa" not in text.lower():
        return [], text
    found = [f"plate:{plate}" for plate in plates(text)]
    if not found and (loose := _LOOSE_PLATE.search(text)) and len(_DIGIT.findall(loose[2])) >= 2:
        number = loose[2].lower()
        digits = [c if place == 1 else c.translate(_AS_DIGIT) for place, c in enumerate(number)]
        return [f"plate:{loose[1].lower()}{''.join(digits)}"], _LOOSE_PLATE.sub(" ", text)
    if found:
        return found, _FOREIGN_PLATE.sub(" ", PLATE.sub(" ", text))
    short = [m[1].lower() for m in _SHORT_PLATE.finditer(text)]
    return ([f"plate~{part}" for part in short], _SHORT_PLATE.sub(" ", text)) if short else ([], text)


def said_labels(scan: Scan, known: Collection[str]) -> list[str]:
    """Labels that a field may name. `known` are the labels of the listing: nothing else can be met."""
    texts, lost = scan.texts, "lost" in scan.cue_codes()
    found = [f"country:{m.code}" for m in lexicon.COUNTRIES.find(texts) if lost or _of_a_person(scan, m.start, m.end)]
    for match in lexicon.ATTRIBUTES.find(texts):
        if kin := _kin_before(texts, match.start):
            found.append(f"note:{kin}_{match.code}")
        elif _describes(scan, match.code, match.start) and not _is_of_the_house(scan, match.end):
            found.append(f"note:{match.code}")
    found += [f"channel:{m.code}" for m in lexicon.CHANNELS.find(texts) if _is_channel(scan, m.start)]
    for place, text in enumerate(texts):
        if (
            len(text) <= 3
            and text.isalpha()
            and scan.glued(place + 1)
            and f"word:{text}{scan.text(place + 1)}" in known
        ):
            found.append(f"word:{text}{scan.text(place + 1)}")
            scan.take((place, place + 1))
        if len(text) > 2 and place not in scan.taken:
            org = _known_label("org", text, known)
            in_phrase = org and _in_organisation(scan, place, known)
            if org and (in_phrase or _may_be_organisation(scan, place)):
                found.append(org)
                if in_phrase or text not in lexicon.NAMES:
                    scan.take((place,))
                continue
            word = _known_label("word", text, known)
            if word and text not in lexicon.NO_NAME_WORDS:
                found.append(word)
            if f"type:{text}" in known and not lexicon.ROOM_WORDS.isdisjoint(texts[max(0, place - 3) : place + 2]):
                found.append(f"type:{text}")
    if any(label.startswith("org:") for label in found):
        found += [f"word:{text}" for text in texts if text in lexicon.ROLES and f"word:{text}" in known]
    return list(dict.fromkeys(found))


def _known_label(kind: str, text: str, known: Collection[str]) -> str:
    """The label of a word or of its other number (`filme`, `filmes`); "" where the listing has neither."""
    label = f"{kind}:{text}"
    if label in known:
        return label
    if len(text) < MIN_WORD:
        return ""
    other = label[:-1] if text.endswith("s") else f"{label}s"
    return other if other in known else ""


def _in_organisation(scan: Scan, place: int, known: Collection[str]) -> bool:
    """`da Serra Velha`: of several words of a firm's name each is one, though it may be a person's elsewhere."""
    start = place
    while start > 0 and f"org:{scan.text(start - 1)}" in known:
        start -= 1
    several = start < place or f"org:{scan.text(place + 1)}" in known
    return several and scan.text(start - 1) in _ORGANISATION_CUES


def _of_a_person(scan: Scan, start: int, end: int) -> bool:
    """`o casal argentino`, `a alemã do 305`, `hóspede da Argentina`; not `adaptador americano`, `vinho chileno`."""
    before = scan.texts[max(0, start - 3) : start]
    if not before:
        return scan.text(end) not in lexicon.OBJECTS
    if len(before) > 1 and before[-2] in ("antes", "depois", "before", "after"):
        # `quem ficou no 505 antes dos americanos`: they are not meant.
        return False
    nouns = [word for word in before if word not in _ARTICLES and word not in ("de", "from", "of")]
    if any(word in lexicon.OBJECTS for word in nouns[-2:]):
        return False
    if any(word in lexicon.PERSON_NOUNS or word in lexicon.KIN_SEX or word in lexicon.HONORIFICS for word in before):
        return True
    if any(word in lexicon.PERSON_NOUNS for word in scan.texts[end : end + 2]):
        return True
    # "português" and "inglês" alone are languages.
    return (
        bool(before)
        and before[-1] in _DEFINITE
        and not (before[-1] == "do" and len(before) > 1 and before[-2] in lexicon.OBJECTS)
    )


def _is_of_the_house(scan: Scan, end: int) -> bool:
    """`o diretor do hotel` is no guest."""
    return scan.text(end) in ("do", "da", "of") and scan.text(end + 1) in ("hotel", "casa", "pousada", "resort", "the")


def _describes(scan: Scan, code: str, place: int) -> bool:
    if code in _KIN_NOTES:
        return False
    if place == 0:
        return True
    before = scan.texts[max(0, place - 5) : place]
    if code in _THINGS:
        return any(word in lexicon.PERSON_NOUNS or word in _DEFINITE or word == "com" for word in before)
    return before[-1] in _DEFINITE or any(
        word in lexicon.PERSON_NOUNS or word in lexicon.HONORIFICS for word in before[-2:]
    )


def _is_channel(scan: Scan, place: int) -> bool:
    near = scan.texts[max(0, place - 4) : place]
    return any(
        w in ("pelo", "pela", "do", "da", "via", "by", "from", "through", "por", "reserva", "reservou", "canal", "no")
        for w in near
    )


def _may_be_organisation(scan: Scan, place: int) -> bool:
    """A word of everyday speech or a family name is a firm only behind a word that says so."""
    text, before = scan.texts[place], scan.texts[max(0, place - 2) : place]
    if text in lexicon.NAMES:
        return not _ORGANISATION_CUES.isdisjoint(before) and not {"da", "do"} >= set(before)
    if text in lexicon.SERVICE or text in lexicon.COMMON:
        return bool(before) and before[-1] in _ORGANISATION_CUES
    return True


def kin_label(word: str) -> str | None:
    """The note that a relation named in the order agrees with: `neta` -> `note:granddaughter_of`."""
    match = next((m for m in lexicon.ATTRIBUTES.find([word]) if m.code in _KIN_NOTES), None)
    return f"note:{match.code}" if match else None
