"""The pages of a run and the actions of its buttons. They call `runs`, `queue` or `resume`; none sets a state."""

from datetime import date
from typing import Any, cast

from django import forms
from django.contrib import messages
from django.contrib.admin import site
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError
from django.db.models import Max
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import condition, require_POST, require_safe

from pipeline import labels, queue, run_page, runs
from pipeline.business_date import current_business_date
from pipeline.models import JobRun, Trigger
from pipeline.resume import lift as lift_drain
from pipeline.run_page import MAIN_JOB
from pipeline.runs import drain as drains
from pipeline.runs import registry
from sistema_os.admin_base import number_or_404


class StartForm(forms.Form):
    job = forms.ChoiceField(label=_lazy("Job"))
    business_date = forms.DateField(
        label=_lazy("Business date"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_lazy("The hotel's day that the run works for; never a day to come."),
    )
    step = forms.ChoiceField(
        label=_lazy("Step"), required=False, help_text=_lazy("One step alone reads what the others left behind.")
    )
    dry_run = forms.BooleanField(
        label=_lazy("Dry run"), required=False, help_text=_lazy("Reads and computes, writes nothing.")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # The main job first, maintenance last.
        jobs = sorted(registry.load().values(), key=lambda job: (job.housekeeping, job.name != MAIN_JOB))
        job_field, step_field = (cast(forms.ChoiceField, self.fields[name]) for name in ("job", "step"))
        job_field.choices = [(job.name, f"{job.title} ({job.name})") for job in jobs]
        steps = [(job.name, [(f"{job.name}:{name}", labels.phase_title(name)) for name in job.phases]) for job in jobs]
        step_field.choices = [("", _lazy("all steps")), *steps]
        self.fields["business_date"].initial = current_business_date

    def clean_business_date(self) -> date:
        chosen: date = self.cleaned_data["business_date"]
        if chosen > current_business_date():
            raise forms.ValidationError(_lazy("This day lies in the future."))
        return chosen

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        job, _colon, step = cleaned.get("step", "").partition(":")
        if step and job != cleaned.get("job"):
            self.add_error("step", _lazy("This step belongs to another job."))
        return cleaned

    def options(self) -> dict[str, Any]:
        """Keyword arguments of queue.start besides the job."""
        step = self.cleaned_data["step"].partition(":")[2]
        return {
            "business_date": self.cleaned_data["business_date"],
            "dry_run": self.cleaned_data["dry_run"],
            "steps": [step] if step else None,
        }


def _require(request: HttpRequest, permission: str) -> User:
    """The user. Raises PermissionDenied without the permission."""
    if not isinstance(request.user, User) or not request.user.has_perm(f"pipeline.{permission}"):
        raise PermissionDenied
    return request.user


def _to(run: JobRun) -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("admin:pipeline_jobrun_change", args=[run.pk]))


def drain_notice() -> dict[str, str] | None:
    """What `drained.html` shows while a drain is in force."""
    drain = drains.in_force()
    return {"sentence": labels.drain_sentence(drain)} if drain else None


def _context(request: HttpRequest, title: str, **more: Any) -> dict[str, Any]:
    return {**site.each_context(request), "title": title, "opts": JobRun._meta, "drain": drain_notice(), **more}


@require_safe
def detail(request: HttpRequest, object_id: str) -> HttpResponse:
    user = _require(request, "view_jobrun")
    run = get_object_or_404(JobRun.objects.select_related("user", "resume_of"), pk=number_or_404(object_id))
    context = _context(request, f"{registry.title_of(run.job)} nº {run.pk}", **run_page.of(run, user))
    return TemplateResponse(request, "pipeline/run.html", context)


def start(request: HttpRequest) -> HttpResponse:
    user = _require(request, "run_job")
    form = StartForm(request.POST or None, initial={"job": request.GET.get("job", "")})
    if request.method == "POST" and form.is_valid():
        try:
            run = queue.start(form.cleaned_data["job"], trigger=Trigger.ADMIN, user=user, **form.options())
        except runs.AlreadyRunning as refused:
            _report_already_running(request, refused.run)
            return redirect(request.get_full_path())
        except (runs.InvalidRun, registry.UnknownJob) as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(
                request, _("Run %(id)s of %(job)s is in the queue.") % {"id": run.pk, "job": registry.title_of(run.job)}
            )
            return _to(run)
    return TemplateResponse(request, "pipeline/start.html", _context(request, _("Run a job"), form=form))


def _report_already_running(request: HttpRequest, live: JobRun) -> None:
    sentence = _("Not started: {job} is already running, see {link}.")
    messages.error(request, format_html(sentence, job=registry.title_of(live.job), link=run_page.link_to(live)))


@require_POST
def cancel(request: HttpRequest, run_id: int) -> HttpResponse:
    user = _require(request, "cancel_jobrun")
    run = get_object_or_404(JobRun, pk=run_id)
    if runs.request_cancel(run, user):
        messages.success(request, _("The run was asked to stop."))
    else:
        messages.warning(request, _("The run is over already; there was nothing to cancel."))
    return _to(run)


@require_POST
def resume(request: HttpRequest, run_id: int) -> HttpResponse:
    user = _require(request, "run_job")
    run = get_object_or_404(JobRun, pk=run_id)
    try:
        resumed = queue.resume(run, user)
    except runs.AlreadyRunning as refused:
        _report_already_running(request, refused.run)
        return _to(run)
    except (runs.InvalidRun, registry.UnknownJob) as refused:
        messages.error(request, str(refused))
        return _to(run)
    messages.success(request, _("Run %(id)s goes on where run %(old)s stopped.") % {"id": resumed.pk, "old": run.pk})
    return _to(resumed)


@require_POST
def lift(request: HttpRequest) -> HttpResponse:
    """Lifts a drain that its deploy did not lift."""
    user = _require(request, "run_job")
    drain = drains.in_force()
    if drain is None:
        messages.warning(request, _("No drain is in force."))
    else:
        resumed = lift_drain(drain, user.get_username())
        messages.success(request, labels.lifted_sentence(len(resumed)))
    return HttpResponseRedirect(reverse("admin:pipeline_jobrun_changelist"))


def _etag(request: HttpRequest, run_id: int) -> str | None:
    try:
        found = JobRun.objects.annotate(newest=Max("beats__id")).filter(pk=run_id)
        run = found.values("state", "newest", "phase", "done").first()
    except DatabaseError:
        return None
    return None if run is None else f'"{"-".join(map(str, run.values()))}-{request.LANGUAGE_CODE}"'


@never_cache
@require_safe
@condition(etag_func=_etag)
def live(request: HttpRequest, run_id: int) -> HttpResponse:
    """What changes while the page is open; 304 while there is neither a new beat nor a new position."""
    _require(request, "view_jobrun")
    return JsonResponse(run_page.moving(get_object_or_404(JobRun, pk=run_id)))


@require_safe
def log(request: HttpRequest, run_id: int) -> HttpResponse:
    _require(request, "view_jobrun")
    run = get_object_or_404(JobRun, pk=run_id)
    lines = (
        f"{timezone.localtime(line.at):%Y-%m-%d %H:%M:%S} {run_page.level(line)} {line.text}\n"
        for line in run.log_lines.all()
    )
    response = HttpResponse("".join(lines), content_type="text/plain; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{run.job}-{run.pk}.log"'
    return response
