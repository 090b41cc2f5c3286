"""A small hotel in Supabase, the same rows in our copies, and candidates as the engine hands them over."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import psycopg
import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import Permission, User
from django.db.models import QuerySet
from django.utils import timezone
from psycopg.rows import dict_row

import matching.core
from matching import suggestion_manager
from matching.core import Reason
from matching.hospede_matcher import MatchResult
from matching.models import BulkPlan, MatchSuggestion
from matching.models.choices import Verb
from matching.review import bulk
from matching.writeback import outbox
from sistema_os.supabase import SupabaseClient

NAME = Reason("name", "phonetic", "Thiago Figueredo", "Tiago Figueiredo Neto", 6.4)
ROOM = Reason("room", "same", "412", "412", 5.3)
PHONE = Reason("phone", "different", "(85) 98888-1141", "(85) 98888-1107", -2.8)
PRIOR = Reason("prior", "prior", "", "", -7.3)


@dataclass(frozen=True)
class Candidate(matching.core.Candidate):
    rank: int = 1
    reasons: tuple[Reason, ...] = (PRIOR, NAME, ROOM, PHONE)


@dataclass(frozen=True)
class Result(MatchResult):
    candidates: tuple[matching.core.Candidate, ...] = ()
    model_version: str = "m1"
    skipped: tuple[matching.core.Skipped, ...] = ()


def no_fence() -> None:
    """A run that still holds its fence."""


class Hotel:
    """Rows in the hotel's Supabase, written as the hotel's own system would."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self.db = connection

    def one(self, sql: str, *values: Any) -> dict[str, Any]:
        row = self.db.cursor(row_factory=dict_row).execute(sql.encode(), values).fetchone()
        assert row is not None
        return row

    def guest(self, name: str, **columns: Any) -> int:
        number = self.one("select count(*) n from hospedes")["n"] + 1
        columns = {
            "pms_hospede_id": f"H{number}",
            "nome": name,
            "doc_tipo": "CPF",
            "doc_numero": "52998224725",
        } | columns
        return int(self._insert("hospedes", columns))

    def stay(self, name: str, room: str = "412", *, guest: int | None = None, **columns: Any) -> int:
        today = timezone.localdate()
        dates = {"chegada": today - timedelta(2), "saida": today + timedelta(2)} | {
            k: columns.pop(k) for k in ("chegada", "saida") if k in columns
        }
        number = self.one("select count(*) n from reservas")["n"] + 1
        booking = self._insert(
            "reservas",
            {
                "num_reserva": f"R{number}",
                "status": "na_casa",
                "chegada_prevista": dates["chegada"],
                "saida_prevista": dates["saida"],
            },
        )
        guest = guest or self.guest(name)
        row = {"reserva_id": booking, "hospede_id": guest, "nome_listagem": name, "uh": room, "status": "na_casa"}
        return int(self._insert("listagem_hospedes", row | {"titular": True} | dates | columns))

    def order(self, text: str = "vazamento no chuveiro apto 412", **columns: Any) -> int:
        number = self.one("select count(*) n from ordens_servico")["n"] + 48001
        row = {"numero": str(number), "setor": "manutencao", "descricao": text, "origem": "governanca"}
        return int(self._insert("ordens_servico", row | columns))

    def update(self, table: str, key: int, **columns: Any) -> None:
        assigned = ", ".join(f"{name} = %s" for name in columns)
        sql = f"update {table} set {assigned} where id = %s"  # noqa: S608  the names are this file's own
        self.db.execute(sql.encode(), [*columns.values(), key])

    def link_of(self, order: int) -> dict[str, Any]:
        columns = "listagem_id, hospede_id, sem_hospede, matched_by, match_origem, match_score"
        sql = f"select {columns} from ordens_servico where id = %s"  # noqa: S608  the names are this file's own
        return self.one(sql, order)

    def order_row(self, order: int) -> dict[str, Any]:
        return self._json("select to_jsonb(o) j from ordens_servico o where id = %s", order)

    def stay_row(self, stay: int) -> dict[str, Any]:
        row = self._json("select to_jsonb(l) j from listagem_hospedes l where id = %s", stay)
        row["reservas"] = self._json("select to_jsonb(r) j from reservas r where id = %s", row["reserva_id"])
        row["hospedes"] = self._json("select to_jsonb(h) j from hospedes h where id = %s", row["hospede_id"])
        return row

    def _json(self, sql: str, *values: Any) -> dict[str, Any]:
        return dict(self.one(sql, *values)["j"])

    def _insert(self, table: str, columns: dict[str, Any]) -> Any:
        names, marks = ", ".join(columns), ", ".join(["%s"] * len(columns))
        sql = f"insert into {table} ({names}) values ({marks}) returning id"  # noqa: S608  this file's own names
        return self.one(sql, *columns.values())["id"]

    def refresh(self, orders: Iterable[int] = (), stays: Iterable[int] = ()) -> None:
        suggestion_manager.refresh([self.order_row(o) for o in orders], [self.stay_row(s) for s in stays])

    def suggest(self, *candidates: Candidate, model: str = "m1") -> suggestion_manager.Counts:
        """Refreshes our copies of what the candidates name, and publishes them."""
        orders = {c.os_id for c in candidates}
        self.refresh(orders, {c.listagem_id for c in candidates if c.listagem_id})
        return suggestion_manager.publish(Result(candidates, model), orders=orders, run_id=7, fence=no_fence)


