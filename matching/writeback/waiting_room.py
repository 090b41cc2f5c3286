"""How many people of this process may wait for Supabase at once, and whether anybody should.

Eight acceptances during a hanging Supabase used to hold all threads of the server for the whole deadline, and the pages
behind them. Now at most SEATS threads wait; after one that waited in vain, nobody waits for PAUSE seconds, and all
links go to the outbox at once. Then one thread tries.
"""

import threading
from time import monotonic
from typing import Final

SEATS: Final = 3
PATIENCE: Final = 0.25
PAUSE: Final = 10.0


class WaitingRoom:
    """One a process; safe for threads. `enter` is True for whoever may wait; he calls `leave` afterwards."""

    def __init__(self) -> None:
        self._seats = threading.BoundedSemaphore(SEATS)
        self._lock = threading.Lock()
        self._closed_until = 0.0
        self._tries_after_pause = False

    def enter(self) -> bool:
        """Waits for a seat for PATIENCE seconds: a Supabase that works frees one in less."""
        if self._is_closed() or not self._seats.acquire(timeout=PATIENCE):
            return False
        with self._lock:
            if monotonic() < self._closed_until or self._tries_after_pause:
                self._seats.release()
                return False
            self._tries_after_pause = self._closed_until > 0
        return True

    def leave(self, *, answered: bool) -> None:
        with self._lock:
            self._closed_until = 0.0 if answered else monotonic() + PAUSE
            self._tries_after_pause = False
        self._seats.release()

    def _is_closed(self) -> bool:
        with self._lock:
            return monotonic() < self._closed_until or self._tries_after_pause


waiting_room = WaitingRoom()
