"""The menu by job: what staff do, not what tables there are. Shows a person only what that person may open."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

User = AbstractBaseUser | AnonymousUser


@dataclass(frozen=True)
class Entry:
    """A page of the menu: `query` narrows a list, `in_tabs` puts it into the phone's bar too."""

    label: str | Promise
    icon: str
    page: str
    permission: str = ""
    query: str = ""
    in_tabs: bool = False
    count: Callable[[], int] | None = None


@dataclass(frozen=True)
class Section:
    label: str | Promise
    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class Item:
    """An entry as one person sees it now."""

    label: str | Promise
    icon: str
    url: str
    current: bool
    count: int
    in_tabs: bool


@dataclass(frozen=True)
class ShownSection:
    label: str | Promise
    items: tuple[Item, ...]


MENU = (
    Section(
        _("Front desk"),
        (
            Entry(_("Dashboard"), "home", "admin:index", in_tabs=True),
            Entry(
                _("Suggestions"),
                "link",
                "admin:matching_matchsuggestion_changelist",
                "matching.view_matchsuggestion",
                in_tabs=True,
            ),
            Entry(_("Alerts"), "bell", "admin:matching_alert_changelist", "matching.view_alert"),
        ),
    ),
    Section(
        _("Data"),
        (
            Entry(
                _("Snapshots"),
                "layers",
                "admin:snapshots_snapshot_changelist",
                "snapshots.view_snapshot",
                in_tabs=True,
            ),
        ),
    ),
    Section(
        _("Operation"),
        (Entry(_("Runs"), "run", "admin:pipeline_jobrun_changelist", "pipeline.view_jobrun", in_tabs=True),),
    ),
)


def menu_for(request: HttpRequest) -> list[ShownSection]:
    """The sections with at least one page that the request's user may open."""
    sections = (ShownSection(section.label, tuple(_items(request, section.entries))) for section in MENU)
    return [section for section in sections if section.items]


def _items(request: HttpRequest, entries: Iterable[Entry]) -> Iterable[Item]:
    for entry in entries:
        if entry.permission and not request.user.has_perm(entry.permission):
            continue
        try:
            url = reverse(entry.page)
        except NoReverseMatch:
            continue
        yield Item(
            entry.label,
            entry.icon,
            url + entry.query,
            _is_current(request, url),
            entry.count() if entry.count else 0,
            entry.in_tabs,
        )


def _is_current(request: HttpRequest, url: str) -> bool:
    return request.path == url or (url != reverse("admin:index") and request.path.startswith(url))
