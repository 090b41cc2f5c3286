"""URLs: the admin, the language switch and the two health checks."""

from django.contrib import admin
from django.urls import path
from django.views.generic import RedirectView
from django.views.i18n import set_language

from sistema_os import health

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("language", set_language, name="set_language"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("admin/", admin.site.urls),
]
