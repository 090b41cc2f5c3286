"""The numbers of the engine: m and u of every level, prior rates, the weight of nobody. JSON in, JSON out, versioned.

Source of the first values: m are shares counted on synthetic hotels with typing noise and on rules of the house
(how often staff write the first name only, how often a digit is swapped), smoothed towards round numbers; u of names,
rooms, days and labels are taken from the listing itself, exactly, and therefore stand as null here.
"""

import json
import math
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple, Self

Levels = dict[str, tuple[float, float | None]]


class Reason(NamedTuple):
    """One piece of evidence as data: the explanation of a probability is the additive weights themselves.

    The bits of a candidate's reasons add up to log2(p / (1 - p)) of its probability. Holds no document and no whole
    phone number.
    """

    comparison: str
    level: str
    order_value: str
    guest_value: str
    weight_bits: float


def _comparisons() -> dict[str, Levels]:
    return {
        "name": {
            # m: how often a guest of that name is written in exactly this form.
            "exact": (0.8, None),
            "phonetic": (0.05, None),
            "nickname": (0.06, None),
            "register_slip": (0.02, None),
            "prefix": (0.02, None),
            "fuzzy": (0.0005, None),
            "distant": (0.00002, None),
            "heard": (0.0003, None),
            "initial": (0.05, None),
            "none": (0.05, 1.0),
            "not_listed": (0.35, 1.0),
            "unnamed": (0.5, 1.0),
            "family": (0.4, None),
        },
        # Of several words written: are they all that the register has?
        "whole_name": {"complete": (0.45, 0.25), "partial": (0.55, 0.75)},
        "suffix": {"same": (0.9, 0.05), "absent": (0.35, 0.8), "different": (0.005, 0.15)},
        "sex": {"same": (0.97, 0.5), "different": (0.03, 0.5)},
        "room": {
            "same": (0.86, None),
            "earlier": (0.05, None),
            "later": (0.02, None),
            "swapped": (0.03, None),
            "one_digit_off": (0.015, 0.06),
            "free_on_arrival": (0.6, 0.3),
            "unassigned": (0.15, 1.0),
            "different": (0.035, 0.9),
            # Of a number that several blocks have, and of a name misspelt or cut short.
            "same_number": (0.86, None),
            "resembles": (0.7, None),
            "other_block": (0.02, 0.05),
            "denied": (0.004, 0.5),
            "earlier_said": (0.6, None),
            "later_said": (0.4, None),
            "same_now": (0.25, None),
            "mentioned": (0.1, None),
        },
        "phone": {
            "same": (0.9, 0.00002),
            "last_eight": (0.5, 0.0001),
            "of_booking": (0.2, 0.00004),
            "different": (0.15, 1.0),
        },
        "document": {"same": (0.9, 0.00001), "ending": (0.9, 0.01), "different": (0.05, 1.0)},
        "email": {"same": (0.9, 0.0001), "different": (0.3, 1.0)},
        "booking": {"same": (0.9, 0.0002)},
        "label": {"same": (0.6, None)},
        "country": {"same": (0.9, None), "different": (0.1, 0.9)},
        "channel": {"same": (0.6, None)},
        "room_type": {"same": (0.5, None)},
        "note": {"same": (0.5, None)},
        "plate": {"same": (0.9, 0.0005)},
        "floor": {"same": (0.9, None), "different": (0.1, 0.9)},
        "block": {"same": (0.9, None), "different": (0.1, 0.9)},
        "stay_day": {"same": (0.85, 0.2), "different": (0.15, 0.8)},
        "described": {"same": (0.95, 0.5), "different": (0.05, 0.5)},
        "denied": {"name": (0.01, 0.6)},
        # Somebody else of the booking is meant than the one who is named to say who.
        "relation": {
            "of_named": (0.85, 0.3),
            "of_named_child": (0.75, 0.3),
            "named_self": (0.1, 1.0),
            "named_parent": (0.25, 1.0),
            "fits": (0.85, 0.4),
            "other": (0.15, 0.6),
        },
        "day": {"arrival": (0.8, None), "departure": (0.08, None), "different": (0.12, 0.9)},
        "titular": {"titular": (0.75, 0.5), "companion": (0.25, 0.5)},
    }


def _nobody() -> dict[str, float]:
    """Bits for "no guest" when the order carries the hint; they are summed."""
    return {
        "prior": -4.3,
        "no_mention": 6.0,
        "preventive": 8.0,
        "common_area": 5.0,
        "place": 2.5,
        "third_party": 4.0,
        "third_party_mentioned": 1.0,
        "staff": 2.0,
        "staff_named": 4.0,
        "asked_by_staff": 2.5,
        "guest": -3.0,
        "contact": -3.0,
        "named_with_room": -1.5,
        "guest_in_common_area": 2.0,
        "vacant": 7.0,
        "staff_only": 3.0,
        "near_room": 6.0,
        "not_guest": 7.0,
        # The night watch's round, the roster of the staff, the rooms and things of an event.
        "round": 4.0,
        "roster": 5.0,
        "event": 4.0,
    }


