"""The page of requests of data subjects: search, doubts, copy, erasure, deadline. The finder does the searching.

No name stands in an address, a title or a log. While a request is open its row holds what is known of the person;
closing it empties the row.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import date, timedelta
from functools import wraps
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.utils.translation import pgettext_lazy as _p
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from matching.models import AuditAction, AuditEntry
from pipeline import labels
from pipeline.data_subjects.erasure import OpenDoubts, UnknownGuest, clean_files, erase
from pipeline.data_subjects.export import copy_of
from pipeline.data_subjects.finder import Findings, find
from pipeline.data_subjects.sought import Sought
from pipeline.data_subjects.words import kind_words, table_words, why_words
from pipeline.models import DataRequest, Erasure
from sistema_os.masking import masked_document, without_documents
from sistema_os.supabase import SupabaseError

PERMISSION: Final = "pipeline.handle_data_requests"
DEADLINE: Final = timedelta(days=15)
SHOWN: Final = 100
# Reasons of an erasure; a typed one would keep the person's name in the record of the erasure.
REASONS: Final[dict[str, Promise]] = {
    "request": _p("erasure", "the person asked for it"),
    "guardian": _p("erasure", "a parent or guardian asked for it"),
    "consent": _p("erasure", "consent was withdrawn"),
    "authority": _p("erasure", "an authority or a court ordered it"),
}
STEPS: Final[dict[str, Promise]] = {
    "opened": _p("data request", "request opened"),
    "answered": _p("data request", "doubtful find answered"),
    "copied": _p("data request", "copy made"),
    "erased": _p("data request", "data erased"),
    "closed": _p("data request", "request closed"),
}
View = Callable[..., HttpResponse]


class RequestForm(forms.Form):
    """What is known of the person, and how the request came."""

    name = forms.CharField(required=False, max_length=120)
    cpf = forms.CharField(required=False, max_length=20)
    phone = forms.CharField(required=False, max_length=30)
    email = forms.CharField(required=False, max_length=120)
    booking = forms.CharField(required=False, max_length=30)
    received_on = forms.DateField()
    channel = forms.ChoiceField(choices=DataRequest.Channel.choices)
    wanted = forms.ChoiceField(choices=DataRequest.Wanted.choices)

    def clean_received_on(self) -> date:
        day: date = self.cleaned_data["received_on"]
        today = timezone.localdate()
        if not today - timedelta(days=365) <= day <= today:
            raise forms.ValidationError(_("The request came on a day of the last year."))
        return day

    def clean(self) -> dict[str, Any]:
        data = dict(self.cleaned_data)
        if not any(data.get(name) for name in ("name", "cpf", "phone", "email", "booking")):
            raise forms.ValidationError(_("Type at least one thing that is known of the person."))
        return data


def _permitted(view: View) -> View:
    @wraps(view)
    @never_cache
    def checked(request: HttpRequest, site: AdminSite, **named: Any) -> HttpResponse:
        if not request.user.has_perm(PERMISSION):
            raise PermissionDenied
        return view(request, site, **named)

    return checked


@_permitted
@require_http_methods(["GET", "HEAD", "POST"])
def requests_page(request: HttpRequest, site: AdminSite) -> HttpResponse:
    """Open requests by deadline, the last closed ones, and the form of a new one."""
    form = RequestForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        typed = form.cleaned_data
        sought = Sought.typed(**{name: typed[name] for name in ("name", "cpf", "phone", "email", "booking")})
        person: Any = request.user
        opened = DataRequest.objects.create(
            opened_by=person,
            received_on=typed["received_on"],
            due_on=typed["received_on"] + DEADLINE,
            channel=typed["channel"],
            wanted=typed["wanted"],
            sought=asdict(sought),
        )
        _record(request, opened, "opened")
        return HttpResponseRedirect(reverse("admin:data_request", args=[opened.pk]))
    context = site.each_context(request) | {
        "title": _("Requests of data subjects"),
        "form": form,
        "open": [_line(one) for one in DataRequest.objects.filter(outcome="open").order_by("due_on")[:SHOWN]],
        "closed": DataRequest.objects.exclude(outcome="open").select_related("opened_by")[:SHOWN],
        "channels": DataRequest.Channel.choices,
        "wants": DataRequest.Wanted.choices,
        "today": timezone.localdate(),
    }
    return TemplateResponse(request, "pipeline/data_requests/list.html", context)


@_permitted
@require_http_methods(["GET", "HEAD", "POST"])
def request_page(request: HttpRequest, site: AdminSite, key: int) -> HttpResponse:
    one = _request_or_404(key)
    step = request.POST.get("step", "")
    if request.method == "POST" and one.outcome == "open":
        act = _ACTS.get(step)
        answer = act(request, one) if act is not None else None
        if answer is not None:
            return answer
    context = site.each_context(request) | {
        "title": _("Request of a data subject"),
        "row": _line(one),
        "one": one,
        "reasons": REASONS.items(),
        "steps": _timeline(one),
        "word": _("ERASE"),
        "closings": [(name, label) for name, label in DataRequest.Outcome.choices if name != "open"],
    }
    if one.outcome == "open":
        context |= _found_context(one, find(_sought(one), one.answers))
        context["plan"] = _plan(request, one) if step == "plan" and not context["doubts"] else None
    return TemplateResponse(request, "pipeline/data_requests/request.html", context)


def _found_context(one: DataRequest, found: Findings) -> dict[str, Any]:
    asks_copy = one.wanted != DataRequest.Wanted.ERASURE
    return {
        "doubts": [_shown(trace) for trace in found.doubts],
        "certain": [_shown(trace) for trace in found.certain[:SHOWN]],
        "certain_count": len(found.certain),
        "empty_tables": sorted({table_words(label) for label in found.empty_tables}),
        "sought": found.sought,
        "typed": _sought(one),
        "document": masked_document(_sought(one).document_end) if _sought(one).documents else "",
        "needs_copy": asks_copy and one.copied_at is None,
        "asks_erasure": one.wanted != DataRequest.Wanted.COPY,
    }


def _shown(trace: Any) -> dict[str, str]:
    return {
        "id": trace.id,
        "what": kind_words(trace),
        "why": why_words(trace),
        "excerpt": without_documents(trace.excerpt),
    }


def _answer(request: HttpRequest, one: DataRequest) -> HttpResponse:
    """The doubtful finds that were ticked are of this person; those that were shown and not ticked are not."""
    shown, ticked = request.POST.getlist("shown"), set(request.POST.getlist("this_person"))
    doubts = {trace.id for trace in find(_sought(one), one.answers).doubts}
    one.answers = one.answers | {trace: trace in ticked for trace in shown if trace in doubts}
    one.save(update_fields=["answers"])
    _record(request, one, "answered")
    return _back(one)


def _copy(request: HttpRequest, one: DataRequest) -> HttpResponse:
    """The file itself: nothing is stored, so that nothing is left lying about."""
    try:
        made = copy_of(_sought(one), one.answers)
    except OpenDoubts:
        return _refused(request, one, _("First answer the doubtful finds."))
    except UnknownGuest:
        return _refused(request, one, _("There is no data of this person. Close the request with that answer."))
    except SupabaseError:
        return _refused(request, one, _("The hotel's tables did not answer. Try again in a few minutes."))
    one.copied_at = timezone.now()
    one.save(update_fields=["copied_at"])
    _record(request, one, "copied")
    kind, text = ("json", made.json) if request.POST.get("as") == "json" else ("html", made.html)
    media = {"json": "application/json", "html": "text/html; charset=utf-8"}[kind]
    # The name of a file must not be the name of a person.
    name = f"titular-{one.pk}.{kind}"
    return HttpResponse(text, content_type=media, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def _erase(request: HttpRequest, one: DataRequest) -> HttpResponse:
    reason = REASONS.get(request.POST.get("reason", ""))
    if reason is None or "identity" not in request.POST:
        return _refused(request, one, _("Choose the reason and confirm the identity."))
    if request.POST.get("word", "").strip().upper() != _("ERASE"):
        return _refused(request, one, _("Nothing was erased: the word was not typed."))
    if one.wanted == DataRequest.Wanted.COPY or (one.wanted == DataRequest.Wanted.BOTH and one.copied_at is None):
        return _refused(request, one, _("First hand over the copy that was asked for."))
    try:
        done = erase(
            _sought(one),
            one.answers,
            by=request.user.get_username(),
            reason=_("%(reason)s, request %(number)s") % {"reason": reason, "number": one.pk},
        )
    except OpenDoubts:
        return _refused(request, one, _("First answer the doubtful finds."))
    except UnknownGuest:
        return _refused(request, one, _("There is no data of this person. Close the request with that answer."))
    one.erasure = Erasure.objects.first()
    _close_with(request, one, DataRequest.Outcome.DONE, "erased")
    busy = clean_files(done.tables)
    if busy:
        messages.warning(request, _("Some tables were busy: the erased bytes leave their files later."))
    if done.orders:
        orders = ", ".join(map(str, done.orders))
        messages.warning(request, _("The hotel's own orders still name the person: %(orders)s.") % {"orders": orders})
    messages.success(request, _("The data was erased, and the next list does not bring it back."))
    return _back(one)


def _close(request: HttpRequest, one: DataRequest) -> HttpResponse:
    outcome = request.POST.get("outcome", "")
    if outcome not in DataRequest.Outcome.values or outcome == DataRequest.Outcome.OPEN:
        return _refused(request, one, _("Choose how the request ended."))
    _close_with(request, one, outcome, "closed")
    messages.success(request, _("Request closed. What was typed about the person was deleted."))
    return _back(one)


_ACTS: Final[dict[str, Callable[[HttpRequest, DataRequest], HttpResponse]]] = {
    "answer": _answer,
    "copy": _copy,
    "erase": _erase,
    "close": _close,
}


def _plan(request: HttpRequest, one: DataRequest) -> dict[str, Any] | None:
    """The last page before the erasure: what it would do, in numbers."""
    reason = request.POST.get("reason", "")
    if reason not in REASONS or "identity" not in request.POST:
        messages.error(request, _("Choose the reason and confirm the identity."))
        return None
    try:
        done = erase(_sought(one), one.answers, by="-", reason=reason, dry_run=True)
    except (OpenDoubts, UnknownGuest):
        return None
    return {"counts": done.counts, "reason": reason, "reason_words": REASONS[reason]}


def _close_with(request: HttpRequest, one: DataRequest, outcome: str, step: str) -> None:
    one.outcome, one.closed_at, one.sought, one.answers = outcome, timezone.now(), {}, {}
    one.save()
    _record(request, one, step)


def _refused(request: HttpRequest, one: DataRequest, sentence: str) -> HttpResponse:
    messages.error(request, sentence)
    return _back(one)


def _back(one: DataRequest) -> HttpResponse:
    return HttpResponseRedirect(reverse("admin:data_request", args=[one.pk]))


def _record(request: HttpRequest, one: DataRequest, step: str) -> None:
    person: Any = request.user
    AuditEntry.objects.create(user=person, deed=AuditAction.REQUEST, params={"request": one.pk, "step": step})


def _timeline(one: DataRequest) -> list[dict[str, Any]]:
    entries = AuditEntry.objects.filter(deed=AuditAction.REQUEST, params__request=one.pk).select_related("user")
    return [
        {"at": entry.at, "by": entry.user.get_username(), "what": STEPS[str(entry.params["step"])]}
        for entry in entries.order_by("-pk")
    ]


def _line(one: DataRequest) -> dict[str, Any]:
    left = (one.due_on - timezone.localdate()).days
    if left < 0:
        words = ngettext("%(n)d day late", "%(n)d days late", -left) % {"n": -left}
    elif left == 0:
        words = _("due today")
    else:
        words = ngettext("in %(n)d day", "in %(n)d days", left) % {"n": left}
    return {
        "one": one,
        "left": left,
        "words": words,
        "day": labels.day_words(one.received_on),
        "due": labels.day_words(one.due_on),
    }


def _sought(one: DataRequest) -> Sought:
    stored: Mapping[str, Any] = one.sought
    known: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in stored.items()}
    return Sought(**known)


def _request_or_404(key: int) -> DataRequest:
    found = DataRequest.objects.filter(pk=key).first()
    if found is None:
        raise Http404
    return found
