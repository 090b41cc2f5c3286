"""The files of docs/deploy and the locked requirements."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).resolve().parents[2]
DEPLOY: Final = ROOT / "docs" / "deploy"
UNITS: Final = sorted(DEPLOY.glob("*.service"))
WORST_EXPOSURE: Final = 3.0
HARDENED: Final = (
    "User=sistema-os",
    "NoNewPrivileges=true",
    "CapabilityBoundingSet=",
    "ProtectSystem=strict",
    "PrivateDevices=true",
    "RestrictNamespaces=true",
    "SystemCallFilter=@system-service",
)


def _pins(file: str) -> dict[str, str]:
    text = (ROOT / file).read_text(encoding="utf-8")
    found = re.findall(r"^([\w.-]+)(?:\[[\w,]+\])?==([\w.]+)", text, re.MULTILINE)
    return {name.lower().replace("_", "-").replace(".", "-"): version for name, version in found}


@pytest.mark.parametrize("file", ["requirements.txt", "requirements-pdf.txt"])
def test_the_lock_holds_what_is_required(file: str) -> None:
    """`make lock` writes it anew after a change."""
    assert _pins(file).items() <= _pins("requirements.lock").items()


def test_every_locked_package_has_a_hash_and_no_registry_is_named() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    entries = re.split(r"^(?=[\w.-]+(?:\[[\w,]+\])?==)", lock, flags=re.MULTILINE)[1:]
    assert len(entries) == len(_pins("requirements.lock"))
    assert [entry.splitlines()[0] for entry in entries if "--hash=sha256:" not in entry] == []
    assert "://" not in lock


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_the_units_are_hardened(unit: Path) -> None:
    text = unit.read_text(encoding="utf-8")
    assert [line for line in HARDENED if f"\n{line}\n" not in text] == []
    if analyze := shutil.which("systemd-analyze"):
        command = [analyze, "security", "--offline=true", "--no-pager", str(unit)]
        report = subprocess.run(command, capture_output=True, text=True, check=False).stdout
        exposure = re.search(r"exposure level for \S+: ([\d.]+)", report)
        assert exposure
        assert float(exposure[1]) <= WORST_EXPOSURE


def test_containers_have_few_rights_and_are_watched() -> None:
    compose = (DEPLOY / "compose.yml").read_text(encoding="utf-8")
    services = compose[compose.index("x-app:") : compose.index("\nvolumes:")]
    for line in ("read_only: true", "cap_drop: [ALL]", 'security_opt: ["no-new-privileges:true"]'):
        assert services.count(line) >= 1
    assert services.count("healthcheck:") == 4
    assert "--require-hashes" in (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
