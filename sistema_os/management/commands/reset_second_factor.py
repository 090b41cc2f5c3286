from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser

from sistema_os.access import second_factor


class Command(BaseCommand):
    help = "Removes the apps and recovery codes of a user who lost them, such as the only administrator."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username=options["username"]).first()
        if user is None:
            raise CommandError("Nobody has that user name.")
        self.stdout.write(f"{second_factor.reset(user)} devices removed")