@pytest.fixture
def hotel(hotel_db: psycopg.Connection[Any]) -> Hotel:
    return Hotel(hotel_db)


@pytest.fixture
def away(settings: Any) -> Callable[[], None]:
    """Call it, and from then on nobody answers at Supabase's address."""

    def leave() -> None:
        settings.SUPABASE = settings.SUPABASE | {"url": "http://127.0.0.1:1"}

    return leave


def person(name: str, *codenames: str) -> User:
    user = User.objects.create_user(name, password="x", is_staff=True, first_name=name.title())
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    return User.objects.get(pk=user.pk)


VIEW = ("view_matchsuggestion", "view_decision", "view_alert")
REVIEW = (*VIEW, "decide_suggestion", "settle_alert")
SUPERVISE = (*REVIEW, "bulk_decide", "undo_others")


@pytest.fixture
def reader(db: None) -> User:
    return person("clara", *VIEW)


@pytest.fixture
def ana(db: None) -> User:
    return person("ana", *REVIEW)


@pytest.fixture
def paula(db: None) -> User:
    return person("paula", *REVIEW)


@pytest.fixture
def boss(db: None) -> User:
    return person("rui", *SUPERVISE)


@pytest.fixture
def operator(db: None) -> User:
    return person("ivo", "view_jobrun", "run_job")


@dataclass
class Card:
    """One order with two candidates and "no guest", as on the review card."""

    hotel: Hotel
    order: int
    neto: int
    father: int

    def suggestion(self, stay: int | None) -> MatchSuggestion:
        found = MatchSuggestion.objects.filter(order=self.order, stay=stay)
        return found.select_related("order", "stay", "decision").latest("created_at")

    @property
    def best(self) -> MatchSuggestion:
        return self.suggestion(self.neto)

    def states(self) -> dict[int | None, str]:
        found = MatchSuggestion.objects.filter(order=self.order).order_by("created_at", "pk")
        return dict(found.values_list("stay_id", "state"))

    def candidates(self, best: float = 0.87) -> list[Candidate]:
        return [
            Candidate(self.order, self.neto, best),
            Candidate(self.order, self.father, 0.11),
            Candidate(self.order, None, 0.01),
        ]


@pytest.fixture
def card(hotel: Hotel, db: None) -> Card:
    order = hotel.order("vazamento no chuveiro apto 412, sr Thiago Figueredo", uh_texto="412")
    neto = hotel.stay("Tiago Figueiredo Neto", saida=timezone.localdate())
    found = Card(hotel, order, neto, hotel.stay("Tiago Figueiredo"))
    hotel.suggest(*found.candidates())
    return found


def today() -> date:
    return timezone.localdate()


Sweep = Callable[[], outbox.Delivered]


@pytest.fixture
def sweep(supabase_settings: dict[str, Any]) -> Callable[[], outbox.Delivered]:
    """What the pipeline and jobwatch do: deliver whatever is open."""

    async def deliver() -> outbox.Delivered:
        async with SupabaseClient(**supabase_settings) as supabase:
            return await outbox.deliver_open(supabase)

    return async_to_sync(deliver)


def accept_in_bulk(user: User, suggestions: QuerySet[MatchSuggestion]) -> BulkPlan:
    """A batch of suggestions picked in the list, carried out; its links wait for the next delivery."""
    plan = bulk.plan_selected(user, Verb.ACCEPT, suggestions)
    assert bulk.carry_out(user, plan)
    return plan


@pytest.fixture
def crash(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process dies right after the commit: nothing is ever sent."""
    monkeypatch.setattr("matching.review.service.send_now", lambda _: None)
