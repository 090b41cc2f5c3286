"""The matching engine beside what one would pick instead, on the same rows, in one run.

`python -m tests.benchmarks.bench_matching [--seeds 3 5 8] [--mornings 12] [--quick] [--no-peers]`

Sample mornings, of the plain house and of a larger one; the hotel's whole past in one pool, 1k orders x 2k stays at
three seeds and 20k x 50k; a daily batch of
300 on 5,000 guests; a house of 50,000; 300 orders on a million stays with the index on disk; febrl4. `--quick` leaves
out what has more than 5,000 guests. Tables, and as the last line one JSON object: {"targets": [{"name", "value",
"target", "ok"}]}. Quality is scored by acceptable answers, best link per order; a peer is shown at the threshold that
suits it best. The other engines run in an environment of their own in a temporary directory, get what our parser read,
and one that cannot be installed, fails or takes too long is left out, with a word.
"""

import argparse
import json
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path

from rapidfuzz import fuzz

from matching.core import Engine
from matching.core.evaluation.report import Report, lines
from tests.benchmarks import febrl4, matching_million, matching_past, matching_scale
from tests.benchmarks.contenders import Answers, Contender, beside, quality_targets, show, target
from tests.benchmarks.hotel_rows import Morning, Row, mornings
from tests.benchmarks.matching_peers import by_strings, peer, table
from tests.benchmarks.past_peers import ECM, SPLINK
from tests.benchmarks.peak import peak_megabytes
from tests.benchmarks.peers_home import RECORDLINKAGE, install
from tests.benchmarks.peers_home import SPLINK as SPLINK_PACKAGE
from tests.benchmarks.stage import say

SCORERS = {"token_set": fuzz.token_set_ratio, "token_sort": fuzz.token_sort_ratio, "WRatio": fuzz.WRatio}
# Name of the script, what is shown, what is installed, seconds of wall time it may take.
PEERS = [
    ("splink", SPLINK, (SPLINK_PACKAGE,), 300),
    ("recordlinkage", ECM, (RECORDLINKAGE,), 120),
    # Its search for misspelt words needs an older BTrees than it asks for.
    ("dedupe", "dedupe, 60 labels of the truth", ("dedupe==3.0.3", "BTrees<6"), 300),
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


class Peers:
    """The interpreters of the other engines, by script; all share one environment."""

    def __init__(self, home: Path) -> None:
        self.pythons = {name: install(home / "peers", *packages) for name, _, packages, _ in PEERS}

    @property
    def linkers(self) -> Path | None:
        """An interpreter that has both Splink and recordlinkage."""
        return self.pythons["splink"] and self.pythons["recordlinkage"]

    def on(self, seen: Sequence[Morning]) -> list[Contender]:
        rows = table(seen)
        asked = ((name, title, self.pythons[name], seconds) for name, title, _, seconds in PEERS)
        found = (peer(python, name, title, seen, rows, seconds) for name, title, python, seconds in asked if python)
        return [contender for contender in found if contender]


# --- the whole -----------------------------------------------------------------------------------
def run(options: argparse.Namespace, peers: Peers | None, out: Callable[[str], None]) -> list[Row]:
    large = not options.quick
    linkers = peers.linkers if peers else None
    targets = sample_mornings(options, peers, out)
    targets += large_house(options, peers, out)
    targets += matching_past.figures(linkers, out, large=large)
    out("")
    targets += matching_scale.figures(linkers, out, large=large)
    if large:
        targets += matching_million.a_million(out)
    return targets + (febrl4.figures(linkers, out) if linkers else [])


def sample_mornings(options: argparse.Namespace, peers: Peers | None, out: Callable[[str], None]) -> list[Row]:
    hotels = [list(mornings(seed, options.mornings)) for seed in options.seeds]
    seen = [morning for hotel in hotels for morning in hotel]
    engine = our_engine(seen, matching_past.OURS)
    early = our_engine([m for hotel in hotels for m in asked_early(hotel)], "this engine, listing of that morning")
    others = peers.on(seen) if peers else []
    show([engine, *others, *string_measures(seen), early], out)
    out(f"peak memory of this process, all its rows among it: {peak_megabytes():.0f} MB\n")
    out("\n".join(lines(engine.found)))
    out("\nthe listing of the same morning:\n")
    out("\n".join(lines(early.found)))
    best = target("next morning: F1 at the best threshold", engine.best.f1, 0.95)
    lead = beside("next morning", engine, others, SPLINK)
    return [best, *lead, *quality_targets("next morning", engine.found), *early_targets(early.found)]


def large_house(options: argparse.Namespace, peers: Peers | None, out: Callable[[str], None]) -> list[Row]:
    """Two towers, chalets, suites and beds, typed in many ways and three languages; by kind of order."""
    seen = [morning for seed in options.seeds for morning in mornings(seed, options.mornings, large=True)]
    engine = our_engine(seen, matching_past.OURS)
    others = peers.on(seen) if peers else []
    out("\nthe larger house: towers, chalets, suites, beds")
    show([engine, *others, *string_measures(seen)], out)
    out("\n".join(lines(engine.found)))
    best = target("larger house: F1 at the best threshold", engine.best.f1, 0.95)
    return [best, *beside("larger house", engine, others, SPLINK), *quality_targets("larger house", engine.found)]


def early_targets(found: Report) -> list[Row]:
    """An order about somebody who is not on the list yet has no first suggestion that is right."""
    return quality_targets("same morning", found)[:-1]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=[3, 5, 8])
    parser.add_argument("--mornings", type=int, default=12)
    parser.add_argument("--quick", action="store_true", help="nothing with more than 5,000 guests")
    parser.add_argument("--no-peers", dest="peers", action="store_false")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        targets = run(options, Peers(Path(home)) if options.peers else None, say)
    say(json.dumps({"targets": targets}))
    return 0 if all(t["ok"] for t in targets) else 1


if __name__ == "__main__":
    sys.exit(main())
