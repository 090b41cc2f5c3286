"""A hotel of a few rows, written straight into its database: for tests that are about one change."""

from datetime import date
from typing import Any

import psycopg
from psycopg import sql

D = date(2026, 3, 10)


class SmallHotel:
    """Reservations get one guest each unless a test adds more; ids are the database's."""

    def __init__(self, database: psycopg.Connection) -> None:
        self.database = database
        self._number = 0

    def guest(self, nome: str, **columns: Any) -> int:
        self._number += 1
        return self._insert("hospedes", pms_hospede_id=f"H{self._number}", nome=nome, **columns)

    def booking(self, **columns: Any) -> int:
        self._number += 1
        base = {
            "num_reserva": f"R{self._number}",
            "status": "na_casa",
            "chegada_prevista": date(2026, 3, 8),
            "saida_prevista": date(2026, 3, 14),
            "tipo_uh": "STD",
            "diaria": 400,
        }
        return self._insert("reservas", **{**base, **columns})

    def stay(self, nome: str, uh: str | None = "203", *, reservation: int | None = None, **columns: Any) -> int:
        hidden = {name: columns.pop(name) for name in ("menor", "incognito") if name in columns}
        document = {"doc_tipo": "CPF", "doc_numero": columns.pop("doc", None)}
        base = {
            "reserva_id": reservation or self.booking(status=columns.get("status", "na_casa")),
            "hospede_id": self.guest(nome, **hidden, **document),
            "nome_listagem": nome,
            "titular": reservation is None,
            "status": "na_casa",
            "uh": uh,
            "chegada": date(2026, 3, 8),
            "saida": date(2026, 3, 14),
            "visto_em": "2026-03-10T09:00:00Z",
        }
        return self._insert("listagem_hospedes", **{**base, **columns})

    def order(self, descricao: str, **columns: Any) -> int:
        self._number += 1
        base = {"numero": f"OS{self._number}", "setor": "manutencao", "aberta_em": "2026-03-09T18:00:00Z"}
        return self._insert("ordens_servico", descricao=descricao, **{**base, **columns})

    def change(self, table: str, key: int, **columns: Any) -> None:
        pairs = sql.SQL(", ").join(sql.SQL("{} = %s").format(sql.Identifier(name)) for name in columns)
        query = sql.SQL("update {} set {} where id = %s").format(sql.Identifier(table), pairs)
        self.database.execute(query, [*columns.values(), key])

    def next_morning(self) -> None:
        """Another export: every row was seen again, a day later."""
        self.database.execute("update listagem_hospedes set visto_em = visto_em + interval '1 day'")

    def _insert(self, table: str, **columns: Any) -> int:
        query = sql.SQL("insert into {} ({}) values ({}) returning id").format(
            sql.Identifier(table),
            sql.SQL(", ").join(map(sql.Identifier, columns)),
            sql.SQL(", ").join(sql.Placeholder() for _ in columns),
        )
        row = self.database.execute(query, list(columns.values())).fetchone()
        assert row is not None
        return int(row[0])
