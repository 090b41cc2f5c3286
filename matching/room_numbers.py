"""The canonical form of a room number, in Python and in the database."""

from django.db.models import F, Func, TextField, Value
from django.db.models.functions import Lower, Trim

from matching.core.parsing.rooms.keys import BEFORE_ROOM, room_key, typed_room

__all__ = ["BEFORE_ROOM", "bare_room", "room_key", "typed_room"]


def bare_room(field: str) -> Func:
    """`typed_room` of that field, in the database. An index holds it: a change here needs a migration."""
    bare = Func(
        Lower(Trim(F(field))), Value(BEFORE_ROOM), Value(""), function="regexp_replace", output_field=TextField()
    )
    return Func(bare, Value("0"), function="ltrim", output_field=TextField())
