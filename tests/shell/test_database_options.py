"""A database that stops answering without closing the connection."""

import socket

import psycopg
import pytest
from django.conf import settings as project
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django.fixtures import Settings

from pipeline.models import Trigger
from pipeline.runs.control import Control
from pipeline.runs.lifecycle import claim, open_run
from pipeline.worker.heartbeat import Heartbeat
from pipeline.worker.run_log import RunLog
from pipeline.worker.watchdog import LoopWatchdog
from snapshots import snapshot_manager as manager
from tests.snapshots.hotel import collect, stays

pytestmark = pytest.mark.django_db


def test_every_connection_ends_when_its_peer_is_silent() -> None:
    options = project.DATABASES["default"]["OPTIONS"]
    assert options["connect_timeout"] <= 10
    given = connection.get_connection_params()
    assert {name: given[name] for name in options} == options
    connection.ensure_connection()
    actual = connection.connection.info.get_parameters()
    assert actual["tcp_user_timeout"] == str(options["tcp_user_timeout"])
    assert actual["keepalives_idle"] == str(options["keepalives_idle"])


def test_a_server_that_accepts_and_never_answers_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        options = project.DATABASES["default"]["OPTIONS"] | {"connect_timeout": 2}
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(host="127.0.0.1", port=port, dbname="x", user="x", **options)


def test_behind_a_transaction_pooler_nothing_is_set_for_a_session(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such a setting would hold for whoever gets the connection next, and a cursor is gone after its statement."""
    settings.DATABASE_TRANSACTION_POOLER = True
    monkeypatch.setitem(connection.settings_dict, "DISABLE_SERVER_SIDE_CURSORS", True)
    snapshot = collect(stays(30))
    run = claim(open_run("hospedes_casa", business_date=snapshot.business_date, trigger=Trigger.COMMAND).pk)
    watchdog = LoopWatchdog()
    heartbeat = Heartbeat(run, Control(), RunLog(run), watchdog)
    with CaptureQueriesContext(connection) as queries:
        heartbeat._listen()
        assert len(list(manager.as_of(snapshot))) == 30
    watchdog.close()
    assert not [one["sql"] for one in queries if one["sql"].startswith(("SET", "LISTEN", "DECLARE"))]
