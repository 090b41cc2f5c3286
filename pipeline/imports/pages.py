"""The screen Import in four steps: files, what was understood, preview, import. All of it works without JavaScript."""

import logging
from collections import Counter
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, Final
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from matching.models import MatchSuggestion
from matching.presentation.labels import short_name
from pipeline import run_page, runs
from pipeline.business_date import current_business_date
from pipeline.imports import service, spool
from pipeline.imports.comparison import CHANGES, LEAVES, MISSING, NEW, ORDER, SAME
from pipeline.imports.labels import FIELDS, kind_words, shown_lines, skipped_reasons
from pipeline.imports.questions import asked, option
from pipeline.imports.reader import NOTES
from pipeline.models import ImportedFile, ImportSession, JobRun, State
from sistema_os.masking import without_documents
from sistema_os.supabase import ResponseError, SupabaseError

PERMISSION: Final = "pipeline.import_files"
OVERRIDE: Final = "pipeline.import_held"
SEES_GUESTS: Final = "snapshots.view_snapshot"
MOST_LINES: Final = 40
MOST_RECENT: Final = 6
_EXPECTED: Final = (service.NotPossible, runs.AlreadyRunning, runs.InvalidRun)

View = Callable[..., HttpResponse]
logger = logging.getLogger(__name__)


class _FilesForm(forms.Form):
    day = forms.DateField(required=False)


def _permitted(view: View) -> View:
    """Somebody without the permission is told whom to ask."""

    @wraps(view)
    def checked(request: HttpRequest, site: AdminSite, **named: Any) -> HttpResponse:
        if not request.user.has_perm(PERMISSION):
            context = site.each_context(request) | {"title": _("Import files")}
            return TemplateResponse(request, "pipeline/imports/not_permitted.html", context, status=403)
        return view(request, site, **named)

    return checked


@_permitted
def files(request: HttpRequest, site: AdminSite) -> HttpResponse:
    """Step 1."""
    if request.method == "POST":
        return _take_files(request)
    session = _own(request, request.GET["session"]) if request.GET.get("session") else None
    recent = ImportedFile.objects.filter(session__state__in=("done", "failed")).select_related(
        "session__user", "recipe"
    )
    context = site.each_context(request) | {
        "title": _("Import files"),
        "step": 1,
        "session": session,
        "refused": session.files.filter(state=ImportedFile.State.REFUSED) if session else (),
        "kept": service.usable(session) if session else (),
        "limit": service.megabytes(),
        "today": current_business_date(),
        "recent": [_recent(file) for file in recent[:MOST_RECENT]],
    }
    return TemplateResponse(request, "pipeline/imports/files.html", context)


def _recent(file: ImportedFile) -> dict[str, Any]:
    chips = {"imported": "chip-ok", "same": "chip-off", "refused": "chip-bad"}
    return {
        "file": file,
        "kind": kind_words(file),
        "chip": chips.get(file.state, "chip-hold"),
        "by": short_name(file.session.user) if file.session.user else file.get_origin_display(),
    }


def _take_files(request: HttpRequest) -> HttpResponse:
    form = _FilesForm(request.POST)
    day = current_business_date()
    if form.is_valid() and form.cleaned_data["day"]:
        day = min(form.cleaned_data["day"], day)
    sent = request.FILES.getlist("files")[: service.MOST_FILES]
    arrived = [service.Arrived(one.name or "", one.chunks()) for one in sent]
    arrived += [service.Arrived(name, (), too_large=True) for name in request.META.get(spool.TOO_LARGE, ())]
    if not arrived:
        messages.warning(request, _("Choose a file first."))
        return redirect("admin:import")
    session = service.open_session(arrived, day, _user(request))
    _adopt(request, session)
    if session.files.filter(state=ImportedFile.State.REFUSED).exists():
        return HttpResponseRedirect(f"{reverse('admin:import')}?session={session.pk}")
    return _next(session)


def _adopt(request: HttpRequest, session: ImportSession) -> None:
    """The good files of the upload before go on with this one."""
    before = request.POST.get("session")
    if before:
        service.take_over(session, _own(request, before))


