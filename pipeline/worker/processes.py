"""Child processes that end with their parent, and whose whole process group ends with them."""

import ctypes
import os
import select
import signal
import subprocess
import sys

_PR_SET_PDEATHSIG = 1
_TERM_GRACE_SECONDS = 2.0


def die_with_parent(parent: int) -> None:
    """Makes the kernel kill this process when its parent ends, and exits at once if the parent has ended already.

    Linux only; elsewhere the heartbeat checks for its parent once a second.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit(1)


def ended_within(child: subprocess.Popen[bytes], seconds: float) -> bool:
    """Waits for the child's end without reaping it, so that its process group id stays valid."""
    if not hasattr(os, "pidfd_open"):
        try:
            child.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True
    if child.returncode is not None:
        return True
    descriptor = os.pidfd_open(child.pid)
    try:
        return bool(select.select([descriptor], [], [], seconds)[0])
    finally:
        os.close(descriptor)


def end_group(child: subprocess.Popen[bytes]) -> int:
    """Ends the child and its process group with SIGTERM, then SIGKILL. Returns the exit code."""
    if not ended_within(child, 0):
        _signal_group(child, signal.SIGTERM)
        ended_within(child, _TERM_GRACE_SECONDS)
    _signal_group(child, signal.SIGKILL)
    return child.wait()


def _signal_group(child: subprocess.Popen[bytes], number: signal.Signals) -> None:
    try:
        os.killpg(child.pid, number)
    except ProcessLookupError:
        return  # the group is empty
