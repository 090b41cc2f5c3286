"""Splink over a hotel's whole past: one pool of orders and of everybody who was ever listed. JSON in, JSON out.

Runs in the peers' environment. As splink_peer, but each pair has its own distance in time: an order carries its `day`,
a guest the days of `arrival` and `departure`, and all rooms slept in. Blocks and comparisons look at that window.
"""

import json
import logging
import sys
import time
from typing import Any

import numpy as np
import pyarrow
import splink.comparison_level_library as levels
import splink.comparison_library as comparisons
from splink import DuckDBAPI, Linker, SettingsCreator
from splink.blocking_rule_library import CustomRule

from tests.benchmarks.peak import peak_megabytes
from tests.benchmarks.splink_peer import TRAINING, known, name, words

logging.disable(logging.WARNING)
_TEXTS = ("unique_id", "given", "family", "room", "phone", "about", "main")
_NUMBERS = ("day", "arrival", "departure")
_ARRAYS = ("words", "rooms")
# Which side is the left one is Splink's; a column that one side has not got is null there.
DAY, ARRIVAL, DEPARTURE = (f"coalesce({column}_l, {column}_r)" for column in _NUMBERS)
IN_HOUSE = f"{DAY} between {ARRIVAL} and {DEPARTURE}"
COMING = f"{DAY} < {ARRIVAL}"
LEFT = f"{DAY} > {DEPARTURE}"
SPOKEN = ((COMING, "arrival"), (LEFT, "lost"), (IN_HOUSE, ""))
SAMPLE = 500


def table(rows: list[dict[str, Any]]) -> Any:
    columns = {column: pyarrow.array([row[column] for row in rows], pyarrow.string()) for column in _TEXTS}
    for column in _NUMBERS:
        # Twice: Splink does not learn from a comparison whose columns a rule for training looks at.
        columns[column] = columns[f"at_{column}"] = pyarrow.array([row[column] for row in rows], pyarrow.int32())
    several = pyarrow.list_(pyarrow.string())
    columns |= {column: pyarrow.array([row[column] or None for row in rows], several) for column in _ARRAYS}
    return pyarrow.table(columns)


class Window:
    """Whoever is in the house, came or left within `near` days of the order. What a chance pair of such a window looks
    like is counted: sampled over the whole past, as for other comparisons, the window would be evidence by itself."""

    def __init__(self, orders: list[dict[str, Any]], guests: list[dict[str, Any]], near: int) -> None:
        arrival, departure = (np.array([row[name] for row in guests]) for name in ("arrival", "departure"))
        counts, asked = np.zeros(3), orders[:: max(1, len(orders) // SAMPLE)]
        for day in (row["day"] for row in asked):
            there = (arrival <= day) & (day <= departure)
            coming, left = (day < arrival) & (arrival <= day + near), (departure < day) & (day <= departure + near)
            counts += [there.sum(), coming.sum(), left.sum()]
        self.size = counts.sum() / len(asked)
        self.shares = dict(zip((IN_HOUSE, COMING, LEFT), counts / counts.sum(), strict=True))
        self.about = {said: sum(row["about"] == said for row in orders) / len(orders) for _, said in SPOKEN}

    def comparison(self) -> Any:
        hinted = [self._level(rule, self.shares[rule] * self.about[about], about) for rule, about in SPOKEN]
        coming, left = (self._level(rule, self.shares[rule] * (1 - self.about[about])) for rule, about in SPOKEN[:2])
        rest = max(1e-6, float(self.shares[IN_HOUSE] * (1 - self.about[""])))
        there = levels.ElseLevel().configure(u_probability=rest, fix_u_probability=True)
        ways = [*hinted, coming, known(left, 0.01), there]
        return comparisons.CustomComparison(output_column_name="day", comparison_levels=ways)

    @staticmethod
    def _level(rule: str, share: float, about: str | None = None) -> Any:
        spoken = "" if about is None else f" and coalesce(about_l, about_r) = '{about}'"
        level = levels.CustomLevel(rule + spoken, label_for_charts=f"{rule} {about or ''}")
        return level.configure(u_probability=max(1e-6, float(share)), fix_u_probability=True)


def comparing(window: Window) -> list[Any]:
    room = [
        levels.NullLevel("room"),
        levels.CustomLevel("len(list_intersect(rooms_l, rooms_r)) > 0", label_for_charts="slept in"),
        known(levels.LevenshteinLevel("room", 1), 0.02),
        levels.ElseLevel(),
    ]
    return [
        name("given"),
        name("family"),
        words(),
        comparisons.CustomComparison(output_column_name="room", comparison_levels=room),
        comparisons.ExactMatch("phone").configure(m_probabilities=[0.95, 0.05]),
        window.comparison(),
        comparisons.CustomComparison(
            output_column_name="main",
            comparison_levels=[
                levels.CustomLevel("coalesce(main_l, main_r) = 'yes'", label_for_charts="main guest"),
                levels.ElseLevel(),
            ],
        ),
    ]


def within(near: int) -> str:
    day, arrival, departure = (f"coalesce(l.at_{column}, r.at_{column})" for column in _NUMBERS)
    return f" and {day} between {arrival} - {near} and {departure} + {near}"


def blocks(near: int) -> list[Any]:
    keys = [f"l.{column} = r.{column}" for column in ("given", "family", "phone")]
    keys += [f"substr(l.{column}, 1, {n}) = substr(r.{column}, 1, {n})" for column, n in (("given", 3), ("family", 4))]
    rules = [CustomRule(key + within(near), sql_dialect="duckdb") for key in keys]
    for array in _ARRAYS:
        same = f"l.{array} = r.{array}" + within(near)
        rules.append(CustomRule(same, sql_dialect="duckdb", arrays_to_explode=[array]))
    return rules


def trained(given: dict[str, Any]) -> Any:
    near = given["near"]
    window = Window(given["orders"], given["guests"], near)
    api = DuckDBAPI()
    sides = [api.register(table(given[side]), dataset_display_name=side) for side in ("orders", "guests")]
    settings = SettingsCreator(
        link_type="link_only",
        comparisons=comparing(window),
        blocking_rules_to_generate_predictions=blocks(near),
        probability_two_random_records_match=1 / window.size,
    )
    linker = Linker(sides, settings)
    linker.training.estimate_u_using_random_sampling(max_pairs=given.get("pairs", 1e6))
    for rule in TRAINING:
        linker.training.estimate_parameters_using_expectation_maximisation(
            CustomRule(rule + within(near), sql_dialect="duckdb")
        )
    return linker


def main() -> None:
    given = json.load(sys.stdin)
    start = time.process_time()
    found = trained(given).inference.predict(threshold_match_probability=given.get("least", 0.001))
    rows = found.as_record_list() if hasattr(found, "as_record_list") else found.as_record_dict()
    seconds = time.process_time() - start
    links = [[r["unique_id_l"], r["unique_id_r"], r["match_probability"]] for r in rows]
    json.dump({"links": links, "seconds": {"all": seconds}, "megabytes": peak_megabytes()}, sys.stdout)


if __name__ == "__main__":
    main()
