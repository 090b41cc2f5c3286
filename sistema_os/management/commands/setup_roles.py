"""`manage.py setup_roles`: creates the four groups; with --demo-users also a user for each."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from sistema_os import roles


class Command(BaseCommand):
    help = "Creates or repairs the four groups (Consulta, Revisão, Supervisão, Operação). Safe to run at every deploy."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--demo-users",
            action="store_true",
            help="also create one user a group and an administrator, with a known password (local stack only)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            groups = roles.setup_groups()
            people = roles.setup_demo_users() if options["demo_users"] else []
        except (roles.UnknownPermission, roles.NotALocalStack) as error:
            raise CommandError(str(error)) from error
        for group in groups:
            count = group.permissions.count()
            self.stdout.write(
                ngettext("%(group)s: %(count)d permission", "%(group)s: %(count)d permissions", count)
                % {"group": group.name, "count": count}
            )
        for person in people:
            self.stdout.write(f"{person.username} / {roles.DEMO_PASSWORD}  {person.role or _('administrator')}")
