"""Files of 100,000 lines through `python -m pipeline.intake`, beside the standard library's reader alone; then their
lines through the two database functions (`intake_writing`).

`python -m tests.benchmarks.bench_intake [--rows 100000]`

Each work is a process of its own, so that its memory is its own. Prints a table and, last, one JSON object:
{"targets": [{"name", "value", "target", "ok"}], "short"}. Seconds are of CPU time: the host is shared.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from tests.benchmarks import intake_writing
from tests.benchmarks.intake_writing import FIRST, LAST
from tests.benchmarks.stage import say, say_pace
from tests.pipeline.intake.files import cells, workbook

SECONDS: Final = 20
MEGABYTES: Final = 300
STAY_HEADER: Final = (
    *("Reserva", "UH", "Hóspede", "Chegada", "Partida", "Status", "Empresa", "Telefone", "E-mail", "Adultos"),
    *("Crianças", "Observações"),
)
ORDER_HEADER: Final = ("Nº OS", "Aberta em", "Apto", "Solicitante", "Hóspede", "Setor", "Descrição", "Status")
READ: Final = """
import json, sys, time
from datetime import date
from pathlib import Path
from pipeline.intake import Limits, read
from tests.benchmarks.peak import peak_megabytes
path, kind = Path(sys.argv[1]), sys.argv[2]
lines = read(path.read_bytes(), name=path.name, kind=kind, date=date(2026, 3, 12), limits=Limits()).lines
out = open("/dev/null", "w")
count = sum(out.write(json.dumps(line, ensure_ascii=False)) > 0 for line in lines)
print(json.dumps([count, time.process_time(), peak_megabytes()]))
"""
PLAIN: Final = """
import csv, json, sys, time
from tests.benchmarks.peak import peak_megabytes
count = sum(1 for _ in csv.DictReader(open(sys.argv[1], encoding="cp1252", newline=""), delimiter=";"))
print(json.dumps([count, time.process_time(), peak_megabytes()]))
"""


def stay_rows(count: int) -> Iterator[list[str]]:
    dice = random.Random(14)
    for number in range(count):
        day = dice.randint(1, 28)
        yield [
            str(100_000 + number),
            f"{dice.randint(1, 9_999):04d}",
            f"{dice.choice(LAST)} {dice.choice(LAST)}, {dice.choice(FIRST)} {dice.choice(FIRST)}".upper(),
            f"{day:02d}/{dice.randint(1, 6):02d}/2026",
            f"{day:02d}/{dice.randint(7, 12):02d}/2026",
            dice.choice(("Na casa", "Confirmada", "Cancelada")),
            "Petrobras S.A." if number % 7 == 0 else "",
            f"(21) 9{dice.randint(10_000_000, 99_999_999)}",
            f"g{number}@example.com",
            *("2", "0"),
            f"chega às {number % 24}h",
        ]


def order_rows(count: int) -> Iterator[list[str]]:
    dice = random.Random(15)
    for number in range(count):
        yield [
            f"{number:06d}",
            f"{dice.randint(1, 12):02d}/03/2026 {number % 24:02d}:{number % 60:02d}",
            f"{dice.randint(1, 9_999):04d}",
            *("Recepção", f"Sra. {dice.choice(LAST)}"),
            dice.choice(("Manutenção", "Governança", "Recepção")),
            f"Chuveiro não esquenta, {number}",
            dice.choice(("Aberta", "Em andamento", "Concluída")),
        ]


def write_csv(path: Path, header: tuple[str, ...], rows: Iterator[list[str]]) -> Path:
    lines = (";".join(row) for row in ([*header], *rows))
    path.write_text("".join(f"{line}\n" for line in lines), encoding="cp1252")
    return path


def write_chat(path: Path, count: int) -> Path:
    lines = (f"12/03/2026 {n % 24:02d}:{n % 60:02d} - Recepção: apto {n} sem água\n" for n in range(count))
    path.write_text("".join(lines), encoding="utf-8")
    return path


def run(script: str, *arguments: str) -> tuple[int, float, float]:
    done = subprocess.run([sys.executable, "-c", script, *arguments], capture_output=True, text=True, check=True)
    count, seconds, megabytes = json.loads(done.stdout)
    return count, seconds, megabytes


def works(folder: Path, rows: int) -> Iterator[tuple[str, int, str, tuple[str, ...]]]:
    stays = write_csv(folder / "stays.csv", STAY_HEADER, stay_rows(rows))
    orders = write_csv(folder / "orders.csv", ORDER_HEADER, order_rows(rows))
    book = folder / "stays.xlsx"
    book.write_bytes(workbook(cells([*STAY_HEADER], *stay_rows(rows // 5))))
    yield "csv.DictReader", rows, PLAIN, (str(stays),)
    yield "guest list, CSV", rows, READ, (str(stays), "stays")
    yield "orders, CSV", rows, READ, (str(orders), "orders")
    yield "chat", rows, READ, (str(write_chat(folder / "chat.txt", rows)), "orders")
    yield "guest list, XLSX, a fifth", rows // 5, READ, (str(book), "stays")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    rows = parser.parse_args().rows
    say_pace()
    say(f"{'work':<28}{'lines':>9}{'CPU s':>9}{'MB':>8}")
    targets: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(prefix="sistema-os-bench-") as folder:
        for name, wanted, script, arguments in works(Path(folder), rows):
            count, seconds, megabytes = run(script, *arguments)
            say(f"{name:<28}{count:>9}{seconds:>9.2f}{megabytes:>8.0f}")
            if script == READ:
                figures = [("lines", count, wanted), ("seconds", seconds, SECONDS), ("MB", megabytes, MEGABYTES)]
                targets += [
                    {
                        "name": f"{name}: {what}",
                        "value": round(value, 2),
                        "target": f"{'=' if what == 'lines' else '<='} {target}",
                        "ok": value == target if what == "lines" else value <= target,
                    }
                    for what, value, target in figures
                ]
    targets += intake_writing.measure(rows)
    short = [target["name"] for target in targets if not target["ok"]]
    say(json.dumps({"targets": targets, "short": short}))


if __name__ == "__main__":
    main()
