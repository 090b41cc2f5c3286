from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils.translation import gettext as _

from pipeline.data_subjects import OpenDoubts, UnknownGuest
from pipeline.data_subjects.export import copy_of
from pipeline.management.subject_command import SubjectCommand


class Command(SubjectCommand):
    help = "Writes everything held about a guest (LGPD art. 18) as JSON and as a readable page."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--into", type=Path, default=Path(), help="folder for the two files")
        parser.add_argument("--without-hotel", action="store_true", help="leave the hotel's own tables out")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            made = copy_of(self.sought(options), self.answers(options), with_hotel=not options["without_hotel"])
        except UnknownGuest as error:
            raise CommandError(_("We have no data of this person, now or before.")) from error
        except OpenDoubts as error:
            self.print_traces(error.doubts)
            raise CommandError(_("Answer the doubtful traces with --yes or --no. Nothing was written.")) from error
        # The name of a file must not be the name of a person.
        stem = f"titular-{made.made_at:%Y%m%d-%H%M%S}"
        for ending, text in (("json", made.json), ("html", made.html)):
            path = options["into"] / f"{stem}.{ending}"
            path.touch(mode=0o600)
            path.write_text(text, encoding="utf-8")
            self.stdout.write(str(path))
