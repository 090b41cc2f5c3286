from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PipelineConfig(AppConfig):
    name = "pipeline"
    verbose_name = _("Operation")

    def ready(self) -> None:
        from pipeline import checks  # noqa: F401  register the system checks
        from pipeline.orchestration import consequences, overnight

        consequences.register()
        overnight.register()
