import pytest

from sistema_os.supabase import execution


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def _nothing_learned_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forgets what is known of servers: the next test's server may have the same port."""
    monkeypatch.setattr(execution, "_servers", {})
