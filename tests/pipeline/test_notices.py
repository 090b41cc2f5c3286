"""Notifications about runs: once, without secrets, and never at the run's expense."""

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.core import mail
from django.core.management import call_command
from django.db.models.functions import Now
from pytest_django.fixtures import Settings

from pipeline import notifications
from pipeline.checks import pings_name_jobs
from pipeline.models import JobRun, Notice, State
from pipeline.runs import lifecycle

OpenSample = Callable[..., JobRun]
SECRET = "sb_secret_abcdefghijklmnop"


@dataclass
class Receiver:
    """A server on loopback. `seen` are path and body, in order; it answers with `status`."""

    url: str = ""
    status: int = 200
    seen: list[tuple[str, str]] = field(default_factory=list)


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            receiver.seen.append((self.path, body))
            self.send_response(receiver.status)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Nothing on the test's stderr."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        receiver.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield receiver
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


@pytest.mark.parametrize("state", notifications.FAILURES)
def test_a_failed_run_is_notified_once_by_mail_and_webhook(
    ended: Callable[..., JobRun], receiver: Receiver, settings: Settings, state: str
) -> None:
    settings.NOTIFY_EMAILS, settings.NOTIFY_WEBHOOK = ["ti@hotel.example"], f"{receiver.url}/hook"
    settings.PUBLIC_URL = "https://os.hotel.example"
    run = ended(state, "O coletor não respondeu.")
    assert notifications.send_due() == 1
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


@pytest.mark.parametrize("state", [State.SUCCEEDED, State.PARTIAL, State.CANCELLED])
def test_a_run_that_did_not_fail_is_not_notified(ended: Callable[..., JobRun], settings: Settings, state: str) -> None:
    settings.NOTIFY_EMAILS = ["ti@hotel.example"]
    ended(state)
    assert notifications.send_due() == 0
    assert mail.outbox == []


def test_a_dry_run_and_old_news_are_no_news(ended: Callable[..., JobRun], settings: Settings) -> None:
    settings.NOTIFY_EMAILS = ["ti@hotel.example"]
    ended(State.FAILED, dry_run=True)
    old = ended(State.FAILED)
    JobRun.objects.filter(pk=old.pk).update(finished_at=Now() - 2 * notifications.RECENT)
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
    rid = f"?rid={notifications.ping_id(run)}"
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
    assert "ConnectionRefusedError" in caplog.text
    assert "token-abc" not in caplog.text
    run.refresh_from_db()
    assert run.state == State.FAILED


def test_a_switch_of_an_unknown_job_is_refused_by_the_checks(settings: Settings) -> None:
    settings.PING_URLS = {"sample": "https://example.com", "nao_existe": "https://example.com"}
    (error,) = pings_name_jobs()
    assert "nao_existe" in error.msg
