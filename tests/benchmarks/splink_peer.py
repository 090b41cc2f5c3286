"""Splink on the same rows: runs in an environment of its own, which bench_matching makes. JSON in, JSON out.

Input: {"orders": [...], "guests": [...], "rounds": n}. Both sides carry what our normaliser read: given, family,
room, phone and the morning they belong to. Output: links as [order, guest, probability], and CPU
seconds by phase (wall time depends on who else is at work).
"""

import json
import logging
import sys
import time
from typing import Any

import pyarrow
import splink.comparison_level_library as levels
import splink.comparison_library as comparisons
from splink import DuckDBAPI, Linker, SettingsCreator

logging.disable(logging.WARNING)
_FIELDS = ("unique_id", "morning", "given", "family", "room", "phone")


def table(rows: list[dict[str, Any]]) -> Any:
    return pyarrow.table({name: [row[name] for row in rows] for name in _FIELDS})


def name(column: str) -> Any:
    return comparisons.CustomComparison(
        output_column_name=column,
        comparison_levels=[
            levels.NullLevel(column),
            levels.ExactMatchLevel(column, term_frequency_adjustments=True),
            levels.JaroWinklerLevel(column, 0.92),
            levels.JaroWinklerLevel(column, 0.85),
            levels.ElseLevel(),
        ],
    )


def settings() -> Any:
    rules = [f"l.morning = r.morning and l.{column} = r.{column}" for column in ("room", "given", "family", "phone")]
    rules.append("l.morning = r.morning and substr(l.given, 1, 3) = substr(r.given, 1, 3)")
    return SettingsCreator(
        link_type="link_only",
        comparisons=[
            name("given"),
            name("family"),
            comparisons.LevenshteinAtThresholds("room", 1),
            comparisons.ExactMatch("phone"),
        ],
        blocking_rules_to_generate_predictions=rules,
        probability_two_random_records_match=1 / 400,
    )


def main() -> None:
    given = json.load(sys.stdin)
    seconds: dict[str, float] = {}
    start = time.process_time()
    api = DuckDBAPI()
    sides = [api.register(table(given[side]), dataset_display_name=side) for side in ("orders", "guests")]
    linker = Linker(sides, settings())
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6)
    for rule in ("l.morning = r.morning and l.room = r.room", "l.morning = r.morning and l.given = r.given"):
        linker.training.estimate_parameters_using_expectation_maximisation(rule)
    seconds["train"] = time.process_time() - start
    best = []
    for _ in range(given.get("rounds", 1)):
        start = time.process_time()
        found = linker.inference.predict(threshold_match_probability=0.001)
        rows = found.as_record_list() if hasattr(found, "as_record_list") else found.as_record_dict()
        seconds["predict"] = min(seconds.get("predict", 1e9), time.process_time() - start)
        best = rows
    links = [[r["unique_id_l"], r["unique_id_r"], r["match_probability"]] for r in best]
    json.dump({"links": links, "seconds": seconds}, sys.stdout)


if __name__ == "__main__":
    main()
