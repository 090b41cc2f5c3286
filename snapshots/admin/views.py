"""The snapshot pages. Reading needs view_snapshot, deciding publish_held; GET changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.formats import time_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from sistema_os.admin_base import CSV, FORMAT, number_or_404
from snapshots import held_decision, hidden_persons, history, ingest
from snapshots.admin.change_tables import Filters, column_choices, compared, rows_page, snapshot_changes
from snapshots.admin.consequences import consequences
from snapshots.admin.csv_tables import changes_csv, rows_csv
from snapshots.admin.display import field_label, status_chip, timeline
from snapshots.dashboard import collect_url
from snapshots.errors import AlreadySettled, Corrupt, Outdated, Purged, ReasonMissing
from snapshots.models import Snapshot, Source


def may_view(request: HttpRequest) -> None:
    if not request.user.has_perm("snapshots.view_snapshot"):
        raise PermissionDenied


@require_GET
def snapshot_page(request: HttpRequest, site: AdminSite, pk: str) -> HttpResponse:
    may_view(request)
    snapshot = _snapshot(pk)
    see_hidden = hidden_persons.may_see(request.user)
    source, filters = snapshot.source, Filters.read(request.GET, snapshot.source, see_hidden=see_hidden)
    page = snapshot_changes(snapshot, filters)
    if request.GET.get(FORMAT) == CSV:
        return changes_csv(source, page)
    asked = request.GET.get("row", "")
    # The history beside the table is that of the chosen row, else of the first one.
    key = asked or (page.items[0].key if page.items else "")
    caused = consequences(snapshot, [item.key for item in page.items], request.user)
    collected = timezone.localtime(snapshot.finished_at or snapshot.started_at)
    context = {
        **_frame(request, site, snapshot),
        "title": _("%(snapshot)s at %(time)s") % {"snapshot": snapshot, "time": time_format(collected, "H:i")},
        "previous": Snapshot.objects.filter(source=source, seq=(snapshot.seq or 0) - 1).first(),
        "page": page,
        "rows": [(item, caused.get(item.key, ())) for item in page.items],
        "filters": filters,
        "columns": column_choices(source),
        "life": timeline(source, key, see_hidden=see_hidden) if key else None,
        "asked": asked,
        "keep": [("row", asked)] if asked else [],
        "purged": snapshot.seq is not None and snapshot.seq <= source.min_seq,
        "events": _events(snapshot),
    }
    if snapshot.status == Snapshot.Status.HELD:
        context |= {
            "preview": held_decision.preview(snapshot),
            "most_kept": ingest.shown_of_each(snapshot),
            "may_decide": request.user.has_perm("snapshots.publish_held"),
            "collect_url": collect_url(request.user),
        }
    return TemplateResponse(request, "snapshots/snapshot.html", context)


def _events(snapshot: Snapshot) -> list[tuple[history.Event, int]]:
    """What happened with a published snapshot, and how often; nothing with the first one, whose rows are all new."""
    if snapshot.seq is None or snapshot.seq <= max(snapshot.source.min_seq, 1):
        return []
    events = history.events_of(snapshot.source)
    counts = history.event_counts(snapshot, events) if events else {}
    return [(event, counts[event.name]) for event in events]


@require_GET
def listing_page(request: HttpRequest, site: AdminSite, pk: str) -> HttpResponse:
    """The rows of a snapshot."""
    may_view(request)
    snapshot = _snapshot(pk)
    filters = Filters.read(request.GET, snapshot.source, see_hidden=hidden_persons.may_see(request.user))
    context = {**_frame(request, site, snapshot), "title": _("The listing as it was"), "filters": filters}
    try:
        context["page"] = rows_page(snapshot, filters)
    except (Corrupt, Purged) as error:
        context["unreadable"] = (
            _("This listing is older than what is kept.")
            if isinstance(error, Purged)
            else _("What was rebuilt does not agree with what was published. Nothing is shown; tell IT.")
        )
    else:
        if request.GET.get(FORMAT) == CSV:
            return rows_csv(snapshot.source, context["page"])
    return TemplateResponse(request, "snapshots/listing.html", context)


class _CompareForm(forms.Form):
    """The query string of a comparison: two snapshots, and the source for which they are chosen."""

    source = forms.CharField(required=False)
    a = forms.IntegerField(required=False)
    b = forms.IntegerField(required=False)


@require_GET
def compare_page(request: HttpRequest, site: AdminSite) -> HttpResponse:
    may_view(request)
    form = _CompareForm(request.GET)
    form.full_clean()
    chosen = form.cleaned_data
    source = _chosen_source(chosen)
    see_hidden = hidden_persons.may_see(request.user)
    filters = Filters.read(request.GET, source, see_hidden=see_hidden) if source else Filters()
    context: dict[str, Any] = {
        **site.each_context(request),
        "title": _("Compare listings"),
        "source": source,
        **(_words(source) if source else {}),
        "sources": Source.objects.order_by("pk"),
        "filters": filters,
        "columns": column_choices(source) if source else [],
    }
    if source is None:
        return TemplateResponse(request, "snapshots/compare.html", context)
    kept = list(Snapshot.objects.filter(source=source, seq__gte=max(source.min_seq, 1)).order_by("-seq")[:90])
    by_pk: dict[Any, Snapshot] = {item.pk: item for item in kept}
    b = by_pk.get(chosen.get("b")) or (kept[0] if kept else None)
    a = by_pk.get(chosen.get("a")) or (kept[1] if len(kept) > 1 else b)
    context |= {"kept": kept, "a": a, "b": b}
    if a is not None and b is not None:
        page = compared(a, b, filters)
        if request.GET.get(FORMAT) == CSV:
            return changes_csv(source, page)
        context |= {
            "page": page,
            "same": max(0, b.rows - page.counts["added"] - page.counts["changed"]),
            "keep": [("source", source.name), ("a", str(a.pk)), ("b", str(b.pk))],
            "days": abs((b.business_date - a.business_date).days),
        }
    return TemplateResponse(request, "snapshots/compare.html", context)


def _chosen_source(chosen: Mapping[str, Any]) -> Source | None:
    """That of a chosen snapshot, unless another one is named; else the named one, else the first."""
    name = chosen.get("source") or ""
    for pk in (chosen.get("b"), chosen.get("a")):
        found = Source.objects.filter(snapshots__pk=pk).first() if pk is not None else None
        if found and name in ("", found.name):
            return found
    return Source.objects.filter(name=name).first() or Source.objects.order_by("pk").first()


@require_GET
def row_page(request: HttpRequest, site: AdminSite, source: str, key: str) -> HttpResponse:
    """The history of one row, and its current or last values."""
    may_view(request)
    found = get_object_or_404(Source, name=source)
    life = timeline(found, key, see_hidden=hidden_persons.may_see(request.user))
    if life is None:
        raise Http404
    context = {
        **site.each_context(request),
        # Titles are kept in the browser's history: no name.
        "title": _("History of a row"),
        "source": found,
        "life": life,
    }
    return TemplateResponse(request, "snapshots/row.html", context)


@require_POST
def decide(request: HttpRequest, pk: str) -> HttpResponse:
    """Publishes or rejects a held snapshot; the permission is checked by `held_decision`."""
    snapshot = _snapshot(pk)
    user, reason = request.user, request.POST.get("reason", "")
    act = held_decision.publish_held if request.POST.get("verb") == "publish" else held_decision.reject_held
    try:
        done = act(snapshot, user, reason)  # type: ignore[arg-type]  # staff are logged in: never AnonymousUser
    except ReasonMissing:
        messages.error(request, _("Nothing was decided: say why, in a few words."))
    except AlreadySettled:
        messages.warning(request, _("Somebody, or a later collection, had already settled it."))
    except Outdated:
        messages.warning(
            request, _("Nothing was published: a later listing is in force. This one can only be rejected.")
        )
    else:
        if done.status == Snapshot.Status.REJECTED:
            messages.success(request, _("Rejected. The listing in force stays as it was."))
        else:
            messages.success(request, _("Published. From now on it is the listing in force."))
    return redirect("admin:snapshots_snapshot_change", snapshot.pk)


def _snapshot(pk: str | int) -> Snapshot:
    found = Snapshot.objects.select_related("source", "override_by")
    return get_object_or_404(found, pk=number_or_404(str(pk)))


def _frame(request: HttpRequest, site: AdminSite, snapshot: Snapshot) -> dict[str, Any]:
    try:
        run_url = reverse("admin:pipeline_jobrun_change", args=[snapshot.run_id]) if snapshot.run_id else ""
    except NoReverseMatch:
        run_url = ""
    return {
        **site.each_context(request),
        "snapshot": snapshot,
        "source": snapshot.source,
        **_words(snapshot.source),
        "chip": status_chip(snapshot),
        "run_url": run_url,
    }


def _words(source: Source) -> dict[str, str]:
    """The source's names of its room and name columns."""
    return {
        "room_word": field_label(source, source.room_column) if source.room_column else "",
        "name_word": field_label(source, source.label_column) if source.label_column else "",
    }
