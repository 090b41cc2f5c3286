"""The audit: who did what, when, and what the state was before, from the records of all apps. Read only."""

import heapq
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from django import forms
from django.contrib.admin import AdminSite
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.utils.translation import pgettext_lazy as _p
from django.views.decorators.http import require_GET

from matching.models import AuditAction, record_audit
from matching.reports import AuditLine, AuditQuery, decision_lines, entry_lines, midnight
from pipeline.models import AccessEntry, CancelRequest, Erasure, JobRun, SignIn
from sistema_os.admin_base import CSV, FORMAT, CsvColumn, csv_response
from sistema_os.masking import masked_phones, without_documents
from snapshots.models import Snapshot

PERMISSION: Final = "matching.view_decision"
SEES_ADMIN: Final = "auth.view_user"
PROTECTS_DATA: Final = "pipeline.handle_data_requests"
# Read for themselves only: there are far more of them than of deeds.
_ONLY_IF_CHOSEN: Final = frozenset({"reads", "sign_ins"})

_BULK: Final = (AuditAction.BULK, AuditAction.BULK_UNDO)
_ROOMS: Final = (AuditAction.ALIAS, AuditAction.ALIAS_DROP, AuditAction.ORDER_ROOM, AuditAction.ROOM)
_MARKS: Final = (AuditAction.FLAG, AuditAction.UNFLAG)


def name_of(user: Any) -> str:
    return str(user.get_full_name() or user.get_username()) if user is not None else "—"


@dataclass(frozen=True)
class Feed:
    """One kind of line. `needs` is a permission besides PERMISSION; only feeds `of_orders` can be filtered by order or
    batch."""

    label: str | Promise
    lines: Callable[[AuditQuery], list[AuditLine]]
    needs: str = PERMISSION
    of_orders: bool = False


def _overrides(asked: AuditQuery) -> list[AuditLine]:
    rows = asked.of(Snapshot.objects.filter(override_at__isnull=False), "override_at").select_related("source")
    if asked.user is not None:
        rows = rows.filter(override_by=asked.user)
    return [
        AuditLine(
            snapshot.override_at,
            name_of(snapshot.override_by),
            _("Held listing decided"),
            str(snapshot),
            reverse("admin:snapshots_snapshot_change", args=[snapshot.pk]),
            Snapshot.Status.HELD.label,
            snapshot.get_status_display(),
            snapshot.override_reason,
        )
        for snapshot in rows.select_related("override_by")[: asked.most]
    ]


def _runs(asked: AuditQuery) -> list[AuditLine]:
    rows = asked.of(JobRun.objects.filter(user__isnull=False), "queued_at").select_related("user")
    if asked.user is not None:
        rows = rows.filter(user=asked.user)
    rows = rows.defer("checkpoint", "blocked_stack", "summary")
    return [_run(run, run.queued_at, run.user, _("Run asked for")) for run in rows[: asked.most]]


def _cancels(asked: AuditQuery) -> list[AuditLine]:
    rows = asked.of(CancelRequest.objects.filter(user__isnull=False), "at")
    if asked.user is not None:
        rows = rows.filter(user=asked.user)
    rows = rows.select_related("user", "run")
    return [_run(row.run, row.at, row.user, _("Run cancelled")) for row in rows[: asked.most]]


def _run(run: JobRun, at: datetime, user: Any, what: str) -> AuditLine:
    url = reverse("admin:pipeline_jobrun_change", args=[run.pk])
    return AuditLine(at, name_of(user), what, str(run), url, "", run.get_state_display(), "")


def _changes(asked: AuditQuery) -> list[AuditLine]:
    """Changes in the stock admin: users, groups, thresholds. Decisions are left out, they have a feed of their own."""
    others = LogEntry.objects.exclude(content_type__app_label="matching")
    rows = asked.of(others, "action_time").select_related("user", "content_type")
    if asked.user is not None:
        rows = rows.filter(user=asked.user)
    return [
        AuditLine(
            entry.action_time,
            name_of(entry.user),
            entry.get_action_flag_display(),
            f"{entry.content_type.name}: {entry.object_repr}" if entry.content_type else entry.object_repr,
            "",
            "",
            "",
            entry.get_change_message(),
        )
        for entry in rows[: asked.most]
    ]


