"""The page Sources: what arrived, what is held, the recipes, and the ways by which files arrive."""

import json
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from statistics import median
from typing import Any, Final

from django.conf import settings
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.contrib.auth.models import AnonymousUser, User
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext

from matching.models import MatchSuggestion
from pipeline import feed_report
from pipeline.business_date import current_business_date
from pipeline.hotel.stays import SOURCE
from pipeline.imports import recipes, service
from pipeline.imports.labels import FIELDS, kind_words, scope_words
from pipeline.imports.pages import PERMISSION
from pipeline.imports.questions import SCOPE, option
from pipeline.intake.columns import recognise
from pipeline.intake.date_order import QUESTION as DATE_ORDER
from pipeline.intake.words import KINDS
from pipeline.labels import duration
from pipeline.models import ImportedFile, ImportRecipe, ImportSession, JobRun, State
from pipeline.queue import next_start
from pipeline.run_page import MAIN_JOB
from sistema_os.admin_base import number_or_404
from snapshots.models import Snapshot

RECEIVING: Final = "receber_arquivos"
DAYS: Final = 14
_LATE_AFTER: Final = timedelta(minutes=40)
_MOST_FILES: Final = 12
_MOST_BYTES: Final = 200_000
_CAME: Final = (ImportedFile.State.IMPORTED, ImportedFile.State.SAME)
_WAITING: Final = (ImportedFile.State.ASKING, ImportedFile.State.HELD, ImportedFile.State.READY)
_RECEIVED: Final = (ImportedFile.Origin.FOLDER, ImportedFile.Origin.ADDRESS, ImportedFile.Origin.MAILBOX)
_TITLES: Final[dict[str, str | Promise]] = {
    "stays": gettext_lazy("Guest list"),
    "orders": gettext_lazy("Service orders"),
}


@dataclass(frozen=True)
class Bar:
    """One of the last 14 days. `css` is a class of the strip."""

    day: date
    css: str
    word: str


@dataclass(frozen=True)
class SourceHealth:
    """One kind of list: a sentence of health, its last file, and the last 14 days since its first one."""

    title: str | Promise
    chip: str
    word: str
    sentence: str
    last: ImportedFile | None
    age: str
    typical: time | None
    bars: tuple[Bar, ...]
    received: int


def page(request: HttpRequest, site: AdminSite) -> HttpResponse:
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied
    if request.method == "POST":
        return _act(request)
    service.forget_expired()
    newest = ImportedFile.objects.exclude(state=ImportedFile.State.DISCARDED).select_related("session", "recipe")
    context = site.each_context(request) | {
        "title": _("Sources"),
        "sources": sources(),
        "waiting": waiting(),
        "feed_findings": feed_report.latest.findings(),
        "files": [(file, kind_words(file), _chip(file)) for file in newest[:_MOST_FILES]],
        "recipes": [_shown_recipe(recipe) for recipe in ImportRecipe.objects.all()],
        "ways": _ways(),
        "looked": JobRun.objects.of(RECEIVING).reached_the_end().first(),
        "may_run": request.user.has_perm("pipeline.run_job"),
    }
    return TemplateResponse(request, "pipeline/imports/sources.html", context)


def sources() -> list[SourceHealth]:
    return [_health(kind) for kind in _TITLES]


def waiting() -> QuerySet[ImportedFile]:
    """Received files that wait for an answer or a decision."""
    received = ImportedFile.objects.filter(session__state=ImportSession.State.OPEN, origin__in=_RECEIVED)
    return received.filter(state__in=_WAITING).select_related("session")


def _health(kind: str) -> SourceHealth:
    today = current_business_date()
    since = timezone.now() - timedelta(days=DAYS + 1)
    files = list(ImportedFile.objects.filter(kind=kind, at__gte=since).order_by("at"))
    came = [file for file in files if file.state in _CAME]
    older = ImportedFile.objects.filter(kind=kind, state__in=_CAME).select_related("recipe").first()
    last = came[-1] if came else older
    typical = _typical(came)
    first = ImportedFile.objects.filter(kind=kind).order_by("at").values_list("at", flat=True).first()
    days = [today - timedelta(days=n) for n in reversed(range(DAYS))]
    # Nothing was expected before the first file.
    bars = tuple(_bar(day, files, typical) for day in days if first and day >= timezone.localtime(first).date())
    held = waiting().filter(kind=kind).exists()
    chip, word, sentence = _state(last, typical, held, bars)
    age = duration(timezone.now() - last.at) if last else ""
    return SourceHealth(_TITLES[kind], chip, word, sentence, last, age, typical, bars, len(came))


