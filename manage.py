#!/usr/bin/env python
"""Django's command line for Sistema OS."""

import os
import sys


def main() -> None:
    try:
        run()
    except KeyboardInterrupt:
        sys.exit(130)


def run() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sistema_os.settings")
    from django.conf import settings
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        settings.INSTALLED_APPS  # noqa: B018 - reads the settings now, so that what they lack is one sentence
    except ImproperlyConfigured as error:
        sys.exit(f"{error}")
    import django
    from django.db import connection

    from sistema_os.management.command_errors import EXPECTED, sentence_of

    try:
        if sys.argv[1:2] == ["qcluster"]:
            # Its processes would each end with a traceback of their own.
            django.setup()
            connection.ensure_connection()
            connection.close()
        execute_from_command_line(sys.argv)
    except EXPECTED as error:
        if "--traceback" in sys.argv:
            raise
        sys.exit(sentence_of(error))


if __name__ == "__main__":
    main()
