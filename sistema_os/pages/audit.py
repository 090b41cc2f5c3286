"""Who did what, when, and what it was before: one page over what every app keeps of people's deeds. Reading only."""

import heapq
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from django.contrib.admin import AdminSite
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from matching.reports import AuditLine, AuditQuery, midnight
from sistema_os.pages.audit_sources import PERMISSION, SOURCES, Source, name_of

PER_PAGE: Final = 50
LONGEST_ORDER: Final = 30


@require_GET
def page(request: HttpRequest, site: AdminSite) -> HttpResponse:
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied
    wanted = _Wanted.of(request)
    lines = _lines(request, wanted)
    shown = lines[:PER_PAGE]
    context = site.each_context(request) | {
        "title": _("Audit"),
        "asked": wanted,
        "lines": shown,
        "kinds": [(name, source.label) for name, source in _sources(request).items()],
        "people": _people(),
        "older": _older(wanted, shown) if len(lines) > PER_PAGE else "",
        "newest": wanted.url() if wanted.until is not None else "",
        "narrowed": wanted.narrowed,
    }
    return TemplateResponse(request, "sistema_os/audit.html", context)


@dataclass(frozen=True)
class _Wanted:
    """The address, read with care: whatever makes no sense is as if it were not there. `skip` lines of the moment
    `until` stand on the page before."""

    kind: str = ""
    user: int | None = None
    day: date | None = None
    order: str = ""
    batch: UUID | None = None
    until: datetime | None = None
    skip: int = 0

    @classmethod
    def of(cls, request: HttpRequest) -> "_Wanted":
        said = {name: str(value).replace("\x00", "").strip()[:60] for name, value in request.GET.items()}
        return cls(
            kind=said.get("kind", "") if said.get("kind") in SOURCES else "",
            user=_number(said.get("user", "")) or None,
            day=_read(parse_date, said.get("day", "")),
            order=said.get("order", "").removeprefix("OS").strip()[:LONGEST_ORDER],
            batch=_read(UUID, said.get("batch", "")),
            until=_aware(_read(parse_datetime, said.get("until", ""))),
            skip=min(_number(said.get("skip", "")), 10 * PER_PAGE),
        )

    @property
    def narrowed(self) -> bool:
        return bool(self.kind or self.user or self.day or self.order or self.batch)

    def url(self, **more: str) -> str:
        parts = {"kind": self.kind, "user": self.user, "day": self.day, "order": self.order, "batch": self.batch}
        said = {name: str(value) for name, value in parts.items() if value}
        return f"{reverse('admin:audit')}?{urlencode(said | more)}"

    def asked(self) -> AuditQuery:
        ends = [end for end in (self.until, _last_moment(self.day)) if end is not None]
        return AuditQuery(
            until=min(ends, default=timezone.now()),
            most=PER_PAGE + 1 + self.skip,
            since=midnight(self.day) if self.day else None,
            user=self.user,
            order=self.order,
            batch=self.batch,
        )


def _last_moment(day: date | None) -> datetime | None:
    return midnight(day + timedelta(days=1)) - timedelta(microseconds=1) if day else None


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _read(reader: Callable[[str], Any], text: str) -> Any:
    try:
        return reader(text) if text else None
    except ValueError:
        return None


def _aware(moment: datetime | None) -> datetime | None:
    return timezone.make_aware(moment) if moment is not None and timezone.is_naive(moment) else moment


def _sources(request: HttpRequest) -> dict[str, Source]:
    return {name: source for name, source in SOURCES.items() if request.user.has_perm(source.needs)}


def _lines(request: HttpRequest, wanted: _Wanted) -> list[AuditLine]:
    """One page and one line more, of all sources in the order of time."""
    asked, chosen = wanted.asked(), _sources(request)
    if wanted.kind:
        chosen = {name: source for name, source in chosen.items() if name == wanted.kind}
    if asked.order or asked.batch:
        chosen = {name: source for name, source in chosen.items() if source.of_orders}
    merged = heapq.merge(*(source.lines(asked) for source in chosen.values()), key=lambda line: line.at, reverse=True)
    told = list(islice(merged, asked.most))
    return told[wanted.skip :] if _same(told, asked.until) >= wanted.skip else told


def _same(lines: Iterable[AuditLine], moment: datetime) -> int:
    return sum(line.at == moment for line in lines)


def _older(wanted: _Wanted, shown: list[AuditLine]) -> str:
    last = shown[-1].at
    skip = _same(shown, last) + (wanted.skip if last == wanted.until else 0)
    return wanted.url(until=last.isoformat(), skip=str(skip))


def _people() -> list[tuple[int, str]]:
    return [(user.pk, name_of(user)) for user in User.objects.filter(is_staff=True).order_by("first_name", "username")]
