"""An invented guest whose traces are written into every column of our database that can hold text."""

import uuid
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.db.models import JSONField, Model
from django.utils import timezone
from psycopg import sql
from psycopg.types.json import Jsonb

from matching.models import (
    Alert,
    AuditEntry,
    BulkPlan,
    CardLease,
    Decision,
    DirectoryVersion,
    FurtherGuest,
    KeyPreference,
    MatchSuggestion,
    ModelVersion,
    Order,
    OrderRoom,
    Room,
    RoomAlias,
    Stay,
    UnreadSpelling,
    WriteBack,
)
from matching.models.choices import AlertKind, Severity, Verb, WriteKind
from pipeline import models as runs
from pipeline.data_subjects.columns import EXEMPT, can_hold_text
from snapshots.models import Cursor, Snapshot, Source, Suppressed
from tests import stack

TODAY = date(2026, 3, 10)
NAME = "Wanderléia Quaresmeira Xavantino"
CPF, PHONE, EMAIL = "52998224725", "48 97766-5544", "w.quaresmeira@example.com"
# Full name, misspelling, nickname and surname, phone, e-mail and CPF, each as a column may have it.
FORMS = (
    NAME,
    "Vanderleia Quaresmera Chavantino",
    "Wandinha Xavantino",
    "tel 97766-5544",
    EMAIL,
    "CPF 529.982.247-25",
)
# What must be nowhere afterwards, in lower case.
TRACES = (
    *("wanderl", "vanderl", "quaresm", "xavantino", "chavantino", "wandinha"),
    *("97766", "7766-5544", "77665544", "529982247", "529.982.247", "247-25"),
)


def traces_in(text: str) -> list[str]:
    text = text.lower()
    return [trace for trace in TRACES if trace in text]


def one_row_of_each() -> None:
    """At least one row of every model of ours, without any guest in it."""
    user = User.objects.create_user("rosa", is_staff=True)
    order = Order.objects.create(os_id=901, number="OS901", request="torneira", opened_at=timezone.now())
    stay = Stay.objects.create(listagem_id=901, arrival=TODAY, departure=TODAY + timedelta(3), listed_name="Bruno")
    suggestion = MatchSuggestion.objects.create(
        order=order,
        stay=stay,
        probability="0.7",
        rank=1,
        model_version="m",
        texto_versao=1,
        state="expired",
        end_reason="outranked",
    )
    decision = Decision.objects.create(
        user=user, verb=Verb.REJECT, suggestion=suggestion, probability="0.7", model_version="m", texto_versao=1
    )
    alert = Alert.objects.create(key="k1", kind=AlertKind.DEPARTURE, severity=Severity.LOW)
    AuditEntry.objects.create(user=user, deed="settle", alert=alert)
    BulkPlan.objects.create(user=user, verb=Verb.ACCEPT, found=1)
    CardLease.objects.create(order=order, user=user, until=timezone.now())
    KeyPreference.objects.create(user=user)
    ModelVersion.objects.create(version="v1", numbers={}, origin="code")
    WriteBack.objects.create(
        kind=WriteKind.LINK,
        decision=decision,
        suggestion=suggestion,
        order=order,
        texto_versao=1,
        username="rosa",
        next_try_at=timezone.now(),
    )
    LogEntry.objects.create(
        user=user,
        content_type=ContentType.objects.get_for_model(User),
        object_id="1",
        object_repr="rosa",
        action_flag=2,
    )
    source = Source.objects.create(name="other_source", key_column="other_id")
    held = Snapshot.objects.create(source=source, status="rejected", business_date=date(2020, 1, 1))
    Suppressed.objects.create(source=source, hash=7)
    Cursor.objects.create(consumer="some-consumer", source=source)
    run = runs.JobRun.objects.create(job="sample", business_date=TODAY, trigger="command")
    runs.Beat.objects.create(run=run, fence=1, progress_at=timezone.now())
    runs.LogLine.objects.create(run=run, at=timezone.now(), level=20, text="x")
    drain = runs.Drain.objects.create(by="rosa", until=timezone.now())
    runs.CancelRequest.objects.create(run=run, user=user, drain=drain)
    incident = runs.Incident.objects.create(kind="failure", key="sample", run=run, since=timezone.now())
    runs.Notice.objects.create(incident=incident, kind="opened", channel="email")
    runs.WatchBeat.objects.create(host="server")
    runs.Erasure.objects.create(by="rosa", reason="x", person="x")
    runs.AccessEntry.objects.create(user=user, kind="card")
    runs.SignIn.objects.create(user=user, account="x", result="in")
    runs.DataRequest.objects.create(
        opened_by=user, received_on=TODAY, due_on=TODAY, channel="desk", wanted="copy", outcome="open"
    )
    runs.HotelAccount.objects.create(user=user, issuer="https://id.example", subject="x")
    runs.SkippedSlot.objects.create(job="sample", slot=timezone.now(), why="running")
    assert held.pk
    room = Room.objects.create(key="999", shown="999")
    RoomAlias.objects.create(room=room, spelling="casa azul", key="casa azul", user=user)
    OrderRoom.objects.create(order=order, room=room, key="casa", user=user)
    UnreadSpelling.objects.create(order=order, spelling="casa", key="casa")
    DirectoryVersion.objects.create(version="q-1", content=[])
    FurtherGuest.objects.create(order=order, stay=stay, added_by=user)
    runs.ShiftNote.objects.create(day=TODAY, user=user, text="x")
    recipe = runs.ImportRecipe.objects.create(fingerprint="f", name="x", kind="stays")
    session = runs.ImportSession.objects.create(user=user, business_date=TODAY, expires_at=timezone.now())
    runs.ImportedFile.objects.create(
        session=session, origin="upload", name="x.csv", size=1, sha256="0", state="imported", recipe=recipe
    )


