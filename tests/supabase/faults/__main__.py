"""The fault table: `python -m tests.supabase.faults`. Exits with 1 if a result differs from the expected one."""

import asyncio
import logging
import sys

from sistema_os.supabase import retry
from tests.supabase.faults.cases import CASES, Case
from tests.supabase.faults.exchange import shown
from tests.supabase.faults.play import CALLS, Seen, played

LINE = "{:<40}{:<20}{:>5}{:>8}{:>8}{:>16}{:>8}{:>7}   {}\n"


def name(seen: Seen) -> str:
    return type(seen.error).__name__ if seen.error else "answered"


def verdict(case: Case, all_seen: list[Seen]) -> str:
    expected = [(kind.__name__ if kind else "answered", requests) for kind, requests in case.expected]
    return "ok" if expected == [(name(seen), seen.requests) for seen in all_seen] else f"EXPECTED {expected}"


def row(case: Case, all_seen: list[Seen]) -> str:
    others = [f"; {call}: {name(s)}" for call, s in zip(CALLS, all_seen, strict=True) if name(s) != name(all_seen[0])]
    slowest = max(seen.seconds for seen in all_seen)
    said = sum(bool(shown(seen.error)) for seen in all_seen if seen.error)
    sent = [seen.requests for seen in all_seen]
    time = f"{slowest:.3f} of {case.deadline:g} s"
    leaked = sum(seen.leaked for seen in all_seen)
    return LINE.format(
        case.name, name(all_seen[0]), *sent, time, leaked, said, verdict(case, all_seen) + "".join(others)
    )


async def table() -> bool:
    well = True
    titles = ("what the server does", "error", "read", "upsert", "insert", "slowest", "leaked", "told", "")
    sys.stdout.write("requests sent by a read, an upsert with on_conflict, a plain insert (pauses shortened tenfold)\n")
    sys.stdout.write(LINE.format(*titles))
    for case in CASES:
        all_seen = [await played(case, call) for call in CALLS]
        line = row(case, all_seen)
        well = well and " ok" in line and not any(seen.leaked for seen in all_seen)
        sys.stdout.write(line)
    sys.stdout.write("leaked: connections, slots and tasks; told: errors that show the key or a value\n")
    return well


if __name__ == "__main__":
    retry.FIRST_PAUSE = 0.01
    logging.getLogger("sistema_os.supabase").setLevel(logging.ERROR)
    sys.exit(0 if asyncio.run(table()) else 1)
