"""The progress of the demo's sample hotel: its first day, and the business dates for which the jobs have run.

The hotel itself is not stored: the seed and the first day give the same one again.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from sistema_os.local.hotel import Hotel, complete, export
from sistema_os.local.hotel.clock import SAO_PAULO
from sistema_os.local.stack import Stack
from sistema_os.local.state import write_atomically

SEED = 7
DATES = 3
# Names the data that the generator makes from a seed: change it with the data, as test_hotel.py demands.
GENERATOR = "3c7d80957e7e3238"
# Days before the first date on which orders are typed, so that the first morning has orders of several ages.
_DAYS_BEFORE = 3


@dataclass(frozen=True)
class Progress:
    first_day: str
    done_until: str
    # GENERATOR: another version makes another hotel with the same ids.
    version: str


@dataclass(frozen=True)
class Morning:
    """A date of the sample hotel: its guest list and its orders as files, which are gone with the next date."""

    day: date
    files: list[Path]
    _hotel: Hotel
    _stack: Stack

    def complete(self) -> None:
        """After the import: what the hotel's other systems know of the same guests and orders."""
        with self._stack.connect_hotel() as connection:
            complete(connection, self._hotel)


class Sample:
    def __init__(self, folder: Path, stack: Stack, today: date | None = None) -> None:
        self._file = folder / "sample.json"
        self._stack = stack
        self._today = today or datetime.now(SAO_PAULO).date()
        self._progress = self._read()

    @property
    def outdated(self) -> bool:
        """Whether the loaded hotel was made by another version of the generator."""
        return self._progress.version != GENERATOR

    def dates(self) -> list[date]:
        """The business dates for which the jobs have not run: at most DATES, up to today."""
        done = date.fromisoformat(self._progress.done_until)
        return [day for n in reversed(range(DATES)) if (day := self._today - timedelta(days=n)) > done]

    def mornings(self) -> Iterator["Morning"]:
        """The hotel of each date in turn; a date is done when the next one is requested."""
        dates = self.dates()
        if not dates or self.outdated:
            return
        hotel = Hotel(SEED, start=date.fromisoformat(self._progress.first_day))
        for day in dates:
            while hotel.date < day:
                hotel.advance()
            with TemporaryDirectory(prefix="sistema-os-morning-") as folder:
                yield Morning(day, export(hotel, Path(folder)), hotel, self._stack)
            self._write(replace(self._progress, done_until=day.isoformat()))

    def forget(self) -> None:
        self._file.unlink(missing_ok=True)
        self._progress = self._read()

    def _read(self) -> Progress:
        """A damaged file counts as none: the hotel is the same again, and the jobs are idempotent."""
        try:
            return Progress(**json.loads(self._file.read_text()))
        except (OSError, ValueError, TypeError):
            first = self._today - timedelta(days=DATES - 1 + _DAYS_BEFORE)
            return Progress(first.isoformat(), done_until=first.isoformat(), version=GENERATOR)

    def _write(self, progress: Progress) -> None:
        self._progress = progress
        write_atomically(self._file, json.dumps(asdict(progress)) + "\n")
