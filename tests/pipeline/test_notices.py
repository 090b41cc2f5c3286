"""Notices to operators: grouped, until they are sent, with what recovered, and never at a run's expense."""

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.core import mail
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone
from django_q.models import Schedule
from pytest_django.fixtures import Settings

from pipeline import notifications, queue
from pipeline.checks import pings_name_jobs
from pipeline.models import Incident, JobRun, Notice, State, WatchBeat
from pipeline.notifications import channels, conditions, outbox
from pipeline.notifications.conditions import FAILURES
from pipeline.runs import drain, lifecycle
from sistema_os.environment import NOTICE_KINDS, routes
from snapshots.models import Snapshot, Source

OpenSample = Callable[..., JobRun]
SECRET = "sb_secret_abcdefghijklmnop"


@dataclass
class Receiver:
    """A server on loopback. `seen` are path and body, in order; it answers with `status`."""

    url: str = ""
    status: int = 200
    location: str = ""
    # Never ends its answer: a byte now and then, until the test is over.
    drips: bool = False
    over: threading.Event = field(default_factory=threading.Event)
    seen: list[tuple[str, str]] = field(default_factory=list)


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            receiver.seen.append((self.path, body))
            while receiver.drips and not receiver.over.wait(0.02):
                self.wfile.write(b"H")
            self.send_response(receiver.status)
            if receiver.location:
                self.send_header("Location", receiver.location)
            self.end_headers()

        def do_GET(self) -> None:
            receiver.seen.append((self.path, "GET"))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Nothing on the test's stderr."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        receiver.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield receiver
        receiver.over.set()
        server.shutdown()
        thread.join()


@pytest.fixture
def ended(db: None, open_sample: OpenSample) -> Callable[..., JobRun]:
    def end(state: str, reason: str = "", **asked: object) -> JobRun:
        run = lifecycle.claim(open_sample(**asked).pk)
        lifecycle.finish(run.pk, run.fence, state, summary={}, reason=reason)
        run.refresh_from_db()
        return run

    return end


@pytest.fixture
def later() -> Callable[..., None]:
    """Time passes for the outbox: pauses between messages and tries are over."""

    def pass_time(by: timedelta = timedelta(hours=1)) -> None:
        Notice.objects.exclude(sent_at=None).update(sent_at=F("sent_at") - by)
        Notice.objects.update(next_try_at=F("next_try_at") - by)

    return pass_time


@pytest.mark.parametrize("state", FAILURES)
def test_a_failed_run_is_notified_once_by_mail_and_webhook(
    ended: Callable[..., JobRun], receiver: Receiver, settings: Settings, state: str
) -> None:
    settings.NOTIFY_EMAILS, settings.NOTIFY_WEBHOOK = ["ti@hotel.example"], f"{receiver.url}/hook"
    settings.PUBLIC_URL = "https://os.hotel.example"
    run = ended(state, "O coletor não respondeu.")
    assert notifications.send_due() == 2
    assert notifications.send_due() == 0
    (message,) = mail.outbox
    ((path, body),) = receiver.seen
    told = json.loads(body)
    assert message.to == ["ti@hotel.example"]
    assert f"nº {run.pk}" in message.subject
    link = f"https://os.hotel.example/admin/pipeline/jobrun/{run.pk}/change/"
    assert link in message.body
    assert "O coletor não respondeu." in message.body
    assert (path, told["run"], told["state"], told["url"]) == ("/hook", run.pk, state, link)
    assert told["reason"] == "O coletor não respondeu."


def test_two_watches_that_see_the_same_failure_send_one_message(
    transactional_db: None,
    ended: Callable[..., JobRun],
    receiver: Receiver,
    settings: Settings,
    in_background: Callable[[Callable[[], object]], threading.Thread],
) -> None:
    settings.NOTIFY_WEBHOOK = receiver.url
    ended(State.FAILED)
    together = threading.Barrier(4)

    def watch() -> None:
        together.wait()
        notifications.send_due()

    for thread in [in_background(watch) for _ in range(4)]:
        thread.join()
    assert len(receiver.seen) == 1


