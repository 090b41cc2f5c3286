"""The phases of a run on a line of time, beside what they usually take."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from pipeline.models import JobRun, State

WIDTH = 304.0


@dataclass(frozen=True)
class PhaseTime:
    """A phase that was entered; `ended` is None while it runs."""

    name: str
    began: datetime
    ended: datetime | None


@dataclass(frozen=True)
class Bar:
    """One row of the chart in units of WIDTH: the bar as far as the median, what goes beyond it, the median's mark."""

    name: str
    state: str
    took: timedelta | None
    usual: timedelta | None
    x: float = 0.0
    width: float = 0.0
    beyond: float = 0.0
    mark: float | None = None

    @property
    def end(self) -> float:
        return round(self.x + self.width, 1)


def phase_times(run: JobRun) -> list[PhaseTime]:
    entered = [(entry["name"], datetime.fromisoformat(entry["at"])) for entry in run.phases]
    ends = [at for _name, at in entered[1:]] + [run.finished_at]
    return [PhaseTime(name, began, ended) for (name, began), ended in zip(entered, ends, strict=False)]


def usual_times(runs: Iterable[JobRun]) -> dict[str, timedelta]:
    """The median duration of each phase."""
    seconds: dict[str, list[float]] = {}
    for run in runs:
        for phase in phase_times(run):
            if phase.ended is not None:
                seconds.setdefault(phase.name, []).append((phase.ended - phase.began).total_seconds())
    return {name: timedelta(seconds=median(values)) for name, values in seconds.items()}


def bars(run: JobRun, phases: Sequence[str], usual: dict[str, timedelta], now: datetime) -> list[Bar]:
    """A bar for each phase that was entered, then an empty row for each that was not."""
    times = phase_times(run)
    start = run.started_at or now
    scale = WIDTH / max(((run.finished_at or now) - start).total_seconds(), 0.001)
    drawn = [_bar(run, phase, usual.get(phase.name), start, now, scale, phase is times[-1]) for phase in times]
    entered = {phase.name for phase in times}
    wanted = [name for name in phases if name not in entered and (run.steps is None or name in run.steps)]
    return drawn + [Bar(name, "waiting", None, usual.get(name)) for name in wanted]


def _bar(
    run: JobRun, phase: PhaseTime, usual: timedelta | None, start: datetime, now: datetime, scale: float, last: bool
) -> Bar:
    took = (phase.ended or now) - phase.began
    state = "done"
    if last and run.live:
        state = "running"
    elif last and run.state not in (State.SUCCEEDED, State.PARTIAL):
        state = "stopped"
    x = max(0.0, (phase.began - start).total_seconds() * scale)
    whole = max(2.0, min(took.total_seconds() * scale, WIDTH - x))
    to_median = min(whole, usual.total_seconds() * scale) if usual else whole
    width = max(2.0, to_median)
    mark = round(min(WIDTH, x + usual.total_seconds() * scale), 1) if usual else None
    return Bar(phase.name, state, took, usual, round(x, 1), round(width, 1), round(max(0.0, whole - width), 1), mark)
