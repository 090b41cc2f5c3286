"""The environment of the client's peers, and the process in it that works when it is told to."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
HOME = ROOT / ".local" / "bench-client"
WANTED = ("postgrest==2.34.1", "httpx==0.28.1", "orjson==3.13.0")


def environment() -> Path:
    """The interpreter of an environment with the peers; our own, with a word, where nothing can be installed."""
    python, made = HOME / "bin" / "python", HOME / "made"
    if made.is_file() and made.read_text() == " ".join(WANTED):
        return python
    try:
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(HOME)], check=True, timeout=120)
        command = [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", *WANTED]
        subprocess.run(command, check=True, timeout=300, capture_output=True)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
        sys.stderr.write("The peers cannot be installed here: those of the tests' environment stand in.\n")
        return Path(sys.executable)
    made.write_text(" ".join(WANTED))
    return python


class Peers:
    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def work(self, who: str, work: str, base: str, key: str, at_once: int, count: int) -> float:
        """Seconds."""
        asked = {"who": who, "work": work, "base": base, "key": key, "at_once": at_once, "count": count}
        given, answers = self._process.stdin, self._process.stdout
        assert given
        assert answers
        given.write(json.dumps(asked).encode() + b"\n")
        await given.drain()
        line = await answers.readline()
        if not line:
            raise RuntimeError(f"{who} could not {work}; its traceback stands above")
        answered: dict[str, Any] = json.loads(line)
        return float(answered["seconds"])


@asynccontextmanager
async def peers(python: Path) -> AsyncIterator[Peers]:
    process = await asyncio.create_subprocess_exec(
        str(python), "-m", "tests.benchmarks.client_peer", cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        yield Peers(process)
    finally:
        if process.stdin:
            process.stdin.close()
        await process.wait()