def planted_columns() -> list[tuple[type[Model], Any]]:
    """Every column of every model of ours that can hold text, but for those that EXEMPT leaves to others."""
    return [
        (model, field)
        for model in apps.get_models()
        for field in model._meta.local_concrete_fields
        if not model._meta.proxy and can_hold_text(field) and not _is_exempt(model, field)
    ]


def _is_exempt(model: type[Model], field: Any) -> bool:
    options = model._meta
    named = (options.app_label, options.label_lower, f"{options.label_lower}.{field.name}")
    return any(name in EXEMPT for name in named)


def plant() -> dict[str, list[str]]:
    """Writes every form of the person that fits into every column, a row of its own for each; returns what did not
    fit anywhere, by column."""
    kept: dict[str, list[str]] = {}
    with connection.cursor() as cursor:
        cursor.execute("select set_config('sistema_os.data_protection', 'on', false)")
        for place, (model, field) in enumerate(planted_columns()):
            forms = [form for form in FORMS if field.max_length is None or len(form) <= field.max_length]
            kept[f"{model._meta.label}.{field.name}"] = forms
            for form in forms:
                try:
                    with transaction.atomic():
                        _plant_in_a_copy(cursor, model, field, form)
                except (IntegrityError, ProgrammingError):
                    # One row of a kind, or the key itself: the row that is there, another form in each column.
                    _plant_in_the_row(cursor, model, field, forms[place % len(forms)])
        cursor.execute("select set_config('sistema_os.data_protection', 'off', false)")
    return kept


# Alive suggestions are one of a kind, the columns of a collected source must stay readable, and a copy of somebody's
# stay would share his person profile.
_TEMPLATES: dict[type[Model], dict[str, Any]] = {
    MatchSuggestion: {"state": "expired"},
    Stay: {"listagem_id": 901},
    Order: {"os_id": 901},
    Source: {"key_column": "other_id"},
    Snapshot: {"business_date": date(2020, 1, 1)},
}


def _template(model: type[Model]) -> Any:
    rows = model._base_manager.filter(**_TEMPLATES.get(model, {}))
    return rows.order_by("pk").values_list("pk", flat=True)[0]


def _value(field: Any, form: str) -> Any:
    """The text; in JSON as the column has it, deep inside."""
    if not isinstance(field, JSONField):
        return form
    deep = {"order_value": form, "guest_value": [form], "note": {form: form}}
    return Jsonb([deep] if field.default is list else deep)


def _plant_in_the_row(cursor: Any, model: type[Model], field: Any, form: str) -> None:
    pk_field = model._meta.pk
    assert pk_field is not None
    names = (model._meta.db_table, str(field.column), str(pk_field.column))
    table, column, pk = map(sql.Identifier, names)
    query = sql.SQL("update {} set {} = %s where {} = %s").format(table, column, pk)
    cursor.execute(query, [_value(field, form), _template(model)])


def _plant_in_a_copy(cursor: Any, model: type[Model], field: Any, form: str) -> None:
    """A copy of a row of the model's table with the text in that column."""
    table, pk = sql.Identifier(model._meta.db_table), model._meta.pk
    assert pk is not None
    key = str(pk.column)
    fresh: dict[str, Any] = {field.column: _value(field, form)}
    if pk.get_internal_type() == "UUIDField":
        fresh[key] = uuid.uuid4()
    elif not pk.is_relation and model in (Order, Stay):
        fresh[key] = _next_key(model)
    for other in model._meta.local_concrete_fields:
        if other.unique and not other.is_relation and other not in (field, pk):
            fresh[str(other.column)] = uuid.uuid4().hex[: other.max_length or 32]
    copied = [str(f.column) for f in model._meta.local_concrete_fields if f.column not in fresh and f is not pk]
    query = sql.SQL("insert into {} ({}) select {} from {} where {} = %s").format(
        table,
        sql.SQL(", ").join(map(sql.Identifier, [*fresh, *copied])),
        sql.SQL(", ").join([*(sql.Placeholder() for _ in fresh), *map(sql.Identifier, copied)]),
        table,
        sql.Identifier(key),
    )
    cursor.execute(query, [*fresh.values(), _template(model)])


def _next_key(model: type[Model]) -> int:
    newest = model._base_manager.order_by("-pk").values_list("pk", flat=True)[0]
    return int(newest) + 1


def dump() -> dict[str, str]:
    """Every table of our database as COPY writes it into a plain dump, by name."""
    found = {}
    with connection.cursor() as cursor:
        for name in connection.introspection.table_names():
            with cursor.copy(sql.SQL("copy {} to stdout").format(sql.Identifier(name))) as rows:
                found[name] = b"".join(bytes(part) for part in rows).decode()
    return found


def data_files() -> dict[str, bytes]:
    """The bytes of every table of ours, with its overflow table and indexes, as they are on the disk."""
    assert stack.running is not None
    with stack.running.connect_hotel() as superuser:
        superuser.execute("checkpoint")
        row = superuser.execute("show data_directory").fetchone()
    assert row is not None
    with connection.cursor() as cursor:
        cursor.execute(
            "select relname, pg_relation_filepath(oid) from pg_class"
            " where relkind in ('r', 'i', 't') and relfilenode > 0"
            " and relnamespace::regnamespace::text in ('public', 'pg_toast')"
        )
        return {name: Path(row[0], path).read_bytes() for name, path in cursor.fetchall()}
