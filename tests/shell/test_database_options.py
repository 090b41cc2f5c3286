"""A database that stops answering without closing the connection."""

import socket

import psycopg
import pytest
from django.conf import settings
from django.db import connection

pytestmark = pytest.mark.django_db


def test_every_connection_ends_when_its_peer_is_silent() -> None:
    options = settings.DATABASES["default"]["OPTIONS"]
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
        options = settings.DATABASES["default"]["OPTIONS"] | {"connect_timeout": 2}
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(host="127.0.0.1", port=port, dbname="x", user="x", **options)
