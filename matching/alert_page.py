"""One alert on its own page: what happened, to whom, and the word that settles it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from matching import alerts
from matching.models import Alert
from matching.presentation import badges, labels, links
from matching.presentation.labels import department_words

LIST = "admin:matching_alert_changelist"


def page(admin: ModelAdmin[Any], request: HttpRequest, object_id: str) -> HttpResponse:
    if not admin.has_view_permission(request):
        raise PermissionDenied
    alert = _alert(object_id)
    if request.method == "POST" and "settle" in request.POST:
        settled = alerts.settle(alert, request.user, str(request.POST.get("note", "")))
        told, words = (messages.success, _("Alert settled.")) if settled else (messages.warning, _settled_before(alert))
        told(request, words)
        return HttpResponseRedirect(reverse(LIST) if settled else request.path)
    context = {
        **admin.admin_site.each_context(request),
        "opts": admin.opts,
        "title": str(alert.get_kind_display()),
        "alert": alert,
        "chip": badges.severity_chip(alert.severity),
        "sentence": alerts.sentence(alert),
        "order_url": links.order_url(alert.order) if alert.order else "",
        "department": department_words(alert.order.department) if alert.order else "",
        "may_settle": request.user.has_perm("matching.settle_alert"),
        "longest": alerts.LONGEST_NOTE,
    }
    request.current_app = admin.admin_site.name
    return TemplateResponse(request, "matching/alert.html", context)


def _alert(object_id: str) -> Alert:
    found = Alert.objects.filter(pk=links.number_or_404(object_id)).select_related("order", "stay", "settled_by")
    alert = found.first()
    if alert is None:
        raise Http404
    return alert


def _settled_before(alert: Alert) -> str:
    alert.refresh_from_db()
    return _("%(who)s had settled this alert before. Nothing was changed.") % {
        "who": labels.name_of(alert.settled_by) if alert.settled_by else "—"
    }
