"""A past of decisions: thousands of suggestions with their verdicts, written in a few statements."""

import random
from contextlib import ExitStack
from datetime import datetime, timedelta
from unittest.mock import patch

from django.contrib.auth.models import User
from django.utils import timezone

from matching.models import Decision, MatchSuggestion, Order, Stay
from matching.models.choices import EndReason, State, Verb

# Chance that a person agrees, by the model's probability: what the page has to find again.
RIGHT = {0.99: 0.985, 0.93: 0.96, 0.7: 0.62, 0.3: 0.12}


def crowd(orders: int, days: int, *, users: int = 2, seed: int = 7, first: int = 1_000_000) -> None:
    """`orders` orders opened over the last `days` days, three candidates each; nine in ten are decided."""
    rng, now = random.Random(seed), timezone.now()
    people = [User.objects.get_or_create(username=f"pessoa{n}")[0] for n in range(users)]
    stays = Stay.objects.bulk_create(_stay(first + n, now) for n in range(max(orders // 3, 3)))
    opened = sorted(now - timedelta(days=days) * rng.random() - timedelta(hours=3) for _ in range(orders))
    made = Order.objects.bulk_create(
        Order(os_id=first + n, number=str(first + n), request="vazamento", opened_at=at, status="aberta")
        for n, at in enumerate(opened)
    )
    with ExitStack() as stack:
        for field in (Decision._meta.get_field("at"), MatchSuggestion._meta.get_field("created_at")):
            stack.enter_context(patch.object(field, "auto_now_add", False))
        _decide(rng, made, stays, people)


def _stay(number: int, now: datetime) -> Stay:
    day = timezone.localtime(now).date()
    return Stay(
        listagem_id=number,
        listed_name=f"Hóspede {number}",
        room=str(100 + number % 900),
        arrival=day - timedelta(days=2),
        departure=day + timedelta(days=number % 3),
        status="na_casa",
        reservation_id=number // 2,
    )


def _decide(rng: random.Random, orders: list[Order], stays: list[Stay], people: list[User]) -> None:
    suggestions, decisions, after = [], [], []
    for order in orders:
        best = rng.choice(list(RIGHT))
        candidates = [
            MatchSuggestion(
                order=order,
                stay=rng.choice(stays[n::3]),
                probability=str(share),
                rank=n + 1,
                model_version="m1",
                texto_versao=1,
                created_at=order.opened_at + timedelta(minutes=20),
            )
            for n, share in enumerate((best, 0.06, 0.02))
        ]
        suggestions += candidates
        if rng.random() < 0.9:
            wait = timedelta(minutes=21) + timedelta(minutes=rng.expovariate(1 / 50))
            after.append((order.opened_at + wait, rng.choice(people), candidates, _said(rng, best)))
    MatchSuggestion.objects.bulk_create(suggestions)
    for at, person, candidates, said in after:
        chosen = candidates[1] if said == "other" else candidates[0]
        verb = Verb.REJECT if said == "no" else Verb.ACCEPT
        decisions.append(_decision(chosen, verb, person, at))
        _end(candidates, chosen, decisions[-1])
    Decision.objects.bulk_create(decisions)
    MatchSuggestion.objects.bulk_update(suggestions, ["state", "end_reason", "decision"], batch_size=1000)


def _said(rng: random.Random, best: float) -> str:
    if rng.random() < RIGHT[best]:
        return "yes"
    return rng.choice(["no", "other"])


def _decision(chosen: MatchSuggestion, verb: Verb, person: User, at: datetime) -> Decision:
    return Decision(
        at=at,
        user=person,
        verb=verb,
        suggestion=chosen,
        probability=chosen.probability,
        model_version=chosen.model_version,
        texto_versao=1,
    )


def _end(candidates: list[MatchSuggestion], chosen: MatchSuggestion, decision: Decision) -> None:
    chosen.state = State.ACCEPTED if decision.verb == Verb.ACCEPT else State.REJECTED
    chosen.decision = decision
    for other in candidates:
        if other is not chosen and decision.verb == Verb.ACCEPT:
            other.state, other.end_reason, other.decision = State.SUPERSEDED, EndReason.ANOTHER_ACCEPTED, decision
