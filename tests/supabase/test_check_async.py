"""The async law's checker, on small source trees: what it must find and what it must leave alone."""

import textwrap
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from sistema_os.asynclaw import Report, examine

MODELS = """
    from django.db import models

    class OrderQuerySet(models.QuerySet["Order"]):
        def open(self):
            return self.filter(closed=False)

        def close_all(self):
            return self.update(closed=True)

    class Order(models.Model):
        objects = OrderQuerySet.as_manager()
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


BLOCKS = {
    "time.sleep": ("import time", "time.sleep(1)"),
    "a renamed sleep": ("from time import sleep as nap", "nap(1)"),
    "httpx.get": ("import httpx", "httpx.get('https://example.org')"),
    "httpx.Client": ("import httpx", "with httpx.Client() as http:", "    pass"),
    "requests": ("import requests", "requests.post('https://example.org')"),
    "urlopen": ("from urllib.request import urlopen", "urlopen('https://example.org')"),
    "subprocess": ("import subprocess", "subprocess.run(['true'])"),
    "open": ("", "with open('x') as file:", "    pass"),
    "the synchronous client": ("", "client.table('ordens').select('*').execute()"),
    "objects.get": ("from app.models import Order", "Order.objects.get(pk=1)"),
    "a filtered count": ("from app.models import Order", "Order.objects.filter(a=1).exclude(b=2).count()"),
    "a kept queryset": ("from app.models import Order", "found = Order.objects.all()", "found.first()"),
    "iterating": ("from app.models import Order", "for order in Order.objects.all():", "    pass"),
    "a comprehension": ("from app.models import Order", "ids = [o.pk for o in Order.objects.filter(a=1)]"),
    "list()": ("from app.models import Order", "rows = list(Order.objects.filter(a=1)[:10])"),
    "an index": ("from app.models import Order", "row = Order.objects.order_by('pk')[0]"),
    "truth": ("from app.models import Order", "found = Order.objects.all()", "if found:", "    pass"),
    "save": ("", "order.save(update_fields=['a'])"),
    "delete": ("", "order.delete()"),
    "get_or_create": ("", "order.tags.get_or_create(name='x')"),
    "a queryset method of ours": ("from app.models import Order", "Order.objects.open().close_all()"),
    "transaction.atomic": ("from django.db import transaction", "with transaction.atomic():", "    pass"),
    "a cursor": ("from django.db import connection", "with connection.cursor() as cursor:", "    pass"),
    "asyncio.run": ("import asyncio", "asyncio.run(rows())"),
    "an argument computed in the loop": ("import asyncio, time", "await asyncio.to_thread(print, time.sleep(1))"),
    "inside an inner function that is called": ("import time", "def nap():", "    time.sleep(1)", "nap()"),
}


@pytest.mark.parametrize("source", BLOCKS.values(), ids=BLOCKS.keys())
def test_a_blocking_call_in_an_async_function_is_found(tmp_path: Path, source: tuple[str, ...]) -> None:
    report = tree(tmp_path, work=body(*source))
    assert [finding.function for finding in report.findings] == ["job"]
    assert report.findings[0].steps[0].path == "app/work.py"


LEGAL = {
    "sync_to_async of a method": (
        "from asgiref.sync import sync_to_async\nfrom app.models import Order",
        "await sync_to_async(Order.objects.get)(pk=1)",
    ),
    "sync_to_async of a lazy queryset": (
        "from asgiref.sync import sync_to_async\nfrom app.models import Order",
        "await sync_to_async(list)(Order.objects.filter(a=1))",
    ),
    "sync_to_async of a lambda": (
        "from asgiref.sync import sync_to_async\nfrom app.models import Order",
        "await sync_to_async(lambda: Order.objects.count())()",
    ),
    "to_thread": ("import asyncio, time", "await asyncio.to_thread(time.sleep, 1)"),
    "run_in_executor": (
        "import asyncio, time",
        "await asyncio.get_running_loop().run_in_executor(None, time.sleep, 1)",
    ),
    "an inner function handed to a thread": (
        "import asyncio, time",
        "def nap():",
        "    time.sleep(1)",
        "await asyncio.to_thread(nap)",
    ),
    "a decorated inner function": (
        "import time\nfrom asgiref.sync import sync_to_async",
        "@sync_to_async",
        "def nap():",
        "    time.sleep(1)",
        "await nap()",
    ),
    "the asynchronous client": ("", "await client.async_table('o').delete().eq('id', 1).execute()"),
    "a builder kept in a name": (
        "",
        "orders = client.async_table('o')",
        "gone = orders.delete()",
        "await gone.eq('id', 1).execute()",
    ),
    "Django's own asynchronous methods": ("from app.models import Order", "await Order.objects.aget(pk=1)"),
    "async for": ("from app.models import Order", "async for order in Order.objects.all():", "    pass"),
    "asyncio.sleep": ("import asyncio", "await asyncio.sleep(1)"),
    "a dict's get and a list's count": ("", "found = {}.get('a'), rows.count(1), rows[0]"),
    "a name of one's own": ("", "open = rows", "open()"),
    "an argument with a library's name": ("", "rows.append(requests)", "requests = rows", "requests.append(1)"),
    "a loop variable with a library's name": ("import subprocess", "for subprocess in rows:", "    subprocess.run()"),
    "an awaited delete": ("", "await order.delete()"),
}


@pytest.mark.parametrize("source", LEGAL.values(), ids=LEGAL.keys())
def test_a_legal_form_is_left_alone(tmp_path: Path, source: tuple[str, ...]) -> None:
    assert tree(tmp_path, work=body(*source)).findings == ()


def test_a_synchronous_function_may_block(tmp_path: Path) -> None:
    report = tree(tmp_path, work="import time\ndef nap():\n    time.sleep(1)\n")
    assert (report.findings, report.functions) == ((), 0)


def test_the_chain_through_functions_of_ours_is_shown_with_files_and_lines(tmp_path: Path) -> None:
    report = tree(
        tmp_path,
        work="from app import store\nasync def job():\n    store.load()\n",
        store="from app.deep import fetch\n\ndef load():\n    return fetch()\n",
        deep="from app.models import Order\n\n\ndef fetch():\n    return Order.objects.get(pk=1)\n",
    )
    assert str(report.findings[0]).splitlines() == [
        "app/work.py:3: in async job(): calls load()",
        "    app/store.py:4: calls fetch()",
        "    app/deep.py:5: Order.objects.get() is a synchronous query",
    ]


METHODS = {
    "a method of the same class": """
        import time
        class Job:
            def nap(self):
                time.sleep(1)
            async def run(self):
                self.nap()
    """,
    "a method of a base class": """
        from app.base import Base
        class Job(Base):
            async def run(self):
                self.nap()
    """,
    "a method of an annotated argument": """
        from app.base import Base
        async def run(base: "Base | None"):
            base.nap()
    """,
    "a method of a fresh object": """
        from app.base import Base
        async def run():
            base = Base()
            base.nap()
    """,
    "a method of an attribute set in __init__": """
        from app.base import Base
        class Job:
            def __init__(self, base: Base):
                self.base = base
            async def run(self):
                self.base.nap()
    """,
    "a method of what a thread returns": """
        from asgiref.sync import sync_to_async
        from app.base import make
        async def run():
            thing = await sync_to_async(make)()
            thing.nap()
    """,
    "a method of an attribute that a base class sets, if it is given": """
        from app.base import Base
        class Parent:
            def __init__(self, base: Base | None = None):
                self.base = base or Base()
        class Job(Parent):
            async def run(self):
                self.base.nap()
    """,
    "a method of a dataclass field": """
        from dataclasses import dataclass
        from app.base import Base
        @dataclass
        class Job:
            base: Base
            async def run(self):
                self.base.nap()
    """,
    "a method of an annotated attribute": """
        from app.base import Base
        class Job:
            def __init__(self, anything):
                self.base: Base = anything
            async def run(self):
                self.base.nap()
    """,
    "a method of what a function returns": """
        from app.base import Base, make
        async def run():
            thing = make()
            thing.nap()
    """,
    "a property": """
        from app.base import Base
        async def run(base: Base):
            return base.rested
    """,
    "a constructor": """
        from app.base import Opener
        async def run():
            return Opener()
    """,
    "a context manager": """
        from app.base import Guard
        async def run():
            with Guard():
                pass
    """,
    "a re-exported function": """
        from app.facade import nap_now
        async def run():
            nap_now()
    """,
    "an awaited function's own argument": """
        from app.base import nap_now
        async def other(x): ...
        async def run():
            await other(nap_now())
    """,
}
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


@pytest.mark.parametrize("source", METHODS.values(), ids=METHODS.keys())
def test_a_call_is_followed_through(tmp_path: Path, source: str) -> None:
    report = tree(tmp_path, base=BASE, facade="from app.base import nap_now\n", work=source)
    assert [finding.function for finding in report.findings] == ["run"]
    assert report.findings[0].steps[-1].text.startswith("time.sleep()")


CLIENT = """
    class SupabaseClient:
        def table(self, name): ...
        def sync_rpc(self, name): ...
        def async_table(self, name): ...
    class Menu:
        def table(self, name): ...
