"""Phones, documents, e-mails and booking numbers of an order against those of the guests who may be meant.

Few orders have any: they are compared one by one with their own block, and cost nothing to the rest.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from matching.core.comparisons.batch import Batch
from matching.core.index.columns import digest, phone_numbers
from matching.core.index.house_index import HouseIndex
from matching.core.kernel.blocks import Ints, Pairs, among
from matching.core.kernel.comparisons import ABSENT, Codes, Comparison
from matching.core.parsing.contacts import NO_CONTACTS, TAIL
from matching.core.parsing.orders import Order

PHONE = Comparison("phone", ("same", "last_eight", "different", "of_booking"))
_OF_BOOKING = PHONE.code("of_booking")
DOCUMENT = Comparison("document", ("same", "ending", "different"))
EMAIL = Comparison("email", ("same", "different"))
BOOKING = Comparison("booking", ("same",))
CONTACTS = (PHONE, DOCUMENT, EMAIL)


class Contacting:
    def __init__(self, index: HouseIndex) -> None:
        self.index = index
        self._ways: dict[str, Callable[[Order, Ints], Codes]] = {
            "phone": self._phone,
            "document": self._document,
            "email": self._email,
            "booking": self._booking,
        }

    def weigh(self, batch: Batch, pairs: Pairs) -> dict[str, Codes]:
        """Codes by comparison; one that no order of the batch calls for is left out."""
        found: dict[str, Codes] = {}
        for place, order in enumerate(batch.orders):
            if order.contacts == NO_CONTACTS and not order.codes:
                continue
            start, end = np.searchsorted(pairs.left, (place, place + 1))
            for name, way in self._ways.items():
                codes = way(order, pairs.right[start:end])
                if len(codes):
                    found.setdefault(name, np.full(len(pairs), ABSENT, dtype=np.int8))[start:end] = codes
        return found

    def _phone(self, order: Order, stays: Ints) -> Codes:
        if not order.contacts.phones and not order.contacts.tails:
            return _NOTHING
        known = [phone_numbers(phone) for phone in order.contacts.phones]
        theirs = self.index.columns.phone_end[stays]
        whole = np.isin(self.index.columns.phone[stays], [number for _, number in known if number >= 0])
        # Four digits meet by accident about as often as such an ending is written wrong: both are worth the same.
        alike = np.isin(theirs, [end for end, _ in known])
        alike |= np.isin(theirs % 10**TAIL, [int(tail) for tail in order.contacts.tails])
        levels = np.where(whole, 0, np.where(alike, 1, 2))
        # Companions rarely have a number of their own: that of their booking is theirs as well.
        shared = (theirs < 0) & np.isin(self.index.bookings[stays], self.index.bookings[stays[whole | alike]])
        return np.where(shared, _OF_BOOKING, np.where(theirs < 0, ABSENT, levels)).astype(np.int8)

    def _document(self, order: Order, stays: Ints) -> Codes:
        documents = order.contacts.documents
        if not documents:
            return _NOTHING
        theirs, ending = self.index.columns.document[stays], self.index.columns.ending[stays]
        endings = self.index.columns.endings
        known = {code for code in np.unique(ending).tolist() if code >= 0}
        fits = [code for code in known if any(d.endswith(endings[code]) for d in documents)]
        same = np.isin(theirs, np.array([digest(d) for d in documents], dtype=np.uint64))
        levels = np.where(same, 0, np.where((theirs == 0) & np.isin(ending, fits), 1, 2))
        return np.where((theirs == 0) & (ending < 0), ABSENT, levels).astype(np.int8)

    def _email(self, order: Order, stays: Ints) -> Codes:
        if not order.contacts.emails:
            return _NOTHING
        theirs = self.index.columns.email[stays]
        same = np.isin(theirs, np.array([digest(e) for e in order.contacts.emails], dtype=np.uint64))
        return np.where(theirs == 0, ABSENT, np.where(same, 0, 1)).astype(np.int8)

    def _booking(self, order: Order, stays: Ints) -> Codes:
        if not order.codes:
            return _NOTHING
        return np.where(self.borne(order, stays) >= 0, 0, ABSENT).astype(np.int8)

    def borne(self, order: Order, stays: Ints) -> NDArray[np.int64]:
        """By stay: place, among the order's sorted codes, of the first that is a number of its booking; -1 for none."""
        found = np.full(len(stays), -1)
        columns = self.index.columns
        for place, code in reversed(list(enumerate(sorted(order.codes)))):
            # The keys of a listing are one; of those who bear this one, who bears it as a booking number?
            key = np.uint64(digest(code))
            for row in np.flatnonzero(among(stays, self.index.with_key(code))).tolist():
                stay = stays[row]
                if key in columns.codes[columns.code_starts[stay] : columns.code_starts[stay + 1]]:
                    found[row] = place
        return found


_NOTHING = np.zeros(0, dtype=np.int8)
