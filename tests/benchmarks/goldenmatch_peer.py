"""goldenmatch on the same rows as Splink: name and room scored fuzzily within a morning. JSON in, JSON out.

Runs in the peers' environment. Input and output are those of splink_peer.
"""

import contextlib
import io
import json
import sys
import time
from typing import Any

import goldenmatch
import polars

from tests.benchmarks.peak import peak_megabytes


def frame(rows: list[dict[str, Any]]) -> Any:
    return polars.DataFrame(
        {
            "unique_id": [row["unique_id"] for row in rows],
            "morning": [f"m{row['morning']}" for row in rows],
            "name": [" ".join(row["words"] or ()) or "-" for row in rows],
            "room": [row["room"] or "-" for row in rows],
        }
    )


def main() -> None:
    given = json.load(sys.stdin)
    start = time.process_time()
    with contextlib.redirect_stdout(io.StringIO()):
        found = goldenmatch.match_df(
            frame(given["orders"]),
            frame(given["guests"]),
            fuzzy={"name": 1.0, "room": 1.0},
            blocking=["morning"],
            threshold=0.5,
        )
    seconds = time.process_time() - start
    rows = [] if found.matched is None else found.matched.to_pylist()
    links = []
    for row in rows:
        ids = [v for k, v in row.items() if k.endswith("unique_id")]
        score = next(v for k, v in row.items() if "score" in k)
        links.append([*ids[:2], float(score)])
    json.dump({"links": links, "seconds": {"all": seconds}, "megabytes": peak_megabytes()}, sys.stdout)


if __name__ == "__main__":
    main()