def _erasures(asked: AuditQuery) -> list[AuditLine]:
    """Erasures by command, without names; the person who asked is a text, so a user filter leaves them out."""
    if asked.user is not None:
        return []
    rows = asked.of(Erasure.objects.all(), "at")[: asked.most]
    return [AuditLine(row.at, row.by, _("Guest erased"), str(row), "", "", "", row.reason) for row in rows]


def _reads(asked: AuditQuery) -> list[AuditLine]:
    rows = asked.of(AccessEntry.objects.all(), "at").select_related("user")
    if asked.user is not None:
        rows = rows.filter(user=asked.user)
    return [
        AuditLine(entry.at, name_of(entry.user), _("Looked at"), str(entry), "", "", "", "")
        for entry in rows[: asked.most]
    ]


def _sign_ins(asked: AuditQuery) -> list[AuditLine]:
    rows = asked.of(SignIn.objects.all(), "at").select_related("user")
    if asked.user is not None:
        rows = rows.filter(user=asked.user)
    return [
        AuditLine(entry.at, name_of(entry.user), entry.get_result_display(), entry.address or "—", "", "", "", "")
        for entry in rows[: asked.most]
    ]


FEEDS: Final[dict[str, Feed]] = {
    "decisions": Feed(_lazy("Decisions"), decision_lines, of_orders=True),
    "bulk": Feed(_lazy("Batches"), lambda asked: entry_lines(asked, _BULK), of_orders=True),
    "marks": Feed(_lazy("Marks"), lambda asked: entry_lines(asked, _MARKS), of_orders=True),
    "alerts": Feed(_p("audit", "Alerts"), lambda asked: entry_lines(asked, [AuditAction.SETTLE])),
    "rooms": Feed(_lazy("Room directory"), lambda asked: entry_lines(asked, _ROOMS)),
    "exports": Feed(_lazy("Exports"), lambda asked: entry_lines(asked, [AuditAction.EXPORT])),
    "overrides": Feed(_lazy("Held listings"), _overrides, "snapshots.view_snapshot"),
    "runs": Feed(_p("audit", "Runs"), _runs, "pipeline.view_jobrun"),
    "cancels": Feed(_lazy("Cancelled runs"), _cancels, "pipeline.view_jobrun"),
    "requests": Feed(
        _lazy("Requests of data subjects"), lambda asked: entry_lines(asked, [AuditAction.REQUEST]), PROTECTS_DATA
    ),
    "erasures": Feed(_lazy("Erasures of guests"), _erasures, PROTECTS_DATA),
    "reads": Feed(_lazy("Who looked"), _reads, PROTECTS_DATA),
    "sign_ins": Feed(_lazy("Sign-ins"), _sign_ins, PROTECTS_DATA),
    "admin": Feed(_lazy("Users and settings"), _changes, SEES_ADMIN),
}


PER_PAGE: Final = 50
LONGEST_ORDER: Final = 30
EXPORTED_AT_ONCE: Final = 1_000
_COLUMNS: Final = (
    CsvColumn(_lazy("When"), lambda line: date_format(timezone.localtime(line.at), "SHORT_DATETIME_FORMAT")),
    CsvColumn(_lazy("Who"), lambda line: line.who),
    CsvColumn(_lazy("What"), lambda line: line.what),
    CsvColumn(_lazy("On what"), lambda line: line.subject),
    CsvColumn(_lazy("Before"), lambda line: line.before),
    CsvColumn(_lazy("After"), lambda line: line.after),
    CsvColumn(_lazy("Note"), lambda line: masked_phones(without_documents(line.text))),
)


class _QueryForm(forms.Form):
    """The query string; invalid values count as none. `skip` lines of the moment `until` are on the page before."""

    kind = forms.ChoiceField(choices=[(name, name) for name in FEEDS], required=False)
    user = forms.IntegerField(min_value=1, max_value=10**9, required=False)
    day = forms.DateField(input_formats=["%Y-%m-%d"], required=False)
    order = forms.CharField(required=False)
    batch = forms.UUIDField(required=False)
    until = forms.DateTimeField(required=False)
    skip = forms.IntegerField(min_value=0, required=False)

    def clean_order(self) -> str:
        return str(self.cleaned_data["order"]).removeprefix("OS").strip()[:LONGEST_ORDER]


