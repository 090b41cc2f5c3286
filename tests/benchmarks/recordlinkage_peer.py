"""recordlinkage on the same rows as Splink: ECM without labels over binary agreements. JSON in, JSON out.

Runs in the peers' environment. Input and output are those of splink_peer.
"""

import json
import sys
import time
import warnings
from typing import Any

import pandas
import recordlinkage

from tests.benchmarks.peak import peak_megabytes

warnings.filterwarnings("ignore")


def frame(rows: list[dict[str, Any]]) -> Any:
    table = pandas.DataFrame(rows).set_index("unique_id").fillna("")
    table["words"] = [set(words or ()) for words in table["words"]]
    # A value that is not there must meet nobody in a block.
    for column in ("room", "given", "family", "phone"):
        there = table[column] != ""
        table[f"{column}_key"] = [
            f"{m}/{v}" if t else f"-{i}"
            for i, (m, v, t) in enumerate(zip(table["morning"], table[column], there, strict=True))
        ]
    return table


def agreements(pairs: Any, orders: Any, guests: Any) -> Any:
    compare = recordlinkage.Compare()
    for column in ("given", "family"):
        compare.exact(column, column, label=f"{column} equal")
        compare.string(column, column, method="jarowinkler", threshold=0.88, label=f"{column} alike")
    compare.exact("room", "room", label="room")
    compare.exact("phone", "phone", label="phone")
    found = compare.compute(pairs, orders, guests).astype(int)
    left, right = (side.loc[found.index.get_level_values(i)] for i, side in enumerate((orders, guests)))
    # Who is in the house stands in the blocks: as a comparison it leads ECM to tell the present from the absent.
    found["words"] = [int(len(a & b) > 1) for a, b in zip(left["words"], right["words"], strict=True)]
    for column in ("given", "family", "room", "phone"):
        both = (left[column].to_numpy() != "") & (right[column].to_numpy() != "")
        for name in [c for c in found.columns if c.startswith(column)]:
            found[name] = found[name] * both
    return found


def main() -> None:
    given = json.load(sys.stdin)
    here = [row for row in given["guests"] if row["presence"] == "in_house"]
    orders, guests = frame(given["orders"]), frame(here)
    start = time.process_time()
    orders["id"], guests["id"] = orders.index, guests.index
    indexer = recordlinkage.Index()
    for column in ("room", "given", "family", "phone"):
        indexer.block(f"{column}_key")
    found = agreements(indexer.index(orders, guests), orders, guests)
    classifier = recordlinkage.ECMClassifier()
    classifier.fit(found)
    probabilities = classifier.prob(found)
    seconds = time.process_time() - start
    links = [[one, other, float(p)] for (one, other), p in probabilities.items()]
    json.dump({"links": links, "seconds": {"all": seconds}, "megabytes": peak_megabytes()}, sys.stdout)


if __name__ == "__main__":
    main()
