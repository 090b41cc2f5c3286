"""The matching engine beside what one would pick instead, on the same rows, in one run.

`python -m tests.benchmarks.bench_matching [--seeds 3 5 8] [--mornings 12] [--large] [--million] [--no-peers]`

Prints a table and, as the last line, one JSON object: {"targets": [{"name", "value", "target", "ok"}]}. Quality is
scored by acceptable answers, best link per order; a peer is shown at the threshold that suits it best. The other
engines run in an environment of their own in a temporary directory, get what our parser read, and one that cannot be
installed, fails or takes too long is left out, with a word.
"""

import argparse
import json
import resource
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path

from rapidfuzz import fuzz

from matching.core import Engine
from matching.core.evaluation import Report, lines
from tests.benchmarks import febrl4, matching_peers, matching_scale
from tests.benchmarks.hotel_rows import Morning, Row, mornings
from tests.benchmarks.matching_peers import Answers, Contender, by_strings, install, peer, table
from tests.benchmarks.stage import say

SCORERS = {"token_set": fuzz.token_set_ratio, "token_sort": fuzz.token_sort_ratio, "WRatio": fuzz.WRatio}
SPLINK = "Splink 5, expert set-up"
# Name of the script, what is shown, what is installed, seconds of wall time it may take.
PEERS = [
    ("splink", SPLINK, (matching_peers.SPLINK,), 300),
    ("recordlinkage", "recordlinkage, ECM", ("recordlinkage==0.16",), 120),
    # Its search for misspelt words needs an older BTrees than it asks for.
    ("dedupe", "dedupe, 60 labels of the truth", ("dedupe==3.0.3", "BTrees<6"), 150),
    ("goldenmatch", "goldenmatch, name and room", ("goldenmatch==3.22.0", "polars"), 120),
]


def timed(contender: Contender, work: Callable[[], Answers]) -> Answers:
    start = time.process_time()
    answers = work()
    contender.seconds += time.process_time() - start
    return answers


def ours(morning: Morning) -> Answers:
    answers: Answers = defaultdict(list)
    for c in Engine(morning.stays).match(morning.orders).candidates:
        answers[c.os_id].append((c.listagem_id, c.probability))
    return answers


def asked_early(seen: Sequence[Morning]) -> Iterator[Morning]:
    """The orders of a day against the listing of that same morning: who came or moved since is not in it yet."""
    for before, after in pairwise(seen):
        yield Morning(before.date, after.orders, before.stays, after.truth)


# --- the contenders ------------------------------------------------------------------------------
def our_engine(seen: Sequence[Morning], title: str) -> Contender:
    engine = Contender(title)
    for morning in seen:
        engine.take(morning.truth, timed(engine, lambda m=morning: ours(m)))  # type: ignore[misc]  # bound at once
    return engine


def string_measures(seen: Sequence[Morning]) -> list[Contender]:
    found = []
    for name, scorer in SCORERS.items():
        contender = Contender(f"rapidfuzz {name}")
        for morning in seen:
            work = lambda m=morning, s=scorer: by_strings(m, s)  # noqa: E731 - one line, used at once
            contender.take(morning.truth, timed(contender, work))
        found.append(contender)
    return found


def engines(seen: Sequence[Morning]) -> list[Contender]:
    found = []
    rows = table(seen)
    with tempfile.TemporaryDirectory() as home:
        for name, title, packages, seconds in PEERS:
            python = install(Path(home) / "peers", *packages)
            contender = python and peer(python, name, title, seen, rows, seconds)
            if contender:
                found.append(contender)
    return found


# --- the whole -----------------------------------------------------------------------------------
def run(options: argparse.Namespace, out: Callable[[str], None]) -> list[Row]:
    hotels = [list(mornings(seed, options.mornings)) for seed in options.seeds]
    seen = [morning for hotel in hotels for morning in hotel]
    engine = our_engine(seen, "this engine")
    early = our_engine([m for hotel in hotels for m in asked_early(hotel)], "this engine, listing of that morning")
    peers = engines(seen) if options.peers else []
    show([engine, *peers, *string_measures(seen), early], out)
    out(f"peak memory of this process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB\n")
    out("\n".join(lines(engine.found)))
    out("\nthe listing of the same morning:\n")
    out("\n".join(lines(early.found)))
    targets = [*quality_targets(engine.found), *early_targets(early.found), *beside_splink(engine, peers)]
    targets += matching_scale.figures(not options.large, million=options.million, splink=options.peers, out=out)
    return targets + (febrl4.figures(out) if options.peers else [])


def beside_splink(engine: Contender, peers: Sequence[Contender]) -> list[Row]:
    found = [peer for peer in peers if peer.name == SPLINK]
    return [target("best F1 above Splink's", engine.best.f1 - peer.best.f1, 0.05) for peer in found]


def quality_targets(found: Report) -> list[Row]:
    return [
        target("F1 at the best threshold", found.best.f1, 0.95),
        target("F1 at the default below the best by", found.best.f1 - found.default.f1, 0.005, most=True),
        target("recall at 3", found.recall_at_three, 0.97),
        target("precision at p >= .98", found.sure[1], 0.995),
        target("first suggestion right, of orders about a guest", found.first_right, 0.95),
    ]


def early_targets(found: Report) -> list[Row]:
    return [
        target("same morning: recall at 3", found.recall_at_three, 0.97),
        target("same morning: precision at p >= .98", found.sure[1], 0.995),
        target("same morning: F1 at the default below the best by", found.best.f1 - found.default.f1, 0.005, most=True),
    ]


def target(name: str, value: float, wanted: float, *, most: bool = False) -> Row:
    ok = value <= wanted if most else value >= wanted
    return {"name": name, "value": round(value, 4), "target": wanted, "ok": ok}


def show(contenders: Sequence[Contender], out: Callable[[str], None]) -> None:
    out(f"{'':38} best F1      at   default F1   recall@3   first right   CPU s")
    for c in contenders:
        out(
            f"{c.name:38} {c.best.f1:7.3f} {c.best.threshold:7.3f} {c.found.default.f1:12.3f} "
            f"{c.found.recall_at_three:10.3f} {c.found.first_right:13.3f} {c.seconds:7.2f}"
        )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=[3, 5, 8])
    parser.add_argument("--mornings", type=int, default=12)
    parser.add_argument("--large", action="store_true", help="20,000 orders x 50,000 guests too")
    parser.add_argument("--million", action="store_true", help="a million stays too: some minutes")
    parser.add_argument("--no-peers", dest="peers", action="store_false")
    options = parser.parse_args()
    targets = run(options, say)
    say(json.dumps({"targets": targets}))
    return 0 if all(t["ok"] for t in targets) else 1


if __name__ == "__main__":
    sys.exit(main())
