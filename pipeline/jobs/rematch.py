"""Every open order matched again; see `pipeline.orchestration.full_rematch`."""

from django.utils.translation import gettext_lazy as _

from pipeline.orchestration.full_rematch import STEPS, FullRematch
from pipeline.runs import Outcome, RunContext, job


@job("rematch", title=_("Match every open order again"), idempotent=True, phases=STEPS)
async def run(context: RunContext) -> Outcome:
    return await FullRematch(context).run()
