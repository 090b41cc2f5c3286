"""The canonical form of a room number, in Python and in the database."""

import re

from django.db.models import F, Func, TextField, Value
from django.db.models.functions import Lower, Trim

from matching.core.parsing.rooms.keys import room_key

__all__ = ["BEFORE_ROOM", "bare_room", "room_key", "typed_room"]

# What people write before a room number: "UH 203", "apto. 0203", "quarto nº 203".
BEFORE_ROOM = r"^(uh|aptos?|apt|ap|quarto|qto|suite|suíte|room)[ .:#nº°-]*"


def typed_room(text: str) -> str:
    """The canonical form of a room that a person typed; "" for none."""
    return room_key(re.sub(BEFORE_ROOM, "", " ".join(text.split()).lower()))


def bare_room(field: str) -> Func:
    """`typed_room` of that field, in the database. An index holds it: a change here needs a migration."""
    bare = Func(
        Lower(Trim(F(field))), Value(BEFORE_ROOM), Value(""), function="regexp_replace", output_field=TextField()
    )
    return Func(bare, Value("0"), function="ltrim", output_field=TextField())
