"""The admin site of Sistema OS."""

from django.contrib.admin import AdminSite


class SistemaAdminSite(AdminSite):
    site_header = "Sistema OS"
    site_title = "Sistema OS"
