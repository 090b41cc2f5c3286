import pytest

from sistema_os.supabase import execution


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def _nothing_learned_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    """What one test's server has shown says nothing about the next one at the same port."""
    monkeypatch.setattr(execution, "_servers", {})
