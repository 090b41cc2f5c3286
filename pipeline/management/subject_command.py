"""Arguments of the commands about one person, and the lines in which they print traces."""

from collections.abc import Iterable
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from pipeline.data_subjects import Sought, Trace
from pipeline.data_subjects.words import kind_words, why_words


class SubjectCommand(BaseCommand):
    """A command about one person, named by a row of the guest list or by what is known of her."""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("row", type=int, nargs="?", help="the id of one of the guest's rows in the listing")
        for name in ("name", "phone", "email", "cpf", "booking"):
            parser.add_argument(f"--{name}", default="")
        parser.add_argument("--yes", nargs="*", default=[], metavar="TRACE", help="doubtful traces that are hers")
        parser.add_argument("--no", nargs="*", default=[], metavar="TRACE", help="doubtful traces that are not hers")

    def sought(self, options: dict[str, Any]) -> Sought:
        typed = {name: options[name] for name in ("name", "phone", "email", "cpf", "booking")}
        if options["row"] is None and not any(typed.values()):
            raise CommandError(_("Name a row of the guest list, or what is known of the person."))
        return Sought.typed(row=options["row"], **typed)

    def answers(self, options: dict[str, Any]) -> dict[str, bool]:
        return dict.fromkeys(options["yes"], True) | dict.fromkeys(options["no"], False)

    def print_traces(self, traces: Iterable[Trace]) -> None:
        for trace in traces:
            level = _("certain") if trace.certain else _("doubtful")
            self.stdout.write(f"{trace.id}  {level}  {kind_words(trace)}  {why_words(trace)}")
            if trace.excerpt:
                self.stdout.write(f"    {trace.excerpt}")
