"""The project as an app of its own (commands, templates, checks) and its admin site."""

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class SistemaOSConfig(AppConfig):
    name = "sistema_os"

    def ready(self) -> None:
        from sistema_os import checks  # noqa: F401  registers the system checks
        from sistema_os.admin_site import users  # noqa: F401  registers the admin of users


class SistemaAdminConfig(AdminConfig):
    default_site = "sistema_os.admin_site.site.SistemaAdminSite"
