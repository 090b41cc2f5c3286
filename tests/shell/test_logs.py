"""What a log line carries, and what it must never carry."""

import asyncio
import json
import logging
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sistema_os.logs import MAX_TEXT, JsonFormatter, bind, redact
from tests.growth import growth

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoic2VydmljZV9yb2xlIn0.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("CPF 529.982.247-25 do hóspede", "529.982.247-25"),
        ("cpf=52998224725", "52998224725"),
        ("cpf529982247-25", "529982247-25"),
        ("doc 529 982 247 25", "529 982 247 25"),
        ("fone (48) 99912-3456", "99912-3456"),
        ("fone 48 99912-3456", "99912-3456"),
        ("fone +55 48 99912 3456", "99912 3456"),
        ("fone 5548999123456", "5548999123456"),
        ("fone 4833334444", "4833334444"),
        ("fone 99912-3456", "99912-3456"),
        ("fone 3333-4444", "3333-4444"),
        ("fone +351 912 345 678", "912 345 678"),
        ("escreveu maria.silva+hotel@exemplo.com.br ontem", "maria.silva"),
        ("GET /hospedes?email=eq.maria%40exemplo.com", "maria"),
        (f"apikey: {JWT}", JWT),
        (f"Authorization: Bearer {JWT}", "eyJ"),
        ("Authorization: Bearer abc.def-123", "abc.def-123"),
        ("key sb_secret_N7UND0UgjKTVK-Uodkm0Hg", "N7UND0UgjKTVK"),
        ("postgres://app:s3nh@/x@db.exemplo:5432/os", "s3nh"),
        ("postgresql://app:p%40ss@127.0.0.1/os", "p%40ss"),
        ("{'password': 'hunter2'}", "hunter2"),
        ('"SUPABASE_SERVICE_KEY": "abcdef"', "abcdef"),
        ("SECRET_KEY=abcdef", "abcdef"),
        ("DETAIL:  Failing row contains (1, Maria Silva, 412).", "Maria"),
        ("DETAIL:  Key (titular)=(Maria Silva) already exists.", "Maria"),
        ("DETALHE:  Registro que falhou contém (1, Maria Silva, 412).", "Maria"),
        ("DETALHE:  Linha que falhou contem (1, Maria Silva).", "Maria"),
        ("DETALHE:  Chave (titular)=(Maria Silva) já existe.", "Maria"),
        ("cartão 4111 1111 1111 1111", "1111 1111"),
        ("card=4111111111111111", "4111111111111111"),
        ("card=4111%201111%201111%201111", "%201111"),
        ("5555-5555-5555-4444", "5555-4444"),
        ("amex 378282246310005", "378282246310005"),
        ("cnpj 12.345.678/0001-95", "345.678"),
        ("cnpj=12345678000195", "12345678000195"),
        ("cnpj=12.345.678%2F0001-95", "345.678"),
        ("q=529.982.247%2D25", "982.247"),
        ("q=529%2E982%2E247%2D25", "%2E982"),
        ("q=529%20982%20247%2025", "%20982"),
        ("q=529+982+247+25", "+982+"),
        ("q=529982247%2D25", "529982247"),
        ("q=%2052998224725", "52998224725"),
        ("tel=%2848%29%2099912-3456", "99912"),
        ("tel=48%2099912%2D3456", "99912"),
        ("tel=%2B5548999123456", "999123456"),
        ("+1 (415) 555-2671", "555-2671"),
        ("+1 415.555.2671", "555.2671"),
        ("+14155552671", "4155552671"),
        ("+44 20 7946 0958", "7946"),
        ("0044 20 7946 0958", "7946"),
        ("+54 9 11 2345-6789", "2345"),
        ("+49 (0)30 901820", "901820"),
        ("+33 1 42 68 53 00", "42 68"),
        ("(415) 555-2671", "555-2671"),
        ("https://hooks.slack.com/services/T000/B000/XXXXsecret", "XXXXsecret"),
        ("https://discord.com/api/webhooks/123/abcDEF", "abcDEF"),
        ("https://hotel.webhook.office.com/webhookb2/1f-2e/IncomingWebhook/abc", "IncomingWebhook/abc"),
        ("https://api.telegram.org/bot123:AAHsecret/sendMessage", "AAHsecret"),
        ("https://chat.googleapis.com/v1/spaces/X/messages?key=AIzaSy", "AIzaSy"),
        ("POST https://exemplo.com/webhook/9f8e7d6c", "9f8e7d6c"),
        ("sessionid=k3j4h5k3j4h5", "k3j4h5"),
        ("Cookie: csrftoken=abc; sessionid=def", "def"),
        ("Set-Cookie: sessionid=def; HttpOnly", "def"),
        ("csrfmiddlewaretoken=AbCdEf", "AbCdEf"),
        ("session_key: abcdefgh", "abcdefgh"),
        ("X-Api-Key: abcdef123", "abcdef123"),
        ("x-api-key=abcdef123", "abcdef123"),
        ("'api-key': 'abcdef123'", "abcdef123"),
        ("X-Auth-Token: abcdef123", "abcdef123"),
        ("access_token=abcdef123&x=1", "abcdef123"),
        ("client_secret=abcdef123", "abcdef123"),
        ("Authorization: Token abcdef123", "abcdef123"),
        ("Authorization: abcdef123", "abcdef123"),
        ("ghp_abcdefghijklmnopqrstuvwxyz0123456789", "abcdefghijkl"),
        ("sk_live_abcdefghijklmnop", "abcdefghijkl"),
        ("AKIAIOSFODNN7EXAMPLE", "IOSFODNN"),
    ],
)
def test_secrets_and_personal_data_do_not_survive_redaction(text: str, secret: str) -> None:
    assert secret not in redact(text)


