"""What a person asks for when starting a run by hand."""

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from pipeline.business_date import current_business_date
from pipeline.dashboard import MAIN_JOB
from pipeline.labels import phase_title
from pipeline.runs import registry


class StartForm(forms.Form):
    job = forms.ChoiceField(label=_("Job"))
    business_date = forms.DateField(
        label=_("Business date"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("The hotel's day that the run works for; never a day to come."),
    )
    step = forms.ChoiceField(
        label=_("Step"), required=False, help_text=_("One step alone reads what the others left behind.")
    )
    dry_run = forms.BooleanField(label=_("Dry run"), required=False, help_text=_("Reads and computes, writes nothing."))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # The main one first, what keeps the house in order last.
        jobs = sorted(registry.load().values(), key=lambda job: (job.housekeeping, job.name != MAIN_JOB))
        self.fields["job"].choices = [(job.name, f"{job.name}: {job.title}") for job in jobs]  # type: ignore[attr-defined]  # a ChoiceField
        steps = [(job.name, [(f"{job.name}:{name}", phase_title(name)) for name in job.phases]) for job in jobs]
        self.fields["step"].choices = [("", _("all steps")), *steps]  # type: ignore[attr-defined]  # a ChoiceField
        self.fields["business_date"].initial = current_business_date

    def clean_business_date(self) -> date:
        chosen: date = self.cleaned_data["business_date"]
        if chosen > current_business_date():
            raise forms.ValidationError(_("This day lies in the future."))
        return chosen

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        job, _colon, step = cleaned.get("step", "").partition(":")
        if step and job != cleaned.get("job"):
            self.add_error("step", _("This step belongs to another job."))
        return cleaned

    def asked(self) -> dict[str, Any]:
        """Keyword arguments of queue.start, beside the job."""
        step = self.cleaned_data["step"].partition(":")[2]
        return {
            "business_date": self.cleaned_data["business_date"],
            "dry_run": self.cleaned_data["dry_run"],
            "steps": [step] if step else None,
        }
