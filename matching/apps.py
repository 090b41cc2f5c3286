from django.apps import AppConfig
from django.utils.translation import pgettext_lazy


class MatchingConfig(AppConfig):
    name = "matching"
    verbose_name = pgettext_lazy("app", "Review")