def _typical(came: list[ImportedFile]) -> time | None:
    """The usual time of day, after three files."""
    minutes = [(local := timezone.localtime(file.at)).hour * 60 + local.minute for file in came]
    if len(minutes) < 3:
        return None
    usual = int(median(minutes))
    return time(usual // 60, usual % 60)


def _bar(day: date, files: list[ImportedFile], typical: time | None) -> Bar:
    own = [file for file in files if timezone.localtime(file.at).date() == day]
    came = [file for file in own if file.state in _CAME]
    if came:
        first = timezone.localtime(came[0].at)
        if typical and first - _at(day, typical) > _LATE_AFTER:
            return Bar(day, "s-warn", _("late"))
        return Bar(day, "s-ok", _("arrived"))
    if own:
        return Bar(day, "s-hold", _("was held"))
    return Bar(day, "s-bad", _("did not arrive"))


def _at(day: date, clock: time) -> datetime:
    return timezone.make_aware(datetime.combine(day, clock))


def _state(last: ImportedFile | None, typical: time | None, held: bool, bars: tuple[Bar, ...]) -> tuple[str, str, str]:
    if held:
        return "chip-hold", pgettext("file", "held"), _("The newest file is held. The one before it is in force.")
    if last is None:
        return "chip-wait", _("no file"), _("No file has arrived yet.")
    arrived = sum(bar.css in ("s-ok", "s-warn") for bar in bars)
    days = ngettext(
        "It arrived on %(count)d of the last 14 days.", "It arrived on %(count)d of the last 14 days.", arrived
    )
    sentence = days % {"count": arrived}
    today = current_business_date()
    if timezone.localtime(last.at).date() == today:
        return "chip-ok", _("up to date"), sentence + " " + _("Today's is in.")
    late = typical is None or timezone.now() - _at(today, typical) > _LATE_AFTER
    if today - timezone.localtime(last.at).date() > timedelta(days=1):
        return "chip-bad", _("old"), sentence + " " + _("The last one is more than a day old.")
    if late:
        return "chip-warn", _("late"), sentence + " " + _("Today's has not arrived yet.")
    return "chip-ok", _("up to date"), sentence + " " + _("Today's is still to come.")


def _chip(file: ImportedFile) -> str:
    chips = {"imported": "chip-ok", "same": "chip-off", "refused": "chip-bad"}
    return chips.get(file.state, "chip-hold")


def _ways() -> list[tuple[str, bool]]:
    """The ways of receiving, and whether each is set up. Addresses and passwords are never shown."""
    return [
        (_("Server folder"), bool(settings.IMPORT_WATCH_FOLDERS)),
        (_("Published sheet"), bool(settings.IMPORT_SHEETS)),
        (_("E-mail"), bool(settings.IMPORT_MAILBOX)),
    ]


def _shown_recipe(recipe: ImportRecipe) -> dict[str, Any]:
    """What the recipe reads and what it answers, in the words of step 2."""
    kind = next(one for one in KINDS if one == recipe.kind)
    labels = dict(FIELDS[kind])
    fields = {
        header: recipe.columns.get(header, found[0] if (found := recognise(header, kind)) else "")
        for header in recipe.headers
        if header
    }
    return {
        "recipe": recipe,
        "scope": scope_words(recipe.scope) or _("orders"),
        "columns": [(header, labels[field]) for header, field in fields.items() if field in labels],
        "answers": [
            (_("Dates") if name == DATE_ORDER else name.partition(":")[2], option(value).label)
            for name, value in recipe.answers.items()
            if name != SCOPE
        ],
    }


def _act(request: HttpRequest) -> HttpResponseRedirect:
    if request.FILES.get("recipe"):
        _bring(request)
    elif key := request.POST.get("forget"):
        ImportRecipe.objects.filter(pk=number_or_404(key)).delete()
        messages.success(request, _("The recipe was deleted. The next file of its layout asks again."))
    elif key := request.POST.get("discard"):
        for file in waiting():
            if str(file.pk) == key:
                service.discard(file.session)
                messages.success(request, _("The files were discarded. Nothing was written."))
    return HttpResponseRedirect(reverse("admin:sources"))


def _bring(request: HttpRequest) -> None:
    sent = request.FILES.get("recipe")
    try:
        if not isinstance(sent, UploadedFile) or not sent.size or sent.size > _MOST_BYTES:
            raise recipes.InvalidRecipe(_("The recipe is damaged: export it again and send the whole file."))
        brought = recipes.bring(json.loads(sent.read()))
    except recipes.InvalidRecipe as refused:
        messages.error(request, str(refused))
    except ValueError:
        messages.error(request, _("The recipe is damaged: export it again and send the whole file."))
    else:
        messages.success(request, _("The recipe “%(name)s” is here.") % {"name": brought.name})


def recipe(request: HttpRequest, _site: AdminSite, key: int) -> HttpResponse:
    """A recipe as JSON, for another hotel."""
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied
    if request.method != "GET":
        return redirect("admin:sources")
    found = get_object_or_404(ImportRecipe, pk=key)
    response = JsonResponse(recipes.export(found), json_dumps_params={"ensure_ascii": False, "indent": 2})
    response["Content-Disposition"] = f'attachment; filename="receita-{found.fingerprint[:8]}.json"'
    return response


@dataclass(frozen=True)
class FirstUse:
    """Shown until a guest list is in force."""

    may_import: bool
    sources: list[SourceHealth]
    run: JobRun | None
    next_start: datetime | None


def first_use(user: User | AnonymousUser) -> FirstUse | None:
    """None once there was a guest list, while the morning run is live or has failed, which the dashboard explains, and
    for people who may see nothing of it anyway."""
    may_import = user.has_perm(PERMISSION)
    if not may_import and not user.has_perm("matching.view_matchsuggestion"):
        return None
    # An empty export is held every morning before the first import.
    if Snapshot.objects.filter(source__name=SOURCE, received__gt=0).exists() or MatchSuggestion.objects.exists():
        return None
    run = JobRun.objects.of(MAIN_JOB).first()
    if run is not None and run.state not in (State.SUCCEEDED, State.PARTIAL):
        return None
    return FirstUse(may_import, sources(), run, next_start(MAIN_JOB))


def received_files(user: User | AnonymousUser) -> dict[str, Any] | None:
    """Received files that wait for an answer."""
    count = waiting().count() if user.has_perm(PERMISSION) else 0
    return {"count": count} if count else None
