"""May a number without a room word before it be a room? Not where it is money, a count, a flight, a date."""

import re

from matching.core.parsing import lexicon
from matching.core.parsing.phrases import word_set
from matching.core.parsing.rooms.directory import RoomDirectory
from matching.core.parsing.scan import Scan

_BEFORE_ROOM = word_set("do no da na ao o para pro pra p de del la in")
_NUMBERED_PAPERS = word_set(
    "nota notas nf nfe fiscal pedido protocolo processo ticket voucher reserva chamado os cupom fatura recibo boleto"
)


class BareNumbers:
    """Judges numbers of one scan by their neighbours. Places are those of tokens."""

    def __init__(self, scan: Scan, directory: RoomDirectory) -> None:
        self.scan, self.directory, self.texts = scan, directory, scan.texts

    def is_short_room(self, place: int, digits: str) -> bool:
        """Rooms of two digits, where a room stands: first in the text, or behind `do`, `no`."""
        if len(digits.lstrip("0")) != 2 or not any(
            not r.tags for r in self.directory.by_number.get(digits.lstrip("0"), ())
        ):
            return False
        before, after = self.scan.text(place - 1), self.scan.text(place + 1)
        if place == 0:
            return not (after.endswith("s") and len(after) > 3 and after not in ("mais", "tres")) and after not in (
                "/",
                ":",
                "de",
            )
        near = self.scan.near(place, 4)
        return (
            before in ("do", "no", "ao", "da", "na", "pro")
            and after not in ("/", "de")
            and not near & lexicon.DAY_WORDS
        )

    def may_be_room(self, index: int) -> bool:
        scan, text, after = self.scan, self.texts[index], self.scan.text(index + 1)
        before = scan.previous_word(index)
        if scan.text(index - 1) in ("no", "na") and before not in _NUMBERED_PAPERS:
            # `celular no 507` lies in the room, `nota nº 507` is none.
            before = ""
        near = scan.near(index, 4)
        if near & lexicon.FLIGHT or "placa" in near or before in lexicon.NOT_A_ROOM_BEFORE:
            return False
        if before in lexicon.AIRLINES and self._is_airline(index, near):
            return False
        if after in lexicon.NOT_A_ROOM_AFTER and not (after in lexicon.DAY_WORDS and self._is_day_number(index + 2)):
            return False
        if self._is_count(index):
            return False
        if self._is_price(index) or after in ("%", "$"):
            return False
        if index and scan.glued(index) and scan.text(index - 1) in (":", ",", ".", "$", "%") and scan.glued(index - 1):
            return False
        return scan.text(index - 1) != "$" and not (
            text.isdecimal() and after == ":" and scan.glued(index + 1) and scan.glued(index + 2)
        )

    def _is_count(self, index: int) -> bool:
        """`104 cocos`, `conferir 808 taças`; but `do 305 cadeiras` and `305 cadeiras` begin with a room."""
        before, after = self.scan.text(index - 1), self.scan.text(index + 1)
        if before in _BEFORE_ROOM or not after.isalpha():
            return False
        if after in lexicon.BULK:
            return index > 0 or not lexicon.PLACES.isdisjoint(self.texts)
        plural = len(after) > 4 and after.endswith("s") and after not in lexicon.PERSON_NOUNS
        return plural and before in lexicon.COUNTED and after not in lexicon.ROOM_WORDS

    def _is_day_number(self, index: int) -> bool:
        """`203 dia 14`: the day is a date, not a count of days."""
        return self.scan.text(index).isdecimal() or self.scan.text(index)[:2].isdecimal()

    def _is_airline(self, index: int, near: set[str]) -> bool:
        """`LA 1204` is a flight; `la 203` is a room in Spanish."""
        if self.scan.previous_word(index) != "la":
            return len(self.texts[index]) >= 4 or not near.isdisjoint(lexicon.TRANSPORT)
        capital = self.scan.tokens[index - 1].capital
        return capital and (len(self.texts[index]) >= 4 or bool(near & lexicon.TRANSPORT))

    def _is_price(self, index: int) -> bool:
        """`203,50`; two rooms have numbers of one length (`203,204`)."""
        glued = self.scan.glued(index + 1) and self.scan.glued(index + 2)
        return (
            glued and self.scan.text(index + 1) == "," and re.fullmatch(r"\d\d", self.scan.text(index + 2)) is not None
        )

    def is_of_a_guest(self, index: int) -> bool:
        """`hosp. do 302` names a room even when the listing does not know it."""
        before = self.scan.text(index - 1)
        return before in ("do", "no", "da", "na", "ao") and bool(self.scan.near(index, 4) & lexicon.GUEST_WORDS)
