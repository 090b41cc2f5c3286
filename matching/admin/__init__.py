"""Admin pages of suggestions, alerts and model versions; importing the package registers them."""

from matching.admin import alerts, model_versions, suggestions

__all__ = ["alerts", "model_versions", "suggestions"]
