"""Splink on the same rows: runs in an environment of its own, which bench_matching makes. JSON in, JSON out.

Input: {"orders": [...], "guests": [...], "rounds": n}. Both sides carry what our normaliser read: given, family, all
words of the name, room, phone, the morning they belong to; a guest also when he is there and whether he is the main
guest, an order what it speaks of. Output: links as [order, guest, probability], and CPU seconds by phase (wall time
depends on who else is at work).
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

from tests.benchmarks.peak import peak_megabytes

logging.disable(logging.WARNING)
# Who has the given name in common has a word in common: a rule that looks at the words learns nothing of them there.
_NO_WORDS = " and len(l.words) + len(r.words) > 0"
TRAINING = ("l.room = r.room", "l.given = r.given" + _NO_WORDS, "l.family = r.family" + _NO_WORDS)
_TEXTS = ("unique_id", "morning", "given", "family", "room", "phone", "about", "presence", "main")


def table(rows: list[dict[str, Any]]) -> Any:
    columns = {name: pyarrow.array([row[name] for row in rows], pyarrow.string()) for name in _TEXTS}
    columns["words"] = pyarrow.array([row["words"] or None for row in rows], pyarrow.list_(pyarrow.string()))
    return pyarrow.table(columns)


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


def said(what: str, about: str | None = None) -> Any:
    """A level for guests of one kind, when the order speaks of the matter. Which side is the left one is Splink's."""
    rule = f"coalesce(presence_l, presence_r) = '{what}'"
    if about is not None:
        rule += f" and coalesce(about_l, about_r) = '{about}'"
    return levels.CustomLevel(rule, label_for_charts=f"{what} {about or ''}")


def known(level: Any, share: float) -> Any:
    """What EM loses sight of, an expert sets: left to itself it makes such a level impossible."""
    return level.configure(m_probability=share, fix_m_probability=True)


def words() -> Any:
    shared = [levels.ArrayIntersectLevel("words", least) for least in (3, 2, 1)]
    ways = [levels.NullLevel("words"), *shared, known(levels.ElseLevel(), 0.08)]
    return comparisons.CustomComparison(output_column_name="words", comparison_levels=ways)


def comparing() -> list[Any]:
    presence = [said("coming", "arrival"), said("left", "lost"), said("in_house", ""), said("coming"), said("left")]
    return [
        name("given"),
        name("family"),
        words(),
        comparisons.LevenshteinAtThresholds("room", 1),
        comparisons.ExactMatch("phone").configure(m_probabilities=[0.95, 0.05]),
        comparisons.CustomComparison(output_column_name="presence", comparison_levels=[*presence, levels.ElseLevel()]),
        comparisons.CustomComparison(
            output_column_name="main",
            comparison_levels=[
                levels.CustomLevel("coalesce(main_l, main_r) = 'yes'", label_for_charts="main guest"),
                levels.ElseLevel(),
            ],
        ),
    ]


def settings() -> Any:
    same = "l.morning = r.morning and "
    rules: list[Any] = [same + f"l.{column} = r.{column}" for column in ("room", "given", "family", "phone")]
    rules.append(same + "substr(l.given, 1, 3) = substr(r.given, 1, 3)")
    rules.append(same + "substr(l.family, 1, 4) = substr(r.family, 1, 4)")
    rules.append(same + "list_has_any(l.words, r.words)")
    return SettingsCreator(
        link_type="link_only",
        comparisons=comparing(),
        blocking_rules_to_generate_predictions=rules,
        probability_two_random_records_match=1 / 400,
    )


def trained(given: dict[str, Any]) -> Any:
    api = DuckDBAPI()
    sides = [api.register(table(given[side]), dataset_display_name=side) for side in ("orders", "guests")]
    linker = Linker(sides, settings())
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6)
    for rule in TRAINING:
        linker.training.estimate_parameters_using_expectation_maximisation("l.morning = r.morning and " + rule)
    return linker


def main() -> None:
    given = json.load(sys.stdin)
    seconds: dict[str, float] = {}
    start = time.process_time()
    linker = trained(given)
    seconds["train"] = time.process_time() - start
    rows: list[dict[str, Any]] = []
    for _ in range(given.get("rounds", 1)):
        start = time.process_time()
        found = linker.inference.predict(threshold_match_probability=0.001)
        rows = found.as_record_list() if hasattr(found, "as_record_list") else found.as_record_dict()
        seconds["predict"] = min(seconds.get("predict", 1e9), time.process_time() - start)
    links = [[r["unique_id_l"], r["unique_id_r"], r["match_probability"]] for r in rows]
    json.dump({"links": links, "seconds": seconds, "megabytes": peak_megabytes()}, sys.stdout)


if __name__ == "__main__":
    main()