def _next(session: ImportSession) -> HttpResponseRedirect:
    """The preview, where a recipe answered everything; otherwise what was understood."""
    kept = service.usable(session)
    known = kept and all(file.recipe_id and file.state != ImportedFile.State.ASKING for file in kept)
    return _to("import_preview" if known else "import_check", session)


def _to(name: str, session: ImportSession, mark: str = "") -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse(f"admin:{name}", args=[session.pk]) + mark)


def _own(request: HttpRequest, key: str | UUID) -> ImportSession:
    """The session, for its uploader; a received one and those of others for people who may see guests."""
    try:
        session = ImportSession.objects.select_related("user", "run", "follow_up").get(pk=key)
    except (ImportSession.DoesNotExist, ValueError) as error:
        raise Http404 from error
    if session.user_id not in (None, request.user.pk) and not request.user.has_perm(SEES_GUESTS):
        raise Http404
    return session


@_permitted
def check(request: HttpRequest, site: AdminSite, key: UUID) -> HttpResponse:
    """Step 2: questions first, then what was understood and why."""
    session = _own(request, key)
    if session.state != ImportSession.State.OPEN:
        return _to("import_progress", session)
    if request.method == "POST":
        return _answer(request, session)
    shown = [_understood(request, file) for file in service.usable(session)]
    if not shown:
        messages.warning(request, service.expired_sentence())
        return redirect("admin:import")
    context = site.each_context(request) | {
        "title": _("Check what we understood"),
        "step": 2,
        "session": session,
        "files": shown,
        "open": sum(len(one["questions"]) for one in shown),
        "answered": sum(len(one["answered"]) for one in shown),
        "fields": FIELDS,
    }
    return TemplateResponse(request, "pipeline/imports/understood.html", context)


def _understood(request: HttpRequest, file: ImportedFile) -> dict[str, Any]:
    notes = spool.notes(file.session_id, file.sha256, NOTES)
    survey = notes.get("survey") or {"columns": [], "lines": [], "total_lines": 0}
    shows = file.session.user_id == request.user.pk or request.user.has_perm(SEES_GUESTS)
    columns = [
        {
            "number": number,
            "header": column["header"] or _("column %(number)d") % {"number": number + 1},
            "field": column["field"],
            "values": [without_documents(value)[:60] for value in column["values"]] if shows else [],
            "empty": column["empty"],
        }
        for number, column in enumerate(survey["columns"])
    ]
    return {
        "file": file,
        "kind": kind_words(file),
        "questions": [asked(question) for question in notes.get("questions", ())],
        "answered": [(name, option(value).label) for name, value in file.answers.items()],
        "evidence": [(what, without_documents(why)) for what, why in notes.get("evidence", ()) if what != "coluna"],
        "used": [column for column in columns if column["field"]],
        "unused": [column for column in columns if not column["field"]],
        "lines": shown_lines(survey["lines"], notes.get("skipped", ())) if shows else (),
        "total_lines": survey["total_lines"],
        "fields": FIELDS[file.kind] if file.kind else (),
    }


def _answer(request: HttpRequest, session: ImportSession) -> HttpResponse:
    if request.POST.get("discard"):
        service.discard(session)
        messages.success(request, _("The files were discarded. Nothing was written."))
        return redirect("admin:import")
    file = next((one for one in service.usable(session) if str(one.pk) == request.POST.get("file")), None)
    if file is None:
        return _to("import_check", session)
    try:
        if request.POST.get("columns"):
            service.read_again(file, dict(file.answers), {**file.columns, **_chosen_columns(request, file)})
        else:
            name = request.POST.get("question", "")
            chosen = request.POST.get("answer", "")
            if name:
                service.answer(file, name[:200], chosen[:200])
    except service.NotPossible as refused:
        messages.error(request, str(refused))
    return _to("import_check", session, "#perguntas")


