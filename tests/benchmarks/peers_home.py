"""The environment of the peers: other engines are installed there, never beside ours, and asked by JSON."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

SPLINK, RECORDLINKAGE = "splink==5.0.0", "recordlinkage==0.16"
_ROOT = Path(__file__).parents[2]


def install(home: Path, *packages: str) -> Path | None:
    """The interpreter of the peers' environment, made when it is not there, with these packages; None, with a word,
    when they cannot be had."""
    python = home / "bin" / "python"
    try:
        if not python.exists():
            subprocess.run([sys.executable, "-m", "venv", str(home)], check=True, timeout=120)
        command = [str(python), "-m", "pip", "install", "-q", *packages]
        subprocess.run(command, check=True, timeout=300, capture_output=True)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
        sys.stderr.write(f"{packages[0]} cannot be installed here: left out\n")
        return None
    return python


def ask(python: Path, name: str, asked: dict[str, Any], seconds: float = 900) -> dict[str, Any]:
    """What the script of that name says; raises the errors of subprocess where it fails or takes longer."""
    command = [str(python), "-m", f"tests.benchmarks.{name}_peer"]
    given = json.dumps(asked)
    done = subprocess.run(command, input=given, capture_output=True, text=True, check=True, timeout=seconds, cwd=_ROOT)
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def ask_or_say(python: Path, name: str, title: str, asked: dict[str, Any], seconds: float) -> dict[str, Any] | None:
    """None, with a word, where it fails or takes longer than `seconds`."""
    try:
        return ask(python, name, asked, seconds)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        why = (getattr(error, "stderr", None) or "took too long").strip().splitlines()[-1]
        sys.stderr.write(f"{title} is left out: {why[:200]}\n")
        return None
