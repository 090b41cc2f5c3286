"""dedupe on the same rows as Splink, taught by the truth of the first mornings. JSON in, JSON out.

Runs in the peers' environment. Input is that of splink_peer and {"truth": [[order, [guests]], ...]}, of which the first
part is used as the labels that a person would give; output is that of splink_peer.
"""

import io
import json
import random
import sys
import time
import warnings
from typing import Any

import dedupe
from dedupe import variables
from dedupe.serializer import write_training

from tests.benchmarks.peak import peak_megabytes

warnings.filterwarnings("ignore")
LABELS = 60


def records(rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    kept = ("given", "family", "room", "phone")
    return {
        row["unique_id"]: {name: row[name] for name in kept}
        | {"place": f"{row['morning']}/{row['room']}" if row["room"] else None, "morning": row["morning"]}
        for row in rows
    }


def labels(truth: list[Any], orders: dict[str, Any], guests: dict[str, Any]) -> dict[str, list[Any]]:
    chance, strangers = random.Random(7), list(guests)
    match = [(orders[o], guests[right[0]]) for o, right in truth[:LABELS] if right and right[0] in guests]
    distinct = [(one, guests[chance.choice(strangers)]) for one, _ in match]
    return {"match": match, "distinct": distinct}


def main() -> None:
    given = json.load(sys.stdin)
    orders, guests = records(given["orders"]), records(given["guests"])
    start = time.process_time()
    names = [variables.String(name, has_missing=True) for name in ("given", "family", "room")]
    linker = dedupe.RecordLink(
        [*names, variables.Exact("morning"), variables.Exact("phone", has_missing=True)], num_cores=0
    )
    # Labels that come first are sure to be in its sample, which knows no other record.
    taught = io.StringIO()
    write_training(labels(given["truth"], orders, guests), taught)
    taught.seek(0)
    linker.prepare_training(orders, guests, training_file=taught, sample_size=300)
    linker.train(recall=0.9, index_predicates=False)
    pairs = linker.pairs(orders, guests)
    scored = linker.score(pairs)
    seconds = time.process_time() - start
    links = [
        [str(ids[0]), str(ids[1]), float(score)] for ids, score in zip(scored["pairs"], scored["score"], strict=True)
    ]
    json.dump({"links": links, "seconds": {"all": seconds}, "megabytes": peak_megabytes()}, sys.stdout)


if __name__ == "__main__":
    main()
