"""The one way past the triggers of append-only tables: for the erasure of a person, and for retention."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction


@contextmanager
def data_protection() -> Iterator[None]:
    """Within it, texts of append-only rows may be redacted and expired reads deleted. Ends with the transaction."""
    with transaction.atomic():
        _switch("on")
        yield
        _switch("off")


def _switch(value: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("select set_config('sistema_os.data_protection', %s, true)", [value])
