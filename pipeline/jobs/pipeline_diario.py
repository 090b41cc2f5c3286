"""The main job of the day; see `pipeline.orchestration.listagem_hospedes_orchestrator`."""

from django.utils.translation import gettext_lazy as _

from pipeline.orchestration.listagem_hospedes_orchestrator import STEPS, ListagemHospedesOrchestrator
from pipeline.runs import Outcome, RunContext, job


@job("pipeline_diario", title=_("Morning collection"), idempotent=True, phases=STEPS, reads_now=True, by_date="writes")
async def run(context: RunContext) -> Outcome:
    return await ListagemHospedesOrchestrator(context).run()
