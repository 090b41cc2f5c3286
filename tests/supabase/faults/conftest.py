import logging
from collections.abc import Iterator

import pytest

from sistema_os.supabase import retry
from tests.supabase.faults.exchange import KEY, PERSON


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "FIRST_PAUSE", 0.01)


@pytest.fixture(autouse=True)
def _nothing_personal_in_the_logs(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    with caplog.at_level(logging.DEBUG):
        yield
    assert KEY not in caplog.text
    assert PERSON not in caplog.text
    assert "123.456" not in caplog.text
