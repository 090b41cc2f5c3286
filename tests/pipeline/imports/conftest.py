"""A private folder for uploads, the business date of the samples, and people who may import."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from django.conf import settings as project
from django.test import Client
from pytest_django.fixtures import Settings

from pipeline.imports import service
from pipeline.imports.service import Arrived
from pipeline.models import ImportSession

DAY = date(2026, 3, 12)
SAMPLES = Path(project.BASE_DIR) / "tests" / "pipeline" / "intake" / "samples"
LIST = "03_front_desk_na_casa_cp1252.csv"
ORDERS = "20_os_planilha.xlsx"


@pytest.fixture(autouse=True)
def spool_folder(settings: Settings, tmp_path: Path) -> Path:
    settings.IMPORT_FOLDER = str(tmp_path / "spool")
    return tmp_path / "spool"


@pytest.fixture
def opened(db: None) -> Callable[..., ImportSession]:
    """`opened("name.csv", ("other.csv", b"..."))`: an import of samples, or of these bytes."""

    def open_one(*files: str | tuple[str, bytes], day: date = DAY) -> ImportSession:
        pairs = [(one, (SAMPLES / one).read_bytes()) if isinstance(one, str) else one for one in files]
        return service.open_session([Arrived(name, [data]) for name, data in pairs], day)

    return open_one


@pytest.fixture
def as_supervisor(people: dict[str, object], client: Client) -> Client:
    client.force_login(people["Supervisão"])  # type: ignore[arg-type]  # a User
    return client
