from typing import Any

from django.utils.translation import gettext as _

from pipeline.data_subjects import find
from pipeline.data_subjects.words import table_words
from pipeline.management.subject_command import SubjectCommand


class Command(SubjectCommand):
    help = "Lists every trace of a guest (LGPD): certain ones, and those that a person must confirm."

    def handle(self, *args: Any, **options: Any) -> None:
        found = find(self.sought(options), self.answers(options))
        self.print_traces([*found.doubts, *found.certain])
        self.stdout.write(
            _("%(certain)s certain traces, %(doubts)s doubtful ones.")
            % {"certain": len(found.certain), "doubts": len(found.doubts)}
        )
        empty = ", ".join(table_words(label) for label in found.empty_tables)
        self.stdout.write(_("Searched without a trace: %(tables)s.") % {"tables": empty})
