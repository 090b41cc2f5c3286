"""The pytest side of the browser's process."""

import itertools
import json
import subprocess
import sys
from typing import Any


class Machine:
    """One browser; opens as many windows as are asked for, each with cookies of its own. For one thread at a time."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.browser.process"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._numbers = itertools.count()
        self._orders = itertools.count()

    def window(self, base: str, **options: Any) -> "Robot":
        robot = Robot(self, next(self._numbers))
        robot.open(base=base, **options)
        return robot

    def order(self, window: int, step: str, args: dict[str, Any]) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        number = next(self._orders)
        order = {"number": number, "window": window, "step": step, "args": args}
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = {}
        while answer.get("number") != number:  # an order that a timeout broke off is still answered
            line = self._process.stdout.readline()
            assert line, "the browser is gone"
            answer = json.loads(line)
        assert "error" not in answer, f"{answer['error']}\n{answer.get('url')}"
        return answer["ok"]

    def close(self) -> None:
        self._process.communicate(timeout=30)


class Robot:
    """A window of the browser: `robot.visit(path="/admin/")` does the step of that name there."""

    def __init__(self, machine: Machine, number: int) -> None:
        self._machine, self._number = machine, number

    def __getattr__(self, step: str) -> Any:
        return lambda **args: self._machine.order(self._number, step, args)