@pytest.mark.parametrize(
    "text",
    [
        "run 1483 at phase match 63/200",
        "2026-11-22T07:04:00+00:00 business date 2026-11-22",
        "seasons 2025-2026, room 412, 622 rows in 1.234 s",
        "GET ordens_servico?select=id 200 1000 rows 12 ms",
        "http://127.0.0.1:54321/rest/v1",
        "token bucket is empty",
        "2026-11-30T22:07:04.123456+00:00 job pipeline_diario, beat 12",
        "webhook answered 404 in 120 ms",
        "run 20261130120000 of 14 digits",
        "cookie settings are fine",
        "550e8400-e29b-41d4-a716-446655440abc",
    ],
)
def test_what_operators_need_survives_redaction(text: str) -> None:
    assert redact(text) == text


@given(
    digits=st.text("0123456789", min_size=11, max_size=11),
    shape=st.sampled_from(["{}{}{}{}", "{}.{}.{}-{}", "{} {} {} {}", "{}{}{}-{}", "{}.{}.{}/{}"]),
    before=st.text("abc =:('\"\n[ç", max_size=6),
    after=st.text("abc ,;)'\"\n]ç", max_size=6),
)
def test_no_document_survives_whatever_stands_around_it(digits: str, shape: str, before: str, after: str) -> None:
    document = shape.format(digits[:3], digits[3:6], digits[6:9], digits[9:])
    assert document not in redact(before + document + after)


def test_redacting_twice_changes_nothing_more() -> None:
    once = redact(f"Authorization: Bearer {JWT}; password=x; 529.982.247-25; a@b.com.br; postgres://u:p@h/d")
    assert redact(once) == once


def _line(record: logging.LogRecord) -> dict[str, object]:
    parsed: dict[str, object] = json.loads(JsonFormatter().format(record))
    return parsed


def _record(message: str, *args: object, **attributes: object) -> logging.LogRecord:
    record = logging.LogRecord("pipeline", logging.INFO, __file__, 1, message, args, None)
    vars(record).update(attributes)
    return record


def test_a_line_is_one_json_object_with_time_level_logger_and_message() -> None:
    line = _line(_record("phase %s", "match"))
    assert line["level"] == "INFO"
    assert line["logger"] == "pipeline"
    assert line["message"] == "phase match"
    assert str(line["time"]).endswith("+00:00")


def test_bound_fields_reach_the_line_and_leave_with_the_block() -> None:
    with bind(run_id=7, job="pipeline_diario"), bind(job="hospedes_casa"):
        inside = _line(_record("x"))
    assert (inside["run_id"], inside["job"]) == (7, "hospedes_casa")
    assert "run_id" not in _line(_record("x"))


async def _line_in_task() -> dict[str, object]:
    return _line(_record("x"))


def test_bound_fields_follow_into_the_tasks_of_a_run() -> None:
    async def run() -> dict[str, object]:
        with bind(run_id=7):
            return await asyncio.create_task(_line_in_task())

    assert asyncio.run(run())["run_id"] == 7


def test_a_traceback_is_redacted_too() -> None:
    try:
        raise ValueError("bad document 529.982.247-25")
    except ValueError:
        record = _record("failed", exc_info=sys.exc_info())
    text = JsonFormatter().format(record)
    assert "ValueError" in text
    assert "529.982" not in text
    assert "\n" not in text


def test_extras_are_kept_when_plain_and_left_out_when_objects() -> None:
    line = _line(_record("x", rows=622, table="reservas", guest="52998224725", cpf=52998224725, request=object()))
    assert line["rows"] == 622
    assert line["table"] == "reservas"
    assert "52998224725" not in str(line)
    assert "request" not in line


def test_a_message_whose_arguments_do_not_fit_is_still_one_line() -> None:
    assert _line(_record("%d rows", "many"))["message"] == "%d rows [arguments did not fit]"


@pytest.mark.parametrize(
    "unit",
    [
        *(
            "a.",
            "a-",
            ".-_:/@",
            "x",
            "1",
            "1 ",
            "((48)",
            "+55 48 ",
            "eyJ",
            "eyJ.",
            "a@",
            "a%40",
            "a+b://",
            "a://b",
            "a://b:",
        ),
        *(
            "api_key",
            "password ",
            "token = '",
            "basic ",
            "bearer          ",
            "Key (",
            "Key (a)=(",
            "Failing row contains (",
            "Chave (a)=(",
            "https://hooks.",
            "https://webhook",
            "/webhooks/",
            "cookie: ",
            "authorization: a ",
            "csrf",
            "%201",
            "1%2E",
            "4-",
            "00",
            "+1(2)",
            "(12) ",
        ),
    ],
)
def test_ten_times_the_text_costs_at_most_twelve_times_the_cpu_time(unit: str) -> None:
    """Text from outside (a Host header, a path) is logged before anybody has signed in."""
    short, long = ((unit * size)[:size] for size in (MAX_TEXT // 10, MAX_TEXT))
    assert growth(redact, short, long, most=12) <= 12


def test_a_text_of_any_length_is_cut_before_it_is_searched() -> None:
    assert len(redact("x" * 10_000_000)) < MAX_TEXT + 100
