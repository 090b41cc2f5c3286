"""A browser in a process of its own, told what to do by JSON lines: `python -m tests.browser.process`.

Playwright runs an event loop in its thread, and Django's ORM refuses to work beside one; so pytest keeps the ORM
and this process keeps the browser. Each line in is {"number": n, "window": number, "step": name, "args": {...}}, each
line out {"number": n, "ok": result} or {"number": n, "error": traceback}. A step is a function of steps.py or
timing.py; "open" opens that window, "close" closes it.
"""

import json
import os
import re
import shutil
import sys
import traceback
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright, Request, sync_playwright

from tests.browser import steps, timing

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PICTURES = Path(os.environ.get("BROWSER_PICTURES", "browser-failures"))


def find_browser() -> str | None:
    """The machine's own browser; None lets Playwright look for one it installed itself."""
    return os.environ.get("BROWSER") or next((path for name in BROWSERS if (path := shutil.which(name))), None)


def launch(playwright: Playwright) -> Browser:
    # The sandbox needs privileges that containers and root do not have; only our own pages are opened.
    return playwright.chromium.launch(executable_path=find_browser(), args=["--no-sandbox", "--disable-gpu"])


class Watched:
    """A page with what went wrong on it: console errors (blocked content is one of them), requests to other hosts."""

    def __init__(self, browser: Browser, base: str, **options: Any) -> None:
        self.base = base
        self.context: BrowserContext = browser.new_context(base_url=base, **{"locale": "en-US", **options})
        self.context.set_default_timeout(15_000)
        self.page: Page = self.context.new_page()
        self.errors: list[str] = []
        self.outside: list[str] = []
        self.page.on("console", self._on_console)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("request", self._on_request)

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append(message.text)

    def _on_request(self, request: Request) -> None:
        if not request.url.startswith((self.base, "data:", "blob:")):
            self.outside.append(request.url)

    def complaints(self) -> dict[str, list[str]]:
        """What has gone wrong since it was last asked."""
        told = {"errors": self.errors, "outside": self.outside}
        self.errors, self.outside = [], []
        return told


def _obey(browser: Browser, windows: dict[int, Watched], order: dict[str, Any]) -> Any:
    number, step, args = order["window"], order["step"], order["args"]
    if step == "open":
        windows[number] = Watched(browser, **args)
        return None
    window = windows[number]
    match step:
        case "close":
            return windows.pop(number).context.close()
        case "complaints":
            return window.complaints()
        case "picture":
            return _picture(window.page, **args)
    return (getattr(steps, step, None) or getattr(timing, step))(window.page, **args)


def _picture(page: Page, name: str) -> str:
    PICTURES.mkdir(parents=True, exist_ok=True)
    path = PICTURES / f"{re.sub(r'[^a-z0-9]+', '-', name.lower()).strip('-')}.png"
    page.screenshot(path=path, full_page=True)
    return str(path)


def _answer(browser: Browser, windows: dict[int, Watched], order: dict[str, Any]) -> dict[str, Any]:
    try:
        return {"ok": _obey(browser, windows, order)}
    except Exception:
        return {"error": traceback.format_exc(), "url": {n: w.page.url for n, w in windows.items()}}


def main() -> None:
    windows: dict[int, Watched] = {}
    with sync_playwright() as playwright:
        browser = launch(playwright)
        for line in sys.stdin:
            order = json.loads(line)
            answer = {"number": order["number"], **_answer(browser, windows, order)}
            sys.stdout.write(json.dumps(answer) + "\n")
            sys.stdout.flush()
        browser.close()


if __name__ == "__main__":
    main()
