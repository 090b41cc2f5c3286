"""A hanging Supabase must not hold every thread of the server."""

import threading
from collections.abc import Callable

import pytest

from matching.writeback import outbox as module
from matching.writeback.outbox import SEATS, WaitingRoom


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    now = [1000.0]
    monkeypatch.setattr(module, "monotonic", lambda: now[0])
    monkeypatch.setattr(module, "PATIENCE", 0.01)

    def advance(seconds: float) -> None:
        now[0] += seconds

    return advance


def test_eight_who_decide_at_once_hold_three_threads(clock: Callable[[float], None]) -> None:
    room = WaitingRoom()
    entered = []
    threads = [threading.Thread(target=lambda: entered.append(room.enter())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(entered) == SEATS


def test_while_supabase_answers_seats_are_free_again(clock: Callable[[float], None]) -> None:
    room = WaitingRoom()
    for _ in range(10):
        assert room.enter()
        room.leave(answered=True)


def test_after_one_waited_in_vain_nobody_waits_and_then_one_tries(clock: Callable[[float], None]) -> None:
    room = WaitingRoom()
    assert room.enter()
    room.leave(answered=False)
    assert not room.enter()
    clock(module.PAUSE + 1)
    assert room.enter()
    assert not room.enter()  # the trial is under way
    room.leave(answered=False)
    clock(1)
    assert not room.enter()
    clock(module.PAUSE)
    assert room.enter()
    room.leave(answered=True)
    assert [room.enter(), room.enter()] == [True, True]
