"""What the hotel's own tables have of a person. They are read, never changed: the hotel erases there."""

import asyncio
from collections.abc import Mapping
from typing import Final

from matching.core.parsing.text import words
from pipeline.data_subjects.finder import as_text
from pipeline.data_subjects.sought import Sought
from pipeline.hotel import orders as order_rows
from pipeline.hotel import stays
from pipeline.hotel.stays import Row
from sistema_os.supabase import SupabaseClient

HotelRows = Mapping[str, list[Row]]
_PERSON: Final = "id,nome,nome_social,doc_tipo,doc_final,pais,telefone,telefone_e164,email,vip,menor,incognito"
_STAY: Final = "id,reserva_id,hospede_id,nome_listagem,titular,status,uh,chegada,saida"
_BOOKING: Final = (
    "id,num_reserva,localizador,status,chegada_prevista,saida_prevista,uh,canal,agencia,empresa,observacoes"
)
_IN_HOUSE: Final = "data_hoteleira,uh,listagem_id,nome_listagem,saida_prevista"
_SUGGESTION: Final = "app_id,os_id,listagem_id,probabilidade,motivos,status,decidida_em"
_ORDER: Final = ",".join((*order_rows.COLUMNS, "hospede_id", "listagem_id"))
# Shorter words are in too many rows.
_LEAST_WORD: Final = 4
_MOST: Final = 500


async def hotel_rows(supabase: SupabaseClient, sought: Sought) -> dict[str, list[Row]]:
    """Rows by table, at most 500 of each: linked by id, or naming the person by a whole word of the name, the phone or
    the e-mail address. Misspelt names in the hotel's tables are found only through the rows that link to them."""
    text = sought.text()
    named = await _people(supabase, sought)
    people = [row for row in named if row["id"] in sought.guests or text.evidence(as_text(row)).contact]
    people += [row for row in named if row not in people and text.same_name([row["nome"], row["nome_social"] or ""])]
    guests = sorted({*sought.guests, *(row["id"] for row in people)})
    by_guest, by_id = await asyncio.gather(
        _linked(supabase, stays.TABLE, _STAY, "hospede_id", guests),
        _linked(supabase, stays.TABLE, _STAY, stays.KEY, list(sought.rows)),
    )
    listed = list({row["id"]: row for row in (*by_guest, *by_id)}.values())
    keys = [row["id"] for row in listed]
    bookings, in_house, suggestions, linked, naming = await asyncio.gather(
        _linked(supabase, "reservas", _BOOKING, "id", sorted({row["reserva_id"] for row in listed})),
        _linked(supabase, "hospedes_casa", _IN_HOUSE, "listagem_id", keys),
        _linked(supabase, "sugestoes_match", _SUGGESTION, "listagem_id", keys),
        _linked(supabase, order_rows.TABLE, _ORDER, "listagem_id", keys),
        _orders_naming(supabase, sought),
    )
    orders = {row["id"]: row for row in linked}
    orders |= {row["id"]: row for row in naming if text.evidence(as_text(row)).strong}
    return {
        "hospedes": people,
        stays.TABLE: listed,
        "reservas": bookings,
        "hospedes_casa": in_house,
        order_rows.TABLE: list(orders.values()),
        "sugestoes_match": suggestions,
    }


async def _linked(supabase: SupabaseClient, table: str, columns: str, column: str, keys: list[int]) -> list[Row]:
    if not keys:
        return []
    return (await supabase.async_table(table).select(columns).in_(column, keys).limit(_MOST).execute()).data


async def _people(supabase: SupabaseClient, sought: Sought) -> list[Row]:
    either = [f"nome.ilike.*{word}*" for word in _words(sought)]
    either += [f'telefone.eq."{phone}"' for phone in sought.phones]
    either += [f'telefone_e164.eq."{phone}"' for phone in sought.phones]
    either += [f'email.eq."{email}"' for email in sought.emails]
    either += [f"id.in.({','.join(map(str, sought.guests))})"] if sought.guests else []
    if not either:
        return []
    query = supabase.async_table("hospedes").select(_PERSON).or_(",".join(either))
    return (await query.limit(_MOST).execute()).data


async def _orders_naming(supabase: SupabaseClient, sought: Sought) -> list[Row]:
    columns = ("hospede_texto", "solicitante_texto", "descricao")
    either = [f"{column}.ilike.*{word}*" for column in columns for word in _words(sought)]
    if not either:
        return []
    query = supabase.async_table(order_rows.TABLE).select(_ORDER).or_(",".join(either))
    return (await query.limit(_MOST).execute()).data


def _words(sought: Sought) -> list[str]:
    """The words of the names, folded; accents of the hotel's rows are not compared."""
    return sorted({word for name in sought.names for word in words(name) if len(word) >= _LEAST_WORD})
