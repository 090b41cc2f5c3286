"""What a message says: one event for each notice, as text for people and as JSON for programs. Nothing in it is a
guest's or a secret."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from pipeline import labels
from pipeline.models import Incident, JobRun, Notice
from pipeline.runs import registry
from sistema_os.logs import redact


@dataclass(frozen=True)
class Event:
    """`title` fits a subject, `text` is one or two sentences."""

    kind: str
    recovered: bool
    key: str
    since: datetime
    title: str
    text: str
    url: str
    run: JobRun | None


def event(notice: Notice) -> Event:
    """Of a notice about an incident."""
    incident = notice.incident
    assert incident is not None  # noqa: S101  pings are sent by themselves
    title, text, url = _words(incident)
    if recovered := notice.kind == Notice.Kind.RECOVERED:
        lasted = labels.duration(incident.ended_at - incident.since) if incident.ended_at else "—"
        text = _("%(title)s: recovered after %(lasted)s.") % {"title": title, "lasted": lasted}
        title = _("recovered: %(title)s") % {"title": title}
    return Event(incident.kind, recovered, incident.key, incident.since, redact(title), redact(text), url, incident.run)


def _words(incident: Incident) -> tuple[str, str, str]:
    """Title, text and address."""
    run = incident.run
    when = labels.day_and_time(incident.since)
    if incident.kind in (Incident.Kind.FAILURE, Incident.Kind.PARTIAL) and run is not None:
        title = _("%(run)s, %(state)s") % {"run": run, "state": run.get_state_display()}
        return title, run_sentence(run), _address("pipeline_jobrun_change", run.pk)
    runs = _address("pipeline_jobrun_changelist")
    if incident.kind == Incident.Kind.OVERDUE:
        job = registry.title_of(incident.key)
        text = _("It should have started %(when)s and did not.") % {"when": when}
        return _("%(job)s is overdue") % {"job": job}, f"{job}: {text}", runs
    if incident.kind == Incident.Kind.QUEUE:
        text = _("The queue has stopped: nothing starts. Restart it (manage.py qcluster).")
        return _("the queue has stopped"), text, runs
    if incident.kind == Incident.Kind.WATCH:
        text = _("The watch last looked %(when)s. Start it (manage.py jobwatch).") % {"when": when}
        return _("the watch has stopped"), text, runs
    if incident.kind == Incident.Kind.QUARANTINE:
        text = _(
            "The listing of %(when)s is in quarantine (%(source)s): the previous one is in force until a decision."
        )
        text %= {"when": when, "source": incident.key}
        return _("listing in quarantine"), text, _address("snapshots_snapshot_changelist")
    return str(incident), str(incident), runs


def run_sentence(run: JobRun) -> str:
    head = _("%(run)s for %(date)s: %(state)s.") % {
        "run": run,
        "date": labels.day_words(run.business_date),
        "state": run.get_state_display(),
    }
    return redact(f"{head} {run.reason}".strip())


def _address(name: str, *arguments: Any) -> str:
    return settings.PUBLIC_URL and settings.PUBLIC_URL + reverse(f"admin:{name}", args=arguments)


def subject(events: Sequence[Event]) -> str:
    if len(events) == 1:
        return f"Sistema OS: {events[0].title}"
    new = sum(not event.recovered for event in events)
    counts = {"new": new, "recovered": len(events) - new}
    return "Sistema OS: " + _("%(new)s new, %(recovered)s recovered") % counts


def body(events: Sequence[Event]) -> str:
    return "\n\n".join("\n".join(filter(None, (event.text, event.url))) for event in events) + "\n"


def as_json(events: Sequence[Event]) -> dict[str, Any]:
    """`text` is what chat programs show. The fields of a run stand at the top where there is only one event."""
    one = _run_fields(events[0]) if len(events) == 1 else {}
    text = "\n".join(f"{event.text} {event.url}".strip() for event in events)
    return {"text": text, **one, "events": [_as_json(event) for event in events]}


def _as_json(event: Event) -> dict[str, Any]:
    plain = {
        "kind": event.kind,
        "recovered": event.recovered,
        "key": event.key,
        "since": event.since.isoformat(),
        "text": event.text,
        "url": event.url,
    }
    return plain | _run_fields(event)


def _run_fields(event: Event) -> dict[str, Any]:
    run = event.run
    if run is None:
        return {}
    return {
        "run": run.pk,
        "job": run.job,
        "business_date": run.business_date.isoformat(),
        "state": run.state,
        "reason": redact(run.reason),
        "url": event.url,
    }
