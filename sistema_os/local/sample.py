"""The demo's hotel between two demos: which morning its Supabase holds, and which business dates have been worked on.

The hotel is not stored: seed and first day give the same one again, whatever was killed in between.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path

from sistema_os.local.hotel import Hotel, load
from sistema_os.local.hotel.clock import SAO_PAULO
from sistema_os.local.stack import Stack
from sistema_os.local.state import write_whole

SEED = 7
DATES = 3
# Names the data that the generator makes from a seed: change it with the data, as test_hotel.py demands.
GENERATOR = "3f82c089789a349a"
# Orders are typed for some days before the first date, so that the first morning has work of several ages.
_DAYS_BEFORE = 3


@dataclass(frozen=True)
class Progress:
    first_day: str
    done_until: str
    # Of the generator: another version of it would be another hotel under the same ids.
    version: str


class Sample:
    def __init__(self, folder: Path, stack: Stack, today: date | None = None) -> None:
        self._file = folder / "sample.json"
        self._stack = stack
        self._today = today or datetime.now(SAO_PAULO).date()
        self._progress = self._read()

    @property
    def outdated(self) -> bool:
        """Whether another version of the generator has made the hotel that is there."""
        return self._progress.version != GENERATOR

    def dates(self) -> list[date]:
        """The business dates still to be worked on: three at most, up to today."""
        done = date.fromisoformat(self._progress.done_until)
        return [day for n in reversed(range(DATES)) if (day := self._today - timedelta(days=n)) > done]

    def mornings(self) -> Iterator[date]:
        """Bring the hotel's Supabase to each date in turn; a date counts as done when the next one is asked for."""
        dates = self.dates()
        if not dates or self.outdated:
            return
        hotel = Hotel(SEED, start=date.fromisoformat(self._progress.first_day))
        for day in dates:
            while hotel.date < day:
                hotel.advance()
            with self._stack.connect_hotel() as connection:
                load(connection, hotel)
            yield day
            self._write(replace(self._progress, done_until=day.isoformat()))

    def forget(self) -> None:
        self._file.unlink(missing_ok=True)
        self._progress = self._read()

    def _read(self) -> Progress:
        """A damaged file counts as none: the same hotel is made again, and a job run twice changes nothing."""
        try:
            return Progress(**json.loads(self._file.read_text()))
        except (OSError, ValueError, TypeError):
            first = self._today - timedelta(days=DATES - 1 + _DAYS_BEFORE)
            return Progress(first.isoformat(), done_until=first.isoformat(), version=GENERATOR)

    def _write(self, progress: Progress) -> None:
        self._progress = progress
        write_whole(self._file, json.dumps(asdict(progress)) + "\n")
