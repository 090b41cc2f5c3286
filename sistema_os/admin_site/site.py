"""The admin site of Sistema OS: dashboard, menu, and the apps that it does not register."""

import importlib
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final, cast

from django.conf import settings
from django.contrib.admin import AdminSite, ModelAdmin
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.db.models import Model
from django.db.models.base import ModelBase
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.formats import date_format
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext_noop
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.i18n import JavaScriptCatalog

from pipeline.business_date import current_business_date
from pipeline.imports.sources_page import first_use, received_files
from sistema_os import pages
from sistema_os.access import pages as sign_in_pages
from sistema_os.access import second_factor, single_sign_on
from sistema_os.access.sign_in import record_sign_out
from sistema_os.admin_site.menu import menu_for, tabs_of
from sistema_os.admin_site.page_help import help_for
from sistema_os.pages.find import may_find

# Each app has `dashboard.panel(user)` and `<app>/panel.html`, which REST divides into parts: (app, part) in page order.
PANELS: Final = (
    *(("snapshots", 0), ("matching", 0), ("pipeline", 0)),
    *(("pipeline", 1), ("matching", 1), ("pipeline", 2)),
)
REST: Final = "<!-- rest -->"
# The schedule form of django_q runs any dotted path, including os.system; the forms of devices show their secrets.
REFUSED_APPS: Final = frozenset({"django_q", "otp_totp", "otp_static"})
# Messages of Django with a wrong or clumsy Portuguese translation: LOCALE_PATHS gives our catalogue precedence.
REWORDED: Final = (
    gettext_noop("Items must be selected in order to perform actions on them. No items have been changed."),
    gettext_noop("%(app)s administration"),
    gettext_noop(
        "Please enter the correct %(username)s and password for a staff account. Note that both fields may be"
        " case-sensitive."
    ),
    gettext_noop("Password change successful"),
    *(gettext_noop("January"), gettext_noop("February"), gettext_noop("March"), gettext_noop("April")),
    *(gettext_noop("May"), gettext_noop("June"), gettext_noop("July"), gettext_noop("August")),
    *(gettext_noop("September"), gettext_noop("October"), gettext_noop("November"), gettext_noop("December")),
)


class SistemaAdminSite(AdminSite):
    site_header = "Sistema OS"
    site_title = "Sistema OS"
    site_url = None
    index_title = _("Dashboard")

    def register(
        self,
        model_or_iterable: type[Model] | Iterable[type[Model]],
        admin_class: "type[ModelAdmin[Any]] | None" = None,
        **options: Any,
    ) -> None:
        """As Django's, but models of REFUSED_APPS are skipped without an error."""
        models = [model_or_iterable] if isinstance(model_or_iterable, ModelBase) else model_or_iterable
        allowed = [model for model in models if model._meta.app_label not in REFUSED_APPS]
        super().register(allowed, admin_class, **options)

    def get_urls(self) -> list[URLPattern | URLResolver]:
        return [*sign_in_pages.urls(self), *pages.urls(self), *super().get_urls()]

    def has_permission(self, request: HttpRequest) -> bool:
        """As Django's, and a session without the second factor that its user needs shows no page."""
        return super().has_permission(request) and second_factor.is_satisfied(request)

    @method_decorator(never_cache)
    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if request.method == "GET" and self.has_permission(request):
            return HttpResponseRedirect(reverse("admin:index"))
        context = self.each_context(request) | {
            "title": _t("Log in"),
            "subtitle": None,
            "username": request.user.get_username(),
            "hotel_account": single_sign_on.is_on(),
            "password_by_email": settings.PASSWORD_BY_EMAIL,
            **(extra_context or {}),
        }
        if REDIRECT_FIELD_NAME not in request.GET and REDIRECT_FIELD_NAME not in request.POST:
            context[REDIRECT_FIELD_NAME] = reverse("admin:index")
        return cast(HttpResponse, sign_in_pages.SignInPage.as_view(extra_context=context)(request))

    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        if request.method == "POST":
            record_sign_out(request)
        return super().logout(request, extra_context)

    def i18n_javascript(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """With our catalogue after Django's, so that ours wins."""
        own = JavaScriptCatalog(packages=["django.contrib.admin", "sistema_os"])
        own.setup(request)
        return own.get(request)

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        context = super().each_context(request)
        menu = menu_for(request) if context["has_permission"] else []
        items = [item for section in menu for item in section.items]
        return context | {
            "menu": menu,
            "tabs": tabs_of(menu),
            "in_own_menu": any(item.current for item in items),
            "idle_minutes": settings.IDLE_MINUTES if context["has_permission"] else 0,
            "may_find": context["has_permission"] and may_find(request),
            "page_help": help_for(request) if context["has_permission"] else None,
        }

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """The dashboard, with the panels that the user may see."""
        now = timezone.localtime()
        first = first_use(request.user)
        return super().index(
            request,
            {
                "title": _greeting(now.hour, getattr(request.user, "first_name", "") or request.user.get_username()),
                "now": now,
                "today_words": _day_in_words(now),
                "business_date": current_business_date(),
                "panels": [] if first else _panels(request),
                "first_use": first,
                "received_files": received_files(request.user),
                **(extra_context or {}),
            },
        )


def _panels(request: HttpRequest) -> list[SafeString]:
    """Empty for a user without permissions."""
    parts = {app: _panel(app, request).split(REST) for app in dict.fromkeys(app for app, _part in PANELS)}
    cards = [parts[app][part] for app, part in PANELS if part < len(parts[app])]
    return [SafeString(html) for html in cards if html.strip()]


def _panel(app: str, request: HttpRequest) -> str:
    panel = importlib.import_module(f"{app}.dashboard")
    return render_to_string(f"{app}/panel.html", panel.panel(request.user), request)


def _day_in_words(now: datetime) -> str:
    """ "Sunday, November 22"; Portuguese days and months are lower case, which Django's names are not."""
    words = date_format(now, _t("l, F j"))
    return words.lower() if (get_language() or "").startswith("pt") else words


def _greeting(hour: int, name: str) -> str:
    if hour < 12:
        return _t("Good morning, %(name)s") % {"name": name}
    if hour < 18:
        return _t("Good afternoon, %(name)s") % {"name": name}
    return _t("Good evening, %(name)s") % {"name": name}