@dataclass(frozen=True)
class _Wanted:
    kind: str = ""
    user: int | None = None
    day: date | None = None
    order: str = ""
    batch: UUID | None = None
    until: datetime | None = None
    skip: int = 0
    # Lines of a page.
    size: int = PER_PAGE

    @classmethod
    def read(cls, query: Mapping[str, str]) -> "_Wanted":
        form = _QueryForm(query)
        form.full_clean()
        return cls(**{name: value for name, value in form.cleaned_data.items() if value})

    @property
    def narrowed(self) -> bool:
        return bool(self.kind or self.user or self.day or self.order or self.batch)

    def url(self, **more: str) -> str:
        parts = {"kind": self.kind, "user": self.user, "day": self.day, "order": self.order, "batch": self.batch}
        given = {name: str(value) for name, value in parts.items() if value}
        return f"{reverse('admin:audit')}?{urlencode(given | more)}"

    def page_url(self) -> str:
        return self.url(until=self.until.isoformat(), skip=str(self.skip)) if self.until else self.url()

    def asked(self) -> AuditQuery:
        until = self.until or timezone.now()
        if self.day:
            until = min(until, midnight(self.day + timedelta(days=1)) - timedelta(microseconds=1))
        return AuditQuery(
            until=until,
            most=self.size + 1 + min(self.skip, 10 * self.size),
            since=midnight(self.day) if self.day else None,
            user=self.user,
            order=self.order,
            batch=self.batch,
        )


@require_GET
def page(request: HttpRequest, site: AdminSite) -> HttpResponse:
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied
    wanted = _Wanted.read(request.GET)
    feeds = {name: feed for name, feed in FEEDS.items() if request.user.has_perm(feed.needs)}
    if request.GET.get(FORMAT) == CSV:
        record_audit(request.user, AuditAction.EXPORT, filters={"kind": wanted.kind} if wanted.kind else {})
        return csv_response("auditoria", _COLUMNS, _every_line(feeds, replace(wanted, size=EXPORTED_AT_ONCE)))
    shown, next_page = _page(feeds, wanted)
    older = next_page.page_url() if next_page else ""
    staff = User.objects.filter(is_staff=True).order_by("first_name", "username")
    context = site.each_context(request) | {
        "title": _("Audit"),
        "asked": wanted,
        "lines": shown,
        "kinds": [(name, feed.label) for name, feed in feeds.items()],
        "people": [(user.pk, name_of(user)) for user in staff],
        "csv_url": wanted.url(**{FORMAT: CSV}),
        "older": older,
        "newest": wanted.url() if wanted.until is not None else "",
        "narrowed": wanted.narrowed,
    }
    return TemplateResponse(request, "sistema_os/audit.html", context)


def _page(feeds: Mapping[str, Feed], wanted: _Wanted) -> tuple[list[AuditLine], _Wanted | None]:
    """The lines, and what the page of older ones wants, if there are any."""
    lines = _lines(feeds, wanted)
    shown = lines[: wanted.size]
    if len(lines) <= wanted.size:
        return shown, None
    last = shown[-1].at
    skip = _lines_at(last, shown) + (wanted.skip if last == wanted.until else 0)
    return shown, replace(wanted, until=last, skip=skip)


def _every_line(feeds: Mapping[str, Feed], wanted: _Wanted) -> Iterator[AuditLine]:
    older: _Wanted | None = wanted
    while older is not None:
        shown, older = _page(feeds, older)
        yield from shown


def _lines(feeds: Mapping[str, Feed], wanted: _Wanted) -> list[AuditLine]:
    """One page and one line more, newest first, merged from all feeds that the filters leave."""
    asked = wanted.asked()
    chosen = [
        feed
        for name, feed in feeds.items()
        if (wanted.kind == name or (not wanted.kind and name not in _ONLY_IF_CHOSEN))
        and (feed.of_orders or not (asked.order or asked.batch))
    ]
    merged = heapq.merge(*(feed.lines(asked) for feed in chosen), key=lambda line: line.at, reverse=True)
    lines = list(islice(merged, asked.most))
    skip = asked.most - wanted.size - 1
    # Fewer lines at that moment than the address says: the page before is gone, nothing is skipped.
    return lines[skip:] if _lines_at(asked.until, lines) >= skip else lines


def _lines_at(moment: datetime, lines: Iterable[AuditLine]) -> int:
    return sum(line.at == moment for line in lines)
