"""Does learning from decisions pay? `python -m tests.benchmarks.bench_learning [--days 40] [--seeds 21 22 23]`

A sample hotel's mornings are decided by a reviewer who follows the truth and slips now and then. The first two thirds
are learned from; the last third, which no model has seen, judges: the program's own model, what the training made
(whether or not its guard would put it to use), and what a naive one (weights counted afresh, no drawing back) is. Then
the same decisions with their answers dealt out again. And the hand-written orders of a hotel that the model was not
counted on: half of them are decided, the other half judges. A table, and one JSON object last.
"""

import argparse
import json
import random
import sys
from collections.abc import Sequence
from dataclasses import replace
from itertools import chain
from typing import Any

from matching.core import Model
from matching.core.reestimation import Verdict, Who, from_candidates
from matching.learning.cross_validation import Figures, compare
from matching.learning.trainer import WAYS, TooFewDecisions, learn, train
from matching.learning.training_set import TrainingSet, fold_of
from tests.benchmarks.hotel_rows import Morning, mornings
from tests.matching.handwritten import scoring as handwritten

JUDGED_SHARE = 3
SLIPS = 0.03


def decided(days: Sequence[Morning], luck: random.Random, *, slips: float = SLIPS) -> TrainingSet:
    """What a reviewer says of every order: the truth, but for a slip to another candidate now and then."""
    model, verdicts = Model(), {}
    told = TrainingSet([(m.orders, m.stays) for m in days], {})
    found = told.score(model)
    for entry in chain.from_iterable(m.truth for m in days):
        right: frozenset[Who] = frozenset(entry["aceitaveis"]) or frozenset({None})
        wrong = [c.listagem_id for c in found.get(entry["os_id"], ()) if c.listagem_id not in right]
        if wrong and luck.random() < slips:
            right = frozenset({luck.choice(wrong)})
        if entry["os_id"] in found:
            verdicts[entry["os_id"]] = Verdict(right)
    return replace(told, verdicts=verdicts).only(verdicts)


def dealt_again(told: TrainingSet, luck: random.Random) -> TrainingSet:
    answers = list(told.verdicts.values())
    luck.shuffle(answers)
    return replace(told, verdicts=dict(zip(told.verdicts, answers, strict=True)))


def naive(told: TrainingSet) -> Model:
    candidates = list(chain.from_iterable(told.score(Model()).values()))
    return from_candidates(candidates, Model(), version="naive", verdicts=told.verdicts, strength=1.0)


def season(seed: int, days: int) -> dict[str, Any]:
    """One hotel: the first two thirds of its mornings teach, the last third judges, by the truth itself."""
    luck, lived = random.Random(seed), list(mornings(seed, days))
    border = days - days // JUDGED_SHARE
    school, exam = decided(lived[:border], luck), decided(lived[border:], luck, slips=0.0)
    present = exam.score(Model())
    row: dict[str, Any] = {"seed": seed, "learned_from": len(school), "judged_by": len(exam)}
    try:
        done = train(school, Model())
    except TooFewDecisions as few:
        return row | {"refused": str(few)}
    row |= {"doubt": done.doubt, "way": "+".join(done.way), "held_out_gain": round(done.comparison.gain, 4)}
    row["dealt_again"] = train(dealt_again(school, luck), Model()).doubt or "PROMOTED"
    for name, model in (("trained", done.model), ("naive", naive(school))):
        judged = compare(present, exam.score(model), exam.verdicts)
        row["own"], row[name] = _short(judged.old), _short(judged.new)
    return row


def hand_written(hotel: str = "business") -> dict[str, Any]:
    """Half of the orders with a single kind of answer teach, the other half judges, by each way of training."""
    told = TrainingSet([(handwritten.rows(hotel, "orders"), handwritten.rows(hotel, "stays"))], {})
    answers = {t["os_id"]: t["answer"] for t in handwritten.rows(hotel, "truth") if t["answer"] != "undecidable"}
    verdicts = {order: Verdict(frozenset({None} if who == "none" else who)) for order, who in answers.items()}
    half = {order for order in verdicts if fold_of(order, 2, 0) == 0}
    everything = replace(told, verdicts=verdicts)
    school, exam = everything.only(half), everything.only(verdicts.keys() - half)
    base = Model()
    present, known = exam.score(base), school.score(base)
    row: dict[str, Any] = {"hotel": hotel, "learned_from": len(school), "judged_by": len(exam)}
    for way in WAYS:
        judged = compare(present, exam.score(learn(school, known, base, way)), exam.verdicts)
        row["own"], row[" + ".join(way)] = _short(judged.old), _short(judged.new)
    return row


def _short(figures: Figures) -> dict[str, float]:
    return {name: round(getattr(figures, name), 4) for name in ("f1", "log_loss", "brier", "sure_right")}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=40)
    parser.add_argument("--seeds", type=int, nargs="+", default=[21, 22, 23])
    options = parser.parse_args()
    rows = [season(seed, options.days) for seed in options.seeds]
    for row in rows:
        sys.stdout.write(f"hotel {row['seed']}: {row['learned_from']} decisions teach, {row['judged_by']} judge\n")
        sys.stdout.write(f"  guard: {row.get('doubt') or 'promotes'} ({row.get('way')}, {row.get('held_out_gain')})\n")
        sys.stdout.write(f"  answers dealt out again: {row.get('dealt_again')}\n")
        for name in ("own", "trained", "naive"):
            sys.stdout.write(f"  {name:8} {row.get(name)}\n")
    written = hand_written()
    for name, value in written.items():
        sys.stdout.write(f"hand-written, {name}: {value}\n")
    sys.stdout.write(json.dumps({"benchmark": "learning", "rows": rows, "hand_written": written}) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