def _chosen_columns(request: HttpRequest, file: ImportedFile) -> dict[str, str]:
    """Only the columns whose field was changed."""
    notes = spool.notes(file.session_id, file.sha256, NOTES)
    known = {name for name, _label in FIELDS[file.kind]}
    chosen = {}
    for number, column in enumerate((notes.get("survey") or {"columns": []})["columns"]):
        field = request.POST.get(f"c{number}")
        if field is not None and field != column["field"] and (field in known or not field):
            chosen[column["header"]] = field
    return chosen


@_permitted
def preview(request: HttpRequest, site: AdminSite, key: UUID) -> HttpResponse:
    """Step 3: what confirming would do, or why the list is held."""
    session = _own(request, key)
    if session.state != ImportSession.State.OPEN:
        return _to("import_progress", session)
    if request.method == "POST":
        return _confirm(request, session)
    try:
        found = service.preview(session)
    except service.NotPossible as refused:
        messages.warning(request, str(refused))
        return _to("import_check", session, "#perguntas") if service.usable(session) else redirect("admin:import")
    except SupabaseError as error:
        logger.warning("preview of an import: %s", error)
        context = site.each_context(request) | {
            "title": _("Preview"),
            "step": 3,
            "session": session,
            "refusal": str(error) if isinstance(error, ResponseError) else "",
        }
        return TemplateResponse(request, "pipeline/imports/no_answer.html", context, status=503)
    shows_lines = bool(request.GET.get("lines")) or not found.failed
    context = site.each_context(request) | {
        "title": _("Preview: nothing has been written yet") if not found.failed else _("This list does not look right"),
        "step": 3,
        "session": session,
        "preview": found,
        "failed": found.failed,
        "final": any(check.final for check in found.failed),
        "may_override": request.user.has_perm(OVERRIDE),
        "sees_guests": session.user_id == request.user.pk or request.user.has_perm(SEES_GUESTS),
        "recipe": next((file.recipe for file in found.files if file.recipe), None),
        "shows_lines": shows_lines,
        **_tables(request, found),
    }
    return TemplateResponse(request, "pipeline/imports/preview.html", context)


def _tables(request: HttpRequest, found: service.Preview) -> dict[str, Any]:
    chosen = request.GET.get("show", "changes")
    groups = {
        "changes": [line for line in found.compared.lines if line.type != SAME],
        "same": [line for line in found.compared.lines if line.type == SAME],
    }
    lines = groups.get(chosen, groups["changes"])
    most = len(lines) if request.GET.get("all") else MOST_LINES
    stays = found.results.get("stays")
    orders = found.results.get("orders")
    chips = {LEAVES: "chip-bad", MISSING: "chip-hold", CHANGES: "chip-warn", NEW: "chip-ok", SAME: "chip-off"}
    counts = Counter(line.type for line in found.compared.lines)
    return {
        "stays": stays,
        "orders": orders,
        "counts": counts,
        "shown_lines": [(line, chips[line.type]) for line in lines[:most]],
        "hidden": max(0, len(lines) - most),
        "chosen": chosen,
        "tabs": [(name, len(group)) for name, group in groups.items()],
        "leaving": [line for line in found.compared.lines if line.type == LEAVES],
        "missing": [line for line in found.compared.lines if line.type == MISSING],
        "skipped": [(file, skipped_reasons(file)) for file in found.files if file.skipped],
        "notices": [notice for result in found.results.values() for notice in result.notices],
        "refused": [line for result in found.results.values() for line in result.refused][:20],
        "totals": {
            "added": sum(result.added for result in found.results.values()),
            "changed": sum(result.changed for result in found.results.values()),
            "skipped": sum(file.skipped for file in found.files),
        },
        "types": ORDER,
    }


def _confirm(request: HttpRequest, session: ImportSession) -> HttpResponse:
    if request.POST.get("discard"):
        return _answer(request, session)
    override = request.POST.get("why", "").strip()
    if override and not (request.user.has_perm(OVERRIDE) and request.POST.get("sure")):
        messages.error(request, _("Only the supervision imports a held list."))
        return _to("import_preview", session)
    try:
        service.confirm(session, _user(request), override=override)
    except _EXPECTED as refused:
        messages.error(request, str(refused))
        return _to("import_preview", session)
    return _to("import_progress", session)