"""


@pytest.mark.parametrize(
    ("call", "found"),
    [
        ("SupabaseClient().table('t')", 1),
        ("client.table('t').select('*').execute()", 1),
        ("client.sync_rpc('f').execute()", 1),
        ("client.async_table('t')", 0),
        ("menu.table('t')", 0),
    ],
)
def test_the_synchronous_client_is_known_by_its_class(tmp_path: Path, call: str, found: int) -> None:
    source = f"""
        from app.client import Menu, SupabaseClient
        async def run(client: SupabaseClient, menu: Menu):
            {call}
    """
    assert len(tree(tmp_path, client=CLIENT, work=source).findings) == found


def test_functions_that_call_each_other_end_the_search(tmp_path: Path) -> None:
    source = "def a():\n    b()\ndef b():\n    a()\nasync def job():\n    a()\n"
    assert tree(tmp_path, work=source).findings == ()


def test_a_blocking_call_behind_a_cycle_is_found_from_every_entrance(tmp_path: Path) -> None:
    source = """
        import time
        def a(again):
            b(again)
            nap()
        def b(again):
            if again:
                a(False)
        def nap():
            time.sleep(1)
        async def first():
            a(True)
        async def second():
            b(True)
    """
    assert [finding.function for finding in tree(tmp_path, work=source).findings] == ["first", "second"]


def test_the_code_base_obeys_the_law(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("check_async")
    assert "none blocks" in capsys.readouterr().out


def test_the_command_fails_and_lists_what_it_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tree(tmp_path, work=body(*BLOCKS["time.sleep"]))
    with pytest.raises(CommandError, match="1 blocking call"):
        call_command("check_async", "app", root=tmp_path)
    assert "app/work.py:3: in async job(): time.sleep()" in capsys.readouterr().out


def test_the_command_refuses_a_package_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="No such package: app"):
        call_command("check_async", "app", root=tmp_path)