@pytest.mark.parametrize("state", [State.SUCCEEDED, State.CANCELLED])
def test_a_run_that_did_not_fail_is_not_notified(ended: Callable[..., JobRun], settings: Settings, state: str) -> None:
    settings.NOTIFY_EMAILS = ["ti@hotel.example"]
    ended(state)
    assert notifications.send_due() == 0
    assert mail.outbox == []


def test_a_dry_run_and_old_news_are_no_news(ended: Callable[..., JobRun], settings: Settings) -> None:
    settings.NOTIFY_EMAILS = ["ti@hotel.example"]
    ended(State.FAILED, dry_run=True)
    old = ended(State.FAILED)
    JobRun.objects.filter(pk=old.pk).update(finished_at=Now() - 2 * conditions.RECENT)
    assert notifications.send_due() == 0


def test_who_is_not_named_hears_nothing_and_no_notice_is_used_up(ended: Callable[..., JobRun]) -> None:
    ended(State.FAILED)
    assert notifications.send_due() == 0
    assert not Notice.objects.exists()


def test_secrets_and_documents_do_not_leave_the_house(
    ended: Callable[..., JobRun], receiver: Receiver, settings: Settings
) -> None:
    settings.NOTIFY_EMAILS, settings.NOTIFY_WEBHOOK = ["ti@hotel.example"], receiver.url
    settings.PING_URLS = {"sample": f"{receiver.url}/check"}
    ended(State.FAILED, f"recusou {SECRET} de ana@example.com, CPF 529.982.247-25")
    notifications.send_due()
    left = mail.outbox[0].subject + str(mail.outbox[0].body) + "".join(body for _path, body in receiver.seen)
    assert len(receiver.seen) == 3
    for hidden in (SECRET, "ana@example.com", "529.982.247-25"):
        assert hidden not in left


@pytest.mark.parametrize(
    ("state", "path"), [(State.SUCCEEDED, ""), (State.PARTIAL, ""), (State.FAILED, "/fail"), (State.LOST, "/fail")]
)
def test_a_switch_hears_start_and_end_with_the_runs_id(
    open_sample: OpenSample, db: None, receiver: Receiver, settings: Settings, state: str, path: str
) -> None:
    settings.PING_URLS = {"sample": f"{receiver.url}/check"}
    run = lifecycle.claim(open_sample().pk)
    notifications.send_due()
    lifecycle.finish(run.pk, run.fence, state, summary={}, reason="")
    notifications.send_due()
    notifications.send_due()
    rid = f"?rid={outbox.ping_id(run)}"
    assert [path for path, _body in receiver.seen] == [f"/check/start{rid}", f"/check{path}{rid}"]


def test_a_cancelled_run_leaves_the_switch_waiting(
    ended: Callable[..., JobRun], receiver: Receiver, settings: Settings
) -> None:
    settings.PING_URLS = {"sample": receiver.url}
    ended(State.CANCELLED)
    assert notifications.send_due() == 1
    assert receiver.seen[0][0].startswith("/start")


def test_a_frozen_queue_is_notified_once(
    db: None, open_sample: OpenSample, receiver: Receiver, settings: Settings
) -> None:
    settings.NOTIFY_WEBHOOK = receiver.url
    waiting = open_sample()
    assert [notifications.send_due(frozen=[waiting]) for _ in range(2)] == [1, 0]
    assert json.loads(receiver.seen[0][1])["run"] == waiting.pk


