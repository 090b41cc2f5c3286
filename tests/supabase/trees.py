"""Small source trees for `check_async`."""

import textwrap
from pathlib import Path

from sistema_os.async_check import Report, examine

MODELS = """
    from django.db import models

    class OrderQuerySet(models.QuerySet["Order"]):
        def open(self):
            return self.filter(closed=False)

        def close_all(self):
            return self.update(closed=True)

    class Guest(models.Model):
        objects = models.Manager()

    class Order(models.Model):
        objects = OrderQuerySet.as_manager()
        guest = models.ForeignKey(Guest, on_delete=models.CASCADE)
"""


def tree(top: Path, **modules: str) -> Report:
    package = top / "app"
    package.mkdir()
    (package / "__init__.py").touch()
    for name, source in {"models": MODELS, **modules}.items():
        (package / f"{name}.py").write_text(textwrap.dedent(source))
    return examine(top, ("app",))


def body(imports: str, *lines: str) -> str:
    indented = "\n".join(f"    {line}" for line in lines)
    return f"{imports}\nasync def job(client, order, rows):\n{indented}\n"


BASE = """
    import time
    class Base:
        def nap(self):
            time.sleep(1)
        @property
        def rested(self):
            return self.nap()
    class Opener:
        def __init__(self):
            time.sleep(1)
    class Guard:
        def __enter__(self):
            time.sleep(1)
        def __exit__(self, *args):
            pass
    def make() -> Base:
        return Base()
    def nap_now():
        time.sleep(1)
"""

CLIENT = """
    class SupabaseClient:
        def table(self, name): ...
        def sync_rpc(self, name): ...
        def async_table(self, name): ...
    class Menu:
        def table(self, name): ...
"""