def _rates() -> dict[str, float]:
    """How often an order is about a guest of this kind, one guest in house being 1."""
    return {
        "in_house": 1.0,
        "arrived": 0.9,
        "arriving": 0.85,
        "leaving": 0.25,
        "left": 0.04,
        "just_left": 0.08,
        "not_yet": 0.5,
        "still_in": 0.8,
        "left_long": 0.004,
        "coming": 0.06,
        "coming_later": 0.012,
        "expected": 0.6,
    }


def _contexts() -> dict[str, dict[str, float]]:
    """Factors on the rates when the order speaks of lost things, of an arrival, or by the hour of the day."""
    return {
        "lost": {
            "left": 5.0,
            "just_left": 8.0,
            "left_long": 5.0,
            "leaving": 4.0,
            "still_in": 2.0,
            "arriving": 0.5,
            "arrived": 0.7,
            "not_yet": 0.3,
        },
        "gone": {
            "left": 12.0,
            "just_left": 12.0,
            "not_yet": 0.1,
            "left_long": 8.0,
            "leaving": 6.0,
            "still_in": 2.0,
            "in_house": 0.3,
            "arrived": 0.2,
            "arriving": 0.2,
        },
        "asks": {"left": 0.3, "left_long": 0.3},
        "departing": {"leaving": 5.0, "still_in": 3.0, "in_house": 0.7, "arriving": 0.3, "arrived": 0.3, "coming": 0.3},
        "arrival": {
            "not_yet": 3.0,
            "coming": 20.0,
            "coming_later": 20.0,
            "arriving": 3.0,
            "in_house": 0.4,
            "still_in": 0.4,
        },
        "next_guest": {
            "not_yet": 2.0,
            "in_house": 0.3,
            "leaving": 0.3,
            "still_in": 0.3,
            "arriving": 1.5,
            "arrived": 1.5,
        },
        "transfer": {"coming": 4.0, "coming_later": 3.0},
        "late_departure": {"leaving": 3.0, "still_in": 2.0, "arriving": 0.5, "arrived": 0.5},
        "morning": {"leaving": 1.3, "arriving": 0.8, "arrived": 0.8},
        "afternoon": {"leaving": 0.4, "arriving": 1.2},
        "evening": {"leaving": 0.4, "left": 0.7},
    }


def _positions() -> dict[str, tuple[float, float, float]]:
    """Share of given, middle, family name in a word by where it stands: alone, after Sr./Sra., or in several words."""
    return {
        "alone": (0.85, 0.06, 0.09),
        "formal": (0.35, 0.05, 0.6),
        "first": (0.88, 0.12, 0.3),
        "inner": (0.3, 0.7, 0.6),
        "last": (0.15, 0.35, 0.85),
    }


@dataclass(frozen=True)
class Model:
    version: str = "base-1"
    comparisons: dict[str, Levels] = field(default_factory=_comparisons)
    nobody: dict[str, float] = field(default_factory=_nobody)
    rates: dict[str, float] = field(default_factory=_rates)
    contexts: dict[str, dict[str, float]] = field(default_factory=_contexts)
    positions: dict[str, tuple[float, float, float]] = field(default_factory=_positions)
    unlisted: float = 0.015
    """Share of orders about a guest who stands on no list yet."""
    unlisted_arrival: float = 0.06
    """The same among orders that speak of an arrival: what is asked for today may have been booked today."""
    sharpness: float = 1.4
    """Calibration: all bits are multiplied by it. On synthetic hotels the likelihood still grew up to 1.75, but a real
    house has surprises of its own, and at 1.75 the surest suggestions come close to one error in 300."""
    aliases: dict[str, dict[str, float]] = field(default_factory=dict)
    """What the house calls its guests, learned from decisions: written word -> {word of the name -> m}. Both in the
    form in which names are compared (lower case, no accents); m is the share of such guests written so."""

    def bits(self, comparison: str, level: str, chance: float | None = None) -> float:
        """log2(m / u); `chance` stands for u where u comes from the data."""
        m, u = self.comparisons[comparison][level]
        usual = chance if u is None else u
        if usual is None:
            raise ValueError(f"{comparison} {level}: its chance comes from the listing and was not given")
        return math.log2(m / usual)

    def m(self, comparison: str, level: str) -> float:
        return self.comparisons[comparison][level][0]

    def to_json(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True)

    @classmethod
    def from_json(cls, source: str) -> Self:
        """Raises ValueError with the name of what is missing or wrong."""
        try:
            data: dict[str, Any] = json.loads(source)
            known = {name: data[name] for name in cls.__dataclass_fields__ if name in data}
            # A model stored before a comparison or hint existed has its first values for it.
            first = cls()
            known["comparisons"] = {
                c: levels | {n: (float(m), u) for n, (m, u) in data["comparisons"].get(c, {}).items()}
                for c, levels in first.comparisons.items()
            }
            for name in ("nobody", "contexts", "rates"):
                known[name] = getattr(first, name) | data.get(name, {})
            known["positions"] = {name: tuple(shares) for name, shares in data["positions"].items()}
            known["aliases"] = {
                written: {meant: float(m) for meant, m in names.items()}
                for written, names in data.get("aliases", {}).items()
            }
            return cls(**known)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"not a matching model: {error}") from error
