"""Who is meant by way of somebody else: `esposa do Sr. João`, `a filha da hóspede do 305`, `Mr Smith's husband`."""

from dataclasses import dataclass

from matching.core.parsing import lexicon
from matching.core.parsing.mentions import STRONG, Person
from matching.core.parsing.names import Sex
from matching.core.parsing.phrases import word_set
from matching.core.parsing.scan import Scan

_OF = word_set("do da de dos das of del la el the")
_AT = word_set("no na in at en")
_BETWEEN = (
    _OF
    | lexicon.HONORIFICS
    | word_set("""hospede hospedes cliente titular guest huesped casal apto quarto uh room s a o no na d ,""")
    | lexicon.NATIONALITIES
)
_HIS = word_set("dele dela deles delas seu sua")
_OTHER: dict[str, Sex] = {"outra": "F", "outro": "M", "other": ""}
_ARTICLES = word_set("a o da do na no pra pro para com ao the la el del")
_AFTER_OTHER = word_set("que tambem ainda nao e quer pede pediu precisa esta hospede pessoa one")
# They work for the guests of a room: `a babá na vila 3` is one of the booking.
_CARERS = word_set("baba enfermeira enfermeiro cuidadora cuidador acompanhante nanny ninera acompanante")
FARTHEST = 6


@dataclass(frozen=True, slots=True)
class Relation:
    """`word` as written; `sex` of the one meant; `child`: the one meant is likely a minor."""

    word: str
    sex: Sex
    child: bool


def find_relation(scan: Scan, persons: list[Person]) -> Relation | None:
    """The first relation of a field. Persons whom it refers to are marked as references: somebody else is meant."""
    if not persons and not scan.mentions:
        return None
    for place, text in enumerate(scan.texts):
        shares = text == "divide" or (text == "esta" and scan.text(place + 1) == "com")
        if shares and (companion := _shares_room(scan, place, persons)):
            companion.reference = True
            return Relation("divide o quarto", "", child=False)
        if text not in lexicon.KIN_SEX or place in scan.taken:
            continue
        owner = (
            _owner(scan, place, persons) or _english_owner(scan, place, persons) or _named_before(scan, place, persons)
        )
        of_room = _of_room(scan, place) or (
            scan.text(place + 1) in _OF and scan.text(place + 2) in lexicon.NATIONALITIES
        )
        if owner is None and not of_room:
            continue
        if owner is not None:
            owner.reference, owner.denied = True, False
        code = lexicon.KIN_SEX[text]
        sex: Sex = "M" if code == "M" else "F" if code == "F" else ""
        return Relation(text, sex, text in lexicon.KIN_CHILD)
    return _other_than_denied(scan, persons) or _the_other(scan, persons)


def _named_before(scan: Scan, place: int, persons: list[Person]) -> Person | None:
    """`dona Lindaura não, a colega dela`: the person named last before."""
    if scan.text(place + 1) not in _HIS:
        return None
    before = [p for p in persons if 0 <= place - p.end <= 2 * FARTHEST and p.strength >= STRONG]
    return before[-1] if before else None


def _the_other(scan: Scan, persons: list[Person]) -> Relation | None:
    """`211 a Isadora já recebeu toalha, falta a da outra`: the other guest of the room."""
    for place, text in enumerate(scan.texts):
        if (
            text in _OTHER
            and scan.text(place + 1) in lexicon.PERSON_NOUNS
            and (owner := _owner(scan, place + 1, persons))
        ):
            owner.reference = True
            return Relation(text, _OTHER[text], child=False)
    named = [person for person in persons if person.strength >= STRONG]
    if len(named) != 1 or not scan.mentions:
        return None
    for place, text in enumerate(scan.texts):
        if text in _OTHER and scan.text(place - 1) in _ARTICLES and place > named[0].end:
            after = scan.text(place + 1)
            if not after.isalpha() or after in _AFTER_OTHER or after in lexicon.PERSON_NOUNS:
                named[0].reference = True
                return Relation(text, _OTHER[text], child=False)
    return None


def _other_than_denied(scan: Scan, persons: list[Person]) -> Relation | None:
    """`não é a Sueli, é a outra irmã`: nobody else is named, so somebody of her booking is meant."""
    denied = [person for person in persons if person.denied and person.strength >= STRONG]
    if not denied or any(not person.denied and person.strength >= STRONG for person in persons) or scan.mentions:
        return None
    word = next((t for t in scan.texts if t in lexicon.KIN_SEX), "")
    if not word and "outra" not in scan.texts and "outro" not in scan.texts:
        return None
    denied[0].reference, denied[0].denied = True, False
    code = lexicon.KIN_SEX.get(word, "F" if "outra" in scan.texts else "M")
    return Relation(word or "outra", "M" if code == "M" else "F" if code == "F" else "", child=False)


def _shares_room(scan: Scan, place: int, persons: list[Person]) -> Person | None:
    """`quem divide o quarto com a Thayná`."""
    return next((p for p in persons if 0 < p.start - place <= FARTHEST and "com" in scan.texts[place : p.start]), None)


def _owner(scan: Scan, place: int, persons: list[Person]) -> Person | None:
    """The person behind `do`, `da`, `of`."""
    if scan.text(place + 1) not in _OF:
        return None
    for person in persons:
        if 0 < person.start - place <= FARTHEST and all(
            t in _BETWEEN or t == "." for t in scan.texts[place + 1 : person.start]
        ):
            return person
    return None


def _english_owner(scan: Scan, place: int, persons: list[Person]) -> Person | None:
    """`Mr Smith's wife`: the person right before."""
    if scan.text(place - 1) != "s":
        return None
    return next((person for person in persons if person.end == place - 1), None)


def _of_room(scan: Scan, place: int) -> bool:
    """`esposa do hóspede do 305`, `filho do 305`."""
    for mention in scan.mentions:
        between = scan.texts[place + 1 : mention.start]
        if (
            0 < mention.start - place <= FARTHEST
            and between
            and (between[0] in _OF or (between[0] in _AT and scan.text(place) in _CARERS))
            and all(t in _BETWEEN for t in between)
        ):
            return True
    return False
