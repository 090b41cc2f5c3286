"""100,000 flat lines through the two database functions, beside COPY of the rows that they make.

`python -m tests.benchmarks.intake_writing [--rows 100000] [--slowest]`

COPY fills copies of the three tables (of the orders' one) with their keys and indexes: what a program that already had
ids, split rows and nothing to compare would need. `--slowest` prints the slowest statements inside of the functions.
Prints a table and, last, one JSON object: {"targets": [{"name", "value", "target", "ok"}], "short"}.
"""

import argparse
import json
import os
import random
import re
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from statistics import median
from typing import Any, Final

import psycopg
from psycopg.types.json import Jsonb

from tests.benchmarks.stage import private_stack, say, say_pace

TIMES_COPY: Final = 3.0
FIRST: Final = ("Maria", "João", "José", "Antônia", "Luís", "Sebastião", "Conceição", "Ana", "Pedro", "Íris")
LAST: Final = ("Silva", "Souza", "Gonçalves", "Araújo", "Lima", "Müller", "Peçanha", "Nóbrega", "Guimarães", "Brandão")
DAYS: Final = (("first", False, date(2026, 3, 11)), ("the next day", True, date(2026, 3, 12)))
TABLES: Final = {"stays": ("hospedes", "reservas", "listagem_hospedes"), "orders": ("ordens_servico",)}
RECEIVE: Final = {
    "stays": "select receber_listagem(%s, %s, 'casa', 'bench')",
    "orders": "select receber_ordens(%s, %s, 'bench')",
}


def stay_lines(count: int, changed: bool = False) -> Iterator[dict[str, Any]]:
    """Two guests a reservation. On the second day a twentieth each has moved, prolonged, or left for somebody new."""
    dice = random.Random(14)
    for number in range(count):
        booking, main = divmod(number, 2)
        name = f"{dice.choice(LAST)} {dice.choice(LAST)}, {dice.choice(FIRST)} {dice.choice(FIRST)}".upper()
        line = {
            "booking": str(100_000 + booking),
            "room": f"{booking:05d}",
            "name": name,
            "main": main == 0,
            "arrival": "2026-03-10",
            "departure": "2026-03-20",
            "status": "na_casa",
            "company": "Petrobras S.A." if booking % 7 == 0 else None,
            "phone": f"(21) 9{number:08d}" if main == 0 else None,
            "email": f"g{number}@example.com" if main == 0 else None,
            "minor": False,
        }
        if changed and booking % 20 == 0:
            line["room"] = f"9{booking:05d}"
        elif changed and booking % 20 == 1:
            line["departure"] = "2026-03-22"
        elif changed and booking % 20 == 2:
            line |= {"booking": str(900_000 + booking), "room": f"8{booking:05d}", "name": f"NOVA {number}, ANA"}
        yield line


def order_lines(count: int, changed: bool = False) -> Iterator[dict[str, Any]]:
    """On the second day a twentieth was completed, and as many are new."""
    first = count // 20 if changed else 0
    for number in range(first, first + count):
        yield {
            "number": f"{number:06d}",
            "opened": f"2026-03-{1 + number % 9:02d} {number % 24:02d}:{number % 60:02d}:00",
            "text": f"Chuveiro não esquenta, {number}",
            "room": f"{number * 7_919 % 10_000:04d}",
            "requester": "Recepção",
            "sector": "manutencao",
            "status": "concluida" if changed and number % 20 == 0 else "aberta",
        }


def server_seconds(hotel: psycopg.Connection) -> float:
    """CPU time of the connection's server process so far: the host is shared."""
    fields = Path(f"/proc/{hotel.info.backend_pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def copy_again(hotel: psycopg.Connection, tables: tuple[str, ...]) -> float:
    """Seconds of COPY of what the tables hold into empty copies with the same keys and indexes."""
    with hotel.transaction(force_rollback=True):
        contents = []
        for table in tables:
            columns = ", ".join(
                name
                for (name,) in hotel.execute(
                    "select column_name from information_schema.columns where table_schema = 'public' "
                    "and table_name = %s and is_generated = 'NEVER' order by ordinal_position",
                    [table],
                )
            )
            with hotel.cursor().copy(f"copy {table} ({columns}) to stdout") as copied:
                contents.append((table, columns, b"".join(copied)))
            hotel.execute(f"create table again_{table} (like {table} including all)")
        started = server_seconds(hotel)
        for table, columns, content in contents:
            with hotel.cursor().copy(f"copy again_{table} ({columns}) from stdin") as copied:
                copied.write(content)
        return server_seconds(hotel) - started


def received(hotel: psycopg.Connection, kind: str, lines: list[dict[str, Any]], day: date) -> tuple[float, Any]:
    payload = Jsonb(lines)
    started = server_seconds(hotel)
    answer = hotel.execute(RECEIVE[kind], [payload, day]).fetchone()
    hotel.commit()
    return server_seconds(hotel) - started, answer[0] if answer else None


def report_slowest(notices: list[tuple[float, str]]) -> None:
    for milliseconds, statement in sorted(notices, reverse=True)[:14]:
        say(f"    {milliseconds:9.0f} ms  {re.sub(chr(92) + 's+', ' ', statement)[:150]}")


def measure(rows: int, *, slowest: bool = False) -> list[dict[str, Any]]:
    """Targets of both functions on two days, each also printed."""
    say(f"{'work':<34}{'CPU s':>9}{'x COPY':>9}")
    targets: list[dict[str, Any]] = []
    makers: dict[str, Callable[..., Iterator[dict[str, Any]]]] = {"stays": stay_lines, "orders": order_lines}
    with private_stack() as stack, stack.connect_hotel() as hotel:
        notices: list[tuple[float, str]] = []
        if slowest:
            hotel.execute("load 'auto_explain'")
            for name, level in (("log_min_duration", "100"), ("log_nested_statements", "on"), ("log_level", "notice")):
                hotel.execute(f"set auto_explain.{name} = {level}")
            hotel.add_notice_handler(lambda notice: notices.append(_slow(notice.message_primary or "")))
            hotel.commit()
        for kind, make in makers.items():
            for words, changed, day in DAYS:
                notices.clear()
                seconds, answer = received(hotel, kind, list(make(rows, changed)), day)
                plain = median(copy_again(hotel, TABLES[kind]) for _ in range(3))
                times = round(seconds / plain, 2)
                say(f"{kind + ', ' + words:<34}{seconds:>9.2f}{times:>9.2f}  {_counts(answer)}")
                report_slowest(notices)
                target = {"name": f"{kind}, {words}, x COPY", "value": times, "target": f"<= {TIMES_COPY}"}
                targets.append(target | {"ok": times <= TIMES_COPY})
            say(f"{kind + ', COPY of the rows':<34}{plain:>9.2f}")
    return targets


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--slowest", action="store_true")
    options = parser.parse_args()
    say_pace()
    targets = measure(options.rows, slowest=options.slowest)
    say(json.dumps({"targets": targets, "short": [target["name"] for target in targets if not target["ok"]]}))


def _slow(message: str) -> tuple[float, str]:
    found = re.match(r"duration: ([\d.]+) ms\s+plan:\s*Query Text: (.*)", message, re.DOTALL)
    return (float(found[1]), found[2]) if found else (0.0, message)


def _counts(answer: dict[str, Any]) -> str:
    return " ".join(f"{name} {answer[name]}" for name in ("novas", "alteradas", "iguais")) + (answer["recusa"] or "")


if __name__ == "__main__":
    main()
