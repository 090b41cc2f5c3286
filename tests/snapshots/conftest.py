from __future__ import annotations

import pytest
from django.test import Client

from snapshots.models import Snapshot
from tests.snapshots.hotel import collect, stay, stays
from tests.snapshots.screens import person


@pytest.fixture
def reader(db: None) -> Client:
    return person("view_snapshot")


@pytest.fixture
def supervisor(db: None) -> Client:
    return person("view_snapshot", "publish_held")


@pytest.fixture
def two_days(db: None) -> tuple[Snapshot, Snapshot]:
    first = collect(stays(60))
    moved = [stay(n, uh="415", telefone="+55 48 91") if n == 3 else stay(n) for n in range(1, 60)]
    return first, collect([*moved, stay(77, nome="Marina Prado")], day=2)
