"""`check_async` on small source trees: what it must report and what it must not."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from tests.supabase.trees import body, tree

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


def test_the_code_base_obeys_the_law(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("check_async")
    assert "none blocks" in capsys.readouterr().out


def test_the_command_fails_and_lists_what_it_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tree(tmp_path, work=body(*BLOCKS["time.sleep"]))
    with pytest.raises(CommandError, match="1 calls that block"):
        call_command("check_async", "app", root=tmp_path)
    assert "app/work.py:3: in async job(): time.sleep()" in capsys.readouterr().out


DROPPED = {
    "a filter": "query = client.async_table('o').select('*')\nquery.eq('id', 1)",
    "a filter of a write": "gone = client.async_table('o').delete()\nif rows:\n    gone.eq('id', 1)",
    "a filter of an argument": "rows.neq('id', 1)",
    "an order": "query = client.from_('o').select('*')\nquery.order('id')",
    "a chain that is never sent": "client.async_table('o').select('*').eq('id', 1).limit(5)",
    "a chain that is not awaited": "client.async_table('o').select('*').execute()",
}


@pytest.mark.parametrize("source", DROPPED.values(), ids=DROPPED.keys())
@pytest.mark.parametrize("definition", ["async def", "def"])
def test_the_check_finds_a_query_that_is_built_and_discarded(tmp_path: Path, source: str, definition: str) -> None:
    lines = "\n".join(f"    {line}" for line in source.splitlines())
    report = tree(tmp_path, work=f"{definition} job(client, rows):\n{lines}\n")
    assert [finding.function for finding in report.findings] == ["job"]


KEPT = {
    "an assignment": "query = client.async_table('o').select('*')\nquery = query.eq('id', 1)\nreturn query",
    "a return": "return client.async_table('o').select('*').eq('id', 1)",
    "an argument": "rows.append(client.async_table('o').select('*'))",
    "a synchronous chain": "client.table('o').delete().eq('id', 1).execute()",
    "a filter of another kind": "rows.filter(1)\nrows.order('id')\nrows.contains('x')",
}


@pytest.mark.parametrize("source", KEPT.values(), ids=KEPT.keys())
def test_the_check_accepts_a_query_that_is_assigned_or_executed(tmp_path: Path, source: str) -> None:
    lines = "\n".join(f"    {line}" for line in source.splitlines())
    assert tree(tmp_path, work=f"def job(client, rows):\n{lines}\n").findings == ()


def test_a_suppression_comment_needs_a_reason_and_is_counted(tmp_path: Path) -> None:
    report = tree(tmp_path, work=body("import time", "time.sleep(1)  # blocks: nothing else runs yet"))
    assert (report.findings, report.silenced) == ((), 1)
    (tmp_path / "second").mkdir()
    bare = tree(tmp_path / "second", work=body("import time", "time.sleep(1)  # blocks:"))
    assert [finding.steps[0].line for finding in bare.findings] == [3, 3]
    assert "needs a reason" in str(bare.findings[-1])


def test_a_suppression_comment_with_a_reason_covers_the_whole_call_chain(tmp_path: Path) -> None:
    store = "import time\ndef load():\n    time.sleep(0)  # blocks: gives way only\n"
    report = tree(tmp_path, store=store, work="from app.store import load\nasync def job():\n    load()\n")
    assert (report.findings, report.silenced) == ((), 1)


def test_the_command_refuses_a_package_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="No such package: app"):
        call_command("check_async", "app", root=tmp_path)


def test_the_command_runs_where_no_setting_is_set(tmp_path: Path) -> None:
    """As in a fresh clone, or in a hook: it reads source text and needs neither key nor database."""
    bare = {"PATH": os.defpath, "SISTEMA_OS_ENV_FILE": os.devnull}
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "check_async", "snapshots"]
    done = subprocess.run(command, env=bare, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "none blocks" in done.stdout
