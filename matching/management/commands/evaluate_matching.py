"""Evaluates suggestions against a truth file: those in our database, or those of a new match of two files."""

from argparse import ArgumentParser
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from matching.core import Model
from matching.core.__main__ import read_jsonl
from matching.core.evaluation.decidable import tell
from matching.core.evaluation.report import judge, lines, report
from matching.hospede_matcher import match_orders
from matching.learning import model_registry
from matching.models import MatchSuggestion
from matching.models.choices import ALIVE

Answers = dict[int, list[tuple[int | None, float]]]
Row = dict[str, Any]


class Command(BaseCommand):
    help = (
        "Prints precision, recall and F1 at the default and the best threshold, recall at 3, a calibration table and "
        "recall by kind of noise. A truth line is {os_id, aceitaveis: [listing ids], estilo}; no ids mean no guest."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--truth", type=Path, required=True)
        parser.add_argument("--orders", type=Path, help="JSON lines of ordens_servico; needs --stays")
        parser.add_argument("--stays", type=Path, help="JSON lines of listagem_hospedes with reservas and hospedes")
        parser.add_argument(
            "--model",
            help="score with this: a file of model numbers, or a stored version's name (default: the program's own)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if bool(options["orders"]) != bool(options["stays"]):
            raise CommandError("--orders and --stays go together.")
        if options["model"] and not options["orders"]:
            raise CommandError("--model scores afresh: it needs --orders and --stays.")
        truth = self._truth(options["truth"])
        if options["orders"]:
            orders, stays = self._rows(options["orders"]), self._rows(options["stays"])
            answers = self._fresh(orders, stays, _model(options["model"]))
            scored = {row.get("id") for row in orders}
        else:
            answers = _stored()
            scored = set(answers)
        known = [entry for entry in truth if entry["os_id"] in scored]
        if not known:
            raise CommandError("No order of the truth file is among the orders.")
        if len(known) < len(truth):
            self.stdout.write(f"{len(truth) - len(known)} orders of the truth file are not among the orders: left out")
        decidable = tell(orders, stays, known) if options["orders"] else None
        self.stdout.write("\n".join(lines(report(judge(known, answers, decidable)))))

    def _rows(self, path: Path) -> list[Row]:
        try:
            rows, _, bad = read_jsonl(path)
        except OSError as error:
            raise CommandError(f"{path} cannot be read: {error.strerror}.") from error
        if bad:
            self.stderr.write(f"{path.name}: {bad} lines are no JSON objects and were left out")
        return rows

    def _truth(self, path: Path) -> list[Row]:
        rows = self._rows(path)
        good = [row for row in rows if isinstance(row.get("os_id"), int) and isinstance(row.get("aceitaveis"), list)]
        if len(good) < len(rows):
            self.stderr.write(f"{path.name}: {len(rows) - len(good)} lines lack os_id or aceitaveis and were left out")
        return good

    def _fresh(self, orders: list[Row], stays: list[Row], model: Model | None) -> Answers:
        result = match_orders(orders, stays, model=model)
        self.stdout.write(f"model {result.model_version}")
        for skipped in result.skipped:
            self.stderr.write(f"{skipped.side}, row {skipped.row}: {skipped.problem}")
        return _by_order((c.os_id, c.listagem_id, c.probability) for c in result.candidates)


def _model(name: str | None) -> Model | None:
    """None is the program's own: two files can be scored where there is no database."""
    if not name:
        return None
    try:
        if Path(name).is_file():
            return Model.from_json(Path(name).read_text("utf-8"))
        row = model_registry.resolve(name)
        if row is not None:
            return model_registry.load(row)
    except (OSError, ValueError) as error:
        raise CommandError(f"{name}: {error}") from error
    raise CommandError(f"{name} is neither a file nor a stored version.")


def _stored() -> Answers:
    rows = MatchSuggestion.objects.filter(state__in=ALIVE).order_by("order_id", "rank")
    return _by_order(
        (os_id, stay, float(p)) for os_id, stay, p in rows.values_list("order_id", "stay_id", "probability")
    )


def _by_order(rows: Iterable[tuple[int, int | None, float]]) -> Answers:
    found: Answers = defaultdict(list)
    for os_id, stay, probability in rows:
        found[os_id].append((stay, probability))
    return found
