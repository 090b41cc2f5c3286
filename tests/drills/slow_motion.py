"""The real jobs in small steps, for drills that hit them in the middle. EXTRA_JOB_MODULES names it to the children.

`DRILL_CHUNK` orders a transaction and `DRILL_PAGE` rows a page; with `DRILL_PACE` each phase and each step of one lasts
so many seconds longer, or only those of the phase that `DRILL_SLOW_IN` names. `DRILL_CHUNKS_TOLD` names a file that is
told each chunk of orders that is begun.
"""

import asyncio
import os
from pathlib import Path

from matching.hospede_matcher import MatchResult
from pipeline.hotel import reader
from pipeline.orchestration import matching_step
from pipeline.runs.context import RunContext
from pipeline.worker import execution

matching_step.CHUNK = int(os.environ.get("DRILL_CHUNK", matching_step.CHUNK))
reader.PAGE = int(os.environ.get("DRILL_PAGE", reader.PAGE))
_PACE = float(os.environ.get("DRILL_PACE", "0"))
_SLOW_IN = os.environ.get("DRILL_SLOW_IN", "")


class Slow(RunContext):
    async def phase(self, name: str, total: int | None = None) -> None:
        await super().phase(name, total)
        await self._dawdle()

    async def advance(self, done: int, last_key: str = "") -> None:
        await super().advance(done, last_key)
        await self._dawdle()

    async def _dawdle(self) -> None:
        if _SLOW_IN in ("", self._control.position.phase):
            await asyncio.sleep(_PACE)


if _PACE:
    setattr(execution, "RunContext", Slow)  # noqa: B010  the place where a run is given its context


def _tell_chunks(file: Path) -> None:
    publish = matching_step.MatchingStep._publish

    def telling(self: matching_step.MatchingStep, result: MatchResult, chunk: list[int]) -> None:
        with file.open("a") as told:
            told.write(f"{self.context.run_id} {chunk[0]}\n")
        publish(self, result, chunk)

    matching_step.MatchingStep._publish = telling  # type: ignore[method-assign]  # a drill listens


if "DRILL_CHUNKS_TOLD" in os.environ:
    _tell_chunks(Path(os.environ["DRILL_CHUNKS_TOLD"]))
