"""The registry of model versions: which one is in use, promotion and rollback. The only writer of `ModelVersion`."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.db import transaction
from django.utils import timezone

from matching.core import Model
from matching.models import ModelVersion, Origin
from matching.models.choices import MANUAL


class UnreadableModel(ValueError):
    """The numbers of a stored version are not a valid model; the message names the version and the error."""


def in_use() -> Model:
    """The active version's model, or the program's own. Reads only. Raises UnreadableModel."""
    active = ModelVersion.objects.filter(active=True).first()
    return load(active) if active is not None else base()


def base() -> Model:
    """The program's own model. If its numbers have changed under the same version, the version gets a suffix: one that
    a suggestion refers to never has two meanings."""
    model = Model()
    known = ModelVersion.objects.filter(version=model.version).values_list("numbers", flat=True).first()
    if known is None or known == numbers_of(model):
        return model
    return replace(model, version=f"{model.version}+{_digest(numbers_of(model))}")


def load(row: ModelVersion) -> Model:
    """The stored numbers; what they lack comes from the program's own. Raises UnreadableModel."""
    try:
        numbers = _over(numbers_of(Model()), row.numbers) | {"version": row.version}
        return Model.from_json(json.dumps(numbers))
    except (ValueError, TypeError) as error:
        raise UnreadableModel(f"{row.version}: {error}") from error


def resolve(version: str) -> ModelVersion | None:
    """The row of a version that a suggestion or a decision refers to; None for a candidate that a person added, and for
    suggestions from before the registry."""
    return None if version == MANUAL else ModelVersion.objects.filter(version=version).first()


def remember(model: Model) -> ModelVersion:
    """Creates the row of a version before it scores, if there is none. Idempotent."""
    found, _ = ModelVersion.objects.get_or_create(
        version=model.version, defaults={"numbers": numbers_of(model), "origin": Origin.CODE}
    )
    return found


def add_trained(
    model: Model, *, made_from: str, learned: list[str], decisions: int, figures: dict[str, Any]
) -> ModelVersion:
    """Stores a trained model under the next free name; it is not in use until it is promoted."""
    with transaction.atomic():
        version = _next_name()
        return ModelVersion.objects.create(
            version=version,
            numbers=numbers_of(replace(model, version=version)),
            origin=Origin.TRAINED,
            made_from=made_from,
            learned=learned,
            decisions=decisions,
            figures=figures,
        )


def promote(row: ModelVersion, user: Any = None) -> ModelVersion:
    """Puts the version to use from the next run on. Idempotent. Raises UnreadableModel."""
    load(row)
    with transaction.atomic():
        active = _locked_active()
        if active is not None and active.pk == row.pk:
            return active
        row.replaced = active
        _put_to_use(row, active, user)
    return row


def is_active(row: ModelVersion) -> bool:
    """Reads the current state from the database."""
    return ModelVersion.objects.filter(pk=row.pk, active=True).exists()


def roll_back(user: Any = None) -> ModelVersion | None:
    """Returns to the version that was in use before; None is the program's own model. Does nothing without an active
    version."""
    with transaction.atomic():
        active = _locked_active()
        if active is None:
            return None
        before = active.replaced
        if before is None:
            ModelVersion.objects.filter(pk=active.pk).update(active=False)
            return None
        _put_to_use(before, active, user)
    return before


def numbers_of(model: Model) -> dict[str, Any]:
    """The model as JSON values, as the database returns them."""
    found: dict[str, Any] = json.loads(model.to_json())
    return found


def _locked_active() -> ModelVersion | None:
    """Locks all rows in the order of their ids: concurrent promotions run one after the other."""
    rows = list(ModelVersion.objects.select_for_update().order_by("pk"))
    return next((row for row in rows if row.active), None)


def _put_to_use(row: ModelVersion, active: ModelVersion | None, user: Any) -> None:
    if active is not None:
        ModelVersion.objects.filter(pk=active.pk).update(active=False)
    row.active, row.promoted_at, row.promoted_by = True, timezone.now(), user
    row.save(update_fields=["active", "promoted_at", "promoted_by", "replaced"])


def _next_name() -> str:
    """Call it in the transaction that creates the row; the lock keeps two trainings from choosing the same name."""
    taken = set(ModelVersion.objects.select_for_update().values_list("version", flat=True))
    number = 1
    while f"trained-{number}" in taken:
        number += 1
    return f"trained-{number}"


def _over(below: Mapping[str, Any], above: Any) -> dict[str, Any]:
    """`above` merged over `below`, recursively."""
    if not isinstance(above, Mapping):
        raise TypeError("not a table of numbers")
    found = dict(below)
    for name, value in above.items():
        there = below.get(name)
        found[name] = _over(there, value) if isinstance(there, Mapping) and isinstance(value, Mapping) else value
    return found


def _digest(numbers: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(numbers, sort_keys=True).encode()).hexdigest()[:8]
