"""Every open order matched again; see `pipeline.orchestration.rematching`."""

from django.utils.translation import gettext_lazy as _

from pipeline.context import RunContext
from pipeline.orchestration.rematching import STEPS, Rematching
from pipeline.registry import Outcome, job


@job("rematch", title=_("Match every open order again"), idempotent=True, phases=STEPS)
async def run(context: RunContext) -> Outcome:
    return await Rematching(context).run()
