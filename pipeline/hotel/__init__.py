"""The hotel's tables: what is read from them, and how their rows become ours.

Importing the package must stay cheap and free of Django: the collector's process does.
"""

from enum import StrEnum


class StayStatus(StrEnum):
    """`listagem_hospedes.status`; `reservas.status` has the same values."""

    TO_BE_CONFIRMED = "a_confirmar"
    CONFIRMED = "confirmada"
    IN_HOUSE = "na_casa"
    DEPARTED = "saida"
    CANCELLED = "cancelada"
    NO_SHOW = "no_show"
