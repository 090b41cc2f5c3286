"""Trains a model on the decisions, and puts it to use only if it is better on held-out decisions."""

from argparse import ArgumentParser, BooleanOptionalAction
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from matching.learning import model_registry
from matching.learning.cross_validation import table
from matching.learning.from_decisions import gather
from matching.learning.trainer import FEWEST, TooFewDecisions, Training, train

DOUBTS = {
    "no_gain": "the gain is too small to be worth a change",
    "may_be_luck": "the gain may be luck",
    "f1": "F1 at the default threshold falls",
    "brier": "the Brier score rises",
    "sure": "fewer of the suggestions at .98 and above are right",
    "decisions": "the decisions do not follow the evidence, so a model that fits them is only less sure of everything; "
    "look at how they were taken before training",
}


class Command(BaseCommand):
    help = (
        "Learns aliases, weights and calibration from accepted and rejected suggestions and shows the old model "
        "against the new one on held-out decisions. The new one is kept as a version, and put to use when better."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="show the figures and write nothing")
        parser.add_argument(
            "--promote",
            action=BooleanOptionalAction,
            default=True,
            help="put the model to use when it is better (the default); a model that is not better never is",
        )
        parser.add_argument("--at-least", type=int, default=FEWEST, metavar="N", help="decided orders that it takes")
        parser.add_argument("--seed", type=int, default=0, help="another number deals the decisions into other folds")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            start = model_registry.in_use()
        except model_registry.UnreadableModel as error:
            raise CommandError(f"The model in use cannot be read: {error}. Roll it back first.") from error
        gathered = gather()
        self._report_left_out(gathered.left_out)
        try:
            done = train(
                gathered.examples, start, seed=options["seed"], fewest=options["at_least"], report=self.stdout.write
            )
        except TooFewDecisions as few:
            raise CommandError(
                f"Too few decisions to learn from: {few.there} orders, and it takes {few.needed}. Nothing was changed."
            ) from few
        self.stdout.write("\n".join(["", f"best: {' + '.join(done.way)}", *table(done.comparison), ""]))
        self._report_aliases(start.aliases, done.model.aliases)
        self._end(done, start.version, len(gathered.examples), options)

    def _report_left_out(self, left_out: dict[str, int] | Any) -> None:
        words = {
            "changed": "whose text or guest has changed since",
            "hidden": "about guests whose names are no longer kept",
            "not_kept": "that rested on a phone, e-mail, document, company or booking code",
        }
        for why, count in sorted(left_out.items()):
            self.stdout.write(f"{count} decisions {words[why]}: left out")

    def _report_aliases(self, old: dict[str, dict[str, float]], new: dict[str, dict[str, float]]) -> None:
        for written, names in new.items():
            if names != old.get(written):
                self.stdout.write(f"{written} = {', '.join(f'{name} ({m:.2f})' for name, m in names.items())}")

    def _end(self, done: Training, start: str, decisions: int, options: dict[str, Any]) -> None:
        if not done.is_better:
            why = "; ".join(DOUBTS[code] for code in done.doubt.split(","))
            self.stdout.write(f"Not better: {why}. {start} stays in use; nothing was written.")
            return
        if options["dry_run"]:
            self.stdout.write("Better. Dry run: nothing was written.")
            return
        row = model_registry.add_trained(
            done.model,
            made_from=start,
            learned=list(done.way),
            decisions=decisions,
            figures={
                "old": done.comparison.old.as_dict(),
                "new": done.comparison.new.as_dict(),
                "gain": round(done.comparison.gain, 5),
                "certainty": round(done.comparison.certainty, 3),
            },
        )
        if options["promote"]:
            model_registry.promote(row)
            self.stdout.write(f"Better: {row.version} is in use from the next run on.")
        else:
            self.stdout.write(f"Better: {row.version} is kept, and {start} stays in use until somebody promotes it.")
