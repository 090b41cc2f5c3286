"""`check_async` follows calls through our own functions and classes."""

from pathlib import Path

import pytest

from tests.supabase.trees import BASE, CLIENT, tree


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


@pytest.mark.parametrize("source", METHODS.values(), ids=METHODS.keys())
def test_a_call_is_followed_through(tmp_path: Path, source: str) -> None:
    report = tree(tmp_path, base=BASE, facade="from app.base import nap_now\n", work=source)
    assert [finding.function for finding in report.findings] == ["run"]
    assert report.findings[0].steps[-1].text.startswith("time.sleep()")


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


def test_the_search_ends_at_mutually_recursive_functions(tmp_path: Path) -> None:
    source = "def a():\n    b()\ndef b():\n    a()\nasync def job():\n    a()\n"
    assert tree(tmp_path, work=source).findings == ()


def test_a_blocking_call_behind_a_call_cycle_is_found_from_every_entry_point(tmp_path: Path) -> None:
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


def test_the_search_ends_at_names_assigned_from_each_other(tmp_path: Path) -> None:
    source = """
        async def job(a, b):
            a = b.first()
            b = a.second()
            a = a.third()
            a.eq("id", 1)
            for a in a.rows():
                a.save()
    """
    assert len(tree(tmp_path, work=source).findings) == 1
