"""String measures over a hotel's whole past, in a process of their own. JSON in, JSON out.

Input: {"orders": [id, text, day], "guests": [id, label, arrival, departure], "scorer": name}. The whole line against
"name room" of everybody who was in the house on its day: all against all would be a thousand million comparisons.
Output: links as [order, guest, likeness], CPU seconds and peak memory.
"""

import json
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import numpy as np
from rapidfuzz import fuzz, process

from tests.benchmarks.peak import peak_megabytes

SCORERS = {"token_set": fuzz.token_set_ratio, "token_sort": fuzz.token_sort_ratio, "WRatio": fuzz.WRatio}
SHOWN = 3


def links(given: dict[str, Any]) -> Iterator[tuple[int, int, float]]:
    by_day: dict[int, list[tuple[int, str]]] = defaultdict(list)
    for number, text, day in given["orders"]:
        by_day[day].append((number, text))
    ids, labels, arrival, departure = zip(*given["guests"], strict=True)
    comes, goes = np.array(arrival), np.array(departure)
    for day, asked in by_day.items():
        there = np.flatnonzero((comes <= day) & (day <= goes)).tolist()
        texts = [text for _, text in asked]
        likeness = process.cdist(texts, [labels[i] for i in there], scorer=SCORERS[given["scorer"]], workers=1)
        for (number, _), row in zip(asked, likeness, strict=True):
            for place in np.argsort(-row, kind="stable")[:SHOWN].tolist():
                yield number, ids[there[place]], float(row[place]) / 100


def main() -> None:
    given = json.load(sys.stdin)
    start = time.process_time()
    found = list(links(given))
    seconds = time.process_time() - start
    json.dump({"links": found, "seconds": {"all": seconds}, "megabytes": peak_megabytes()}, sys.stdout)


if __name__ == "__main__":
    main()