@_permitted
def progress(request: HttpRequest, site: AdminSite, key: UUID) -> HttpResponse:
    """Step 4: the import and the daily pipeline after it, then the result."""
    session = _own(request, key)
    if session.state == ImportSession.State.OPEN:
        return _to("import_check", session)
    if request.method == "POST":
        return _retry(request, session)
    live = next((run for run in (session.run, session.follow_up) if run is not None and run.live), None)
    # Between the end of the import and the start of the pipeline neither is live.
    under_way = live is not None or session.state == ImportSession.State.CONFIRMED
    context = site.each_context(request) | {
        "title": _heading(session, under_way),
        "step": 4,
        "session": session,
        "live": live,
        "under_way": under_way,
        "moving": run_page.moving(live) if live else None,
        "phases": _phases(session),
        "failed": session.state == ImportSession.State.FAILED,
        "files": list(session.files.all()),
        **({} if under_way else _waiting(session)),
    }
    return TemplateResponse(request, "pipeline/imports/progress.html", context)


def _waiting(session: ImportSession) -> dict[str, int]:
    """Orders whose best candidate waits for a decision, and those of guests who leave on the day."""
    heads = MatchSuggestion.objects.heads()
    return {"waiting": heads.count(), "leaving": heads.filter(stay__departure=session.business_date).count()}


def _user(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def _retry(request: HttpRequest, session: ImportSession) -> HttpResponse:
    try:
        service.retry(session, _user(request))
    except _EXPECTED as refused:
        messages.error(request, str(refused))
    return _to("import_progress", session)


def _heading(session: ImportSession, under_way: bool) -> str:
    if under_way:
        return _("Importing")
    if session.state == ImportSession.State.DONE:
        return _("Import done")
    return _("The import did not succeed")


def _phases(session: ImportSession) -> list[dict[str, Any]]:
    """The four phases in the words of the hotel: "done", "now", "next" or "failed"."""
    files = list(session.files.all())
    counted = _words(files, lambda file: file.lines)
    written = [file for file in files if file.state in (ImportedFile.State.IMPORTED, ImportedFile.State.SAME)]
    run, after = session.run, session.follow_up
    writing = _state_of(run, finished=bool(written))
    matching = {"matching", "mirror", "writebacks"}
    collecting = finding = "next"
    if after is not None:
        collecting = "done" if not after.live or after.phase in matching else "now"
        finding = _state_of(after) if not after.live else ("now" if after.phase in matching else "next")
        if not after.live and after.state not in (State.SUCCEEDED, State.PARTIAL):
            collecting, finding = ("done", "failed") if after.phase in matching else ("failed", "next")
    return [
        {"state": "done", "title": _("Read the files"), "words": counted, "run": None},
        {"state": writing, "title": _("Write to Supabase"), "words": _result_words(written), "run": run},
        {"state": collecting, "title": _("Collect and compare with the day before"), "words": "", "run": after},
        {"state": finding, "title": _("Look for the guest of each order"), "words": "", "run": after},
    ]


def _state_of(run: JobRun | None, *, finished: bool = False) -> str:
    if run is None:
        return "next"
    if run.live:
        return "done" if finished and run.phase == "follow_up" else "now"
    return "done" if run.state in (State.SUCCEEDED, State.PARTIAL) else "failed"


def _words(files: Iterable[ImportedFile], count: Callable[[ImportedFile], int]) -> str:
    return ", ".join(f"{kind_words(file)}: {count(file)}" for file in files if file.kind)


def _result_words(files: Iterable[ImportedFile]) -> str:
    parts = []
    for file in files:
        result = file.result
        parts.append(
            _("%(kind)s: %(added)d new, %(changed)d changed, %(departed)d departed")
            % {
                "kind": kind_words(file),
                "added": result.get("added", 0),
                "changed": result.get("changed", 0),
                "departed": result.get("departed", 0),
            }
        )
    return "; ".join(parts)
