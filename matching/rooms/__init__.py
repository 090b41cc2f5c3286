"""The stored room directory: what it holds, how it is filled and edited, and the analysis that a change causes."""

from matching.rooms.changes import (
    EDIT,
    Change,
    Refused,
    add_alias,
    add_place,
    analysed_words,
    close_room,
    delete_room,
    drop_alias,
    name_in_order,
    one_room,
    save_room,
    undo,
    unread_in,
)
from matching.rooms.directory import StoredDirectory, resolve, stored, typed_forms
from matching.rooms.reanalysis import Reanalysed, fulfil, reanalyse, requested
from matching.rooms.sources import fill, learn
from matching.rooms.spellings import may_be_alias, open_spellings, record_unread

__all__ = [
    "EDIT",
    "Change",
    "Reanalysed",
    "Refused",
    "StoredDirectory",
    "add_alias",
    "add_place",
    "analysed_words",
    "close_room",
    "delete_room",
    "drop_alias",
    "fill",
    "fulfil",
    "learn",
    "may_be_alias",
    "name_in_order",
    "one_room",
    "open_spellings",
    "reanalyse",
    "record_unread",
    "requested",
    "resolve",
    "save_room",
    "stored",
    "typed_forms",
    "undo",
    "unread_in",
]
