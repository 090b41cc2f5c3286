"""The menu, by task and not by table. It has only pages that the user may open."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise, cached_property
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from matching.presentation import waiting_words


@dataclass(frozen=True)
class Entry:
    """A page of the menu. `tab` is its short name in the tab bar of phones, if it may stand there; `count` runs on
    every page: keep it cheap."""

    label: str | Promise
    icon: str
    page: str
    permission: str = ""
    tab: str | Promise = ""
    count: Callable[[], str] | None = None


@dataclass(frozen=True)
class Section:
    label: str | Promise
    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class Item:
    """An entry as one user sees it on one page."""

    label: str | Promise
    icon: str
    url: str
    current: bool
    counter: Callable[[], str] | None
    short: str | Promise

    @cached_property
    def count(self) -> str:
        """Counted only if the page shows the menu, which the review card does not; "" for none."""
        return self.counter() if self.counter else ""


@dataclass(frozen=True)
class ShownSection:
    label: str | Promise
    items: tuple[Item, ...]


# The tab bar has room for so many pages beside "Menu".
TABS = 4


MENU = (
    Section(
        _("Front desk"),
        (
            Entry(_("Dashboard"), "home", "admin:index", tab=_("Dashboard")),
            Entry(
                _("Review"),
                "queue",
                "admin:matching_matchsuggestion_review",
                "matching.decide_suggestion",
                tab=_("Review"),
                count=waiting_words,
            ),
            Entry(
                _("Suggestions"),
                "link",
                "admin:matching_matchsuggestion_changelist",
                "matching.view_matchsuggestion",
            ),
            Entry(_("Alerts"), "bell", "admin:matching_alert_changelist", "matching.view_alert"),
            Entry(_("Rooms"), "bed", "admin:rooms", "snapshots.view_snapshot", tab=_("Rooms")),
            Entry(
                _("Shift handover"),
                "hand",
                "admin:handover",
                "matching.view_matchsuggestion",
                tab=pgettext_lazy("tab", "Handover"),
            ),
        ),
    ),
    Section(
        _("Data"),
        (
            Entry(_("Import"), "upload", "admin:import", "pipeline.import_files"),
            Entry(_("Sources"), "inbox", "admin:sources", "pipeline.import_files"),
            Entry(_("Room directory"), "door", "admin:room_directory", "matching.view_matchsuggestion"),
            Entry(
                _("Snapshots"),
                "layers",
                "admin:snapshots_snapshot_changelist",
                "snapshots.view_snapshot",
            ),
            Entry(_("Compare"), "diff", "admin:snapshots_compare", "snapshots.view_snapshot"),
            Entry(_("Guard limits"), "rule", "admin:snapshots_source_changelist", "snapshots.change_source"),
        ),
    ),
    Section(
        _("Operation"),
        (
            Entry(_("Runs"), "run", "admin:pipeline_jobrun_changelist", "pipeline.view_jobrun", tab=_("Runs")),
            Entry(_("Management"), "chart", "admin:manager", "matching.view_decision"),
            Entry(_("Audit"), "sheet", "admin:audit", "matching.view_decision"),
            Entry(_("Requests of data subjects"), "shield", "admin:data_requests", "pipeline.handle_data_requests"),
            Entry(_("People"), "lock", "admin:auth_user_changelist", "auth.view_user"),
            Entry(
                _("Matching models"), "branch", "admin:matching_modelversion_changelist", "matching.view_modelversion"
            ),
        ),
    ),
)


def tabs_of(sections: Iterable[ShownSection]) -> list[Item]:
    """The pages of the tab bar, in the order of the menu."""
    return [item for section in sections for item in section.items if item.short][:TABS]


def menu_for(request: HttpRequest) -> list[ShownSection]:
    """The sections with at least one page that the user may open."""
    pages = {entry.page: reverse(entry.page) for section in MENU for entry in section.entries}
    current = _current(request.path, pages.values())
    sections = []
    for section in MENU:
        seen = [entry for entry in section.entries if not entry.permission or request.user.has_perm(entry.permission)]
        if seen:
            items = (_item(entry, pages[entry.page], current) for entry in seen)
            sections.append(ShownSection(section.label, tuple(items)))
    return sections


def _current(path: str, urls: Iterable[str]) -> str:
    """The URL of the menu that is the longest prefix of `path`; the dashboard only for its own path."""
    dashboard = reverse("admin:index")
    return max((url for url in urls if path == url or (url != dashboard and path.startswith(url))), key=len, default="")


def _item(entry: Entry, url: str, current: str) -> Item:
    return Item(entry.label, entry.icon, url, url == current, entry.count, entry.tab)