def test_a_notifier_that_fails_harms_neither_the_watch_nor_the_other_ways(
    ended: Callable[..., JobRun], receiver: Receiver, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    settings.NOTIFY_EMAILS, settings.NOTIFY_WEBHOOK = ["ti@hotel.example"], f"{receiver.url}/token-abc"
    settings.PING_URLS = {"sample": "http://127.0.0.1:1/token-abc"}
    receiver.status = 500
    run = ended(State.FAILED)
    call_command("jobwatch", "--once")
    assert len(receiver.seen) == 1
    assert "HTTPError 500" in caplog.text
    assert "token-abc" not in caplog.text
    run.refresh_from_db()
    assert run.state == State.FAILED


def test_a_switch_of_an_unknown_job_is_refused_by_the_checks(settings: Settings) -> None:
    settings.PING_URLS = {"sample": "https://example.com", "nao_existe": "https://example.com"}
    (error,) = pings_name_jobs()
    assert "nao_existe" in error.msg


def test_what_happens_together_is_one_message(
    ended: Callable[..., JobRun], receiver: Receiver, settings: Settings
) -> None:
    settings.NOTIFY_WEBHOOK = receiver.url
    ended(State.FAILED)
    source = Source.objects.create(name="listagem_hospedes")
    Snapshot.objects.create(source=source, status="held", business_date=timezone.localdate())
    assert notifications.send_due() == 1
    told = json.loads(receiver.seen[0][1])
    assert [event["kind"] for event in told["events"]] == ["failure", "quarantine"]
    assert told["events"][1]["key"] == "listagem_hospedes"


def test_what_comes_within_a_minute_waits_for_the_next_message(
    ended: Callable[..., JobRun], settings: Settings, later: Callable[..., None]
) -> None:
    settings.NOTIFY_EMAILS = ["ti@hotel.example"]
    ended(State.FAILED)
    notifications.send_due()
    for name in ("a", "b"):
        source = Source.objects.create(name=name)
        Snapshot.objects.create(source=source, status="held", business_date=timezone.localdate())
    assert notifications.send_due() == 0
    later()
    assert notifications.send_due() == 1
    assert "2" in mail.outbox[1].subject


def test_a_job_that_fails_again_and_again_is_one_incident_and_its_recovery_is_told(
    ended: Callable[..., JobRun], settings: Settings, later: Callable[..., None]
) -> None:
    settings.NOTIFY_EMAILS = ["ti@hotel.example"]
    for state in (State.FAILED, State.FAILED, State.CANCELLED, State.LOST):
        ended(state)
        notifications.send_due()
        later()
    assert len(mail.outbox) == 1
    ended(State.SUCCEEDED)
    notifications.send_due()
    assert [message.subject.count("recuperado") for message in mail.outbox] == [0, 1]
    assert not Incident.objects.filter(ended_at=None).exists()


def test_a_job_that_fails_on_the_next_day_as_well_is_told_again(
    ended: Callable[..., JobRun], settings: Settings, later: Callable[..., None]
) -> None:
    settings.NOTIFY_EMAILS = ["ti@hotel.example"]
    ended(State.FAILED)
    notifications.send_due()
    later()
    Incident.objects.update(opened_at=F("opened_at") - timedelta(hours=25))
    notifications.send_due()
    assert len(mail.outbox) == 1
    ended(State.FAILED)
    notifications.send_due()
    assert [message.subject.count("recuperado") for message in mail.outbox] == [0, 0]


def test_a_partial_run_is_told_until_one_succeeds(
    ended: Callable[..., JobRun], receiver: Receiver, settings: Settings, later: Callable[..., None]
) -> None:
    settings.NOTIFY_WEBHOOK = receiver.url
    for state in (State.PARTIAL, State.SUCCEEDED):
        ended(state)
        notifications.send_due()
        later()
    told = [json.loads(body)["events"][0] for _path, body in receiver.seen]
    assert [(event["kind"], event["recovered"]) for event in told] == [("partial", False), ("partial", True)]


@pytest.fixture
def scheduled(db: None) -> Schedule:
    """The sample job, which should have started an hour ago."""
    return Schedule.objects.create(
        name="sample",
        func=queue.START,
        schedule_type=Schedule.DAILY,
        repeats=-1,
        next_run=timezone.now() - timedelta(hours=1),
    )


def test_a_dead_queue_is_one_incident_and_not_one_a_schedule(
    scheduled: Schedule, receiver: Receiver, settings: Settings, later: Callable[..., None]
) -> None:
    settings.NOTIFY_WEBHOOK = receiver.url
    notifications.send_due()
    later()
    Schedule.objects.update(next_run=timezone.now() + timedelta(hours=23))
    notifications.send_due()
    told = [event for _path, body in receiver.seen for event in json.loads(body)["events"]]
    assert [(event["kind"], event["recovered"]) for event in told] == [("queue", False), ("queue", True)]


def test_a_schedule_that_moved_on_without_a_run_is_overdue(
    scheduled: Schedule, ended: Callable[..., JobRun], settings: Settings
) -> None:
    settings.NOTIFY_EMAILS = ["ti@hotel.example"]
    run = ended(State.SUCCEEDED)
    Schedule.objects.update(next_run=timezone.now() + timedelta(days=700))
    assert notifications.send_due() == 0
    JobRun.objects.filter(pk=run.pk).update(queued_at=Now() - timedelta(hours=25))
    assert notifications.send_due() == 1
    assert "atrasada" in mail.outbox[0].subject


def test_in_a_drain_nothing_is_overdue(scheduled: Schedule, settings: Settings) -> None:
    settings.NOTIFY_EMAILS = ["ti@hotel.example"]
    drain.begin("deploy", 60)
    assert notifications.send_due() == 0


def test_a_dead_watch_is_told_by_the_job_that_sweeps(
    transactional_db: None, receiver: Receiver, settings: Settings, later: Callable[..., None]
) -> None:
    settings.NOTIFY_WEBHOOK = receiver.url
    call_command("jobwatch", "--once")
    call_command("cleanup_stale_runs")
    assert receiver.seen == []
    WatchBeat.objects.update(at=Now() - timedelta(minutes=10))
    call_command("cleanup_stale_runs")
    later()
    call_command("jobwatch", "--once")
    told = [event for _path, body in receiver.seen for event in json.loads(body)["events"]]
    assert [(event["kind"], event["recovered"]) for event in told] == [("watch", False), ("watch", True)]


def test_a_message_is_sent_again_until_it_arrives(
    ended: Callable[..., JobRun], receiver: Receiver, settings: Settings, later: Callable[..., None]
) -> None:
    settings.NOTIFY_WEBHOOK = receiver.url
    receiver.status = 503
    ended(State.FAILED)
    assert [notifications.send_due(), notifications.send_due()] == [0, 0]  # the second waits
    later(timedelta(seconds=20))
    assert notifications.send_due() == 0
    later(timedelta(seconds=20))
    assert notifications.send_due() == 0  # twice as long
    receiver.status = 200
    later(timedelta(seconds=20))
    assert [notifications.send_due(), outbox.unsent(), len(receiver.seen)] == [1, 0, 3]


def test_a_redirect_is_an_error_and_not_followed_as_a_get(
    ended: Callable[..., JobRun], receiver: Receiver, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.NOTIFY_WEBHOOK = f"{receiver.url}/hook"
    receiver.status, receiver.location = 302, f"{receiver.url}/elsewhere"
    ended(State.FAILED)
    assert notifications.send_due() == 0
    assert [path for path, _body in receiver.seen] == ["/hook"]
    assert "HTTPError 302" in caplog.text


def test_a_server_that_drips_costs_one_deadline_and_no_more(
    ended: Callable[..., JobRun],
    receiver: Receiver,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    later: Callable[..., None],
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(channels, "DEADLINE_SECONDS", 0.3)
    settings.NOTIFY_WEBHOOK, settings.NOTIFY_EMAILS = receiver.url, ["ti@hotel.example"]
    receiver.drips = True
    ended(State.FAILED)
    assert notifications.send_due() == 1  # the e-mail
    later()
    assert notifications.send_due() == 0
    assert "no answer within 0.3 s" in caplog.text
    assert "the sending before still hangs" in caplog.text
    assert len(receiver.seen) == 1
    receiver.over.set()
    channels._sending["webhook"].join()


def test_a_kind_takes_the_channel_that_is_set_for_it(
    ended: Callable[..., JobRun], receiver: Receiver, settings: Settings
) -> None:
    settings.NOTIFY_WEBHOOK, settings.NOTIFY_EMAILS = receiver.url, ["ti@hotel.example"]
    settings.NOTIFY_ROUTES = routes(["failure=email", "partial = none"])
    ended(State.FAILED)
    notifications.send_due()
    assert (len(mail.outbox), receiver.seen) == (1, [])
    ended(State.PARTIAL)
    notifications.send_due()
    assert receiver.seen == []


@pytest.mark.parametrize("entry", ["failure", "failure=pager", "everything=email"])
def test_a_route_that_names_nothing_is_refused(entry: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="NOTIFY_ROUTES"):
        routes([entry])


def test_every_kind_of_incident_has_a_route() -> None:
    assert set(NOTICE_KINDS) == set(Incident.Kind.values)
