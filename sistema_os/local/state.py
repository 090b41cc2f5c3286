"""What the stack must remember between starts, in `.local/` (ignored by git), written whole or not at all."""

import json
import os
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from sistema_os.local.errors import LocalStackError
from sistema_os.local.keys import new_secret
from sistema_os.local.postgrest import Ports
from sistema_os.local.processes import free_port


@dataclass(frozen=True)
class Secrets:
    superuser: str = field(default_factory=new_secret)
    app: str = field(default_factory=new_secret)
    authenticator: str = field(default_factory=new_secret)
    jwt: str = field(default_factory=new_secret)
    django: str = field(default_factory=new_secret)
    hashes: str = field(default_factory=new_secret)


@dataclass(frozen=True)
class State:
    secrets: Secrets = field(default_factory=Secrets, repr=False)
    postgres_port: int = field(default_factory=free_port)
    rest_port: int = field(default_factory=free_port)
    admin_port: int = field(default_factory=free_port)

    @property
    def ports(self) -> Ports:
        return Ports(self.rest_port, self.admin_port)

    def with_ports(self, postgres: int, rest: Ports) -> "State":
        return replace(self, postgres_port=postgres, rest_port=rest.rest, admin_port=rest.admin)


def load(local: Path) -> State | None:
    """The recorded state; None before the first start."""
    file = local / "stack.json"
    if not file.is_file():
        return None
    try:
        found = json.loads(file.read_text())
        return State(**{**found, "secrets": Secrets(**found["secrets"])})
    except (ValueError, TypeError, KeyError) as error:
        raise LocalStackError(f"{file} is damaged; `make demo-reset` starts afresh.") from error


def save(local: Path, state: State) -> None:
    write_whole(local / "stack.json", json.dumps(asdict(state), indent=1) + "\n")


def write_whole(file: Path, text: str) -> None:
    """For the owner's eyes; a reader sees the old text or the new one, and so does whoever comes after a kill -9."""
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w") as output:
        output.write(text)
        output.flush()
        os.fsync(output.fileno())
    draft.replace(file)
