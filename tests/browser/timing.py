"""Steps that measure."""

import time

from playwright.sync_api import Page

from tests.browser.steps import until_news


def pace(page: Page, key: str, times: int) -> list[float]:
    """Seconds from each key press until the next card is there."""
    taken = []
    for _ in range(times):
        started = time.perf_counter()
        until_news(page, lambda: page.keyboard.press(key))
        taken.append(time.perf_counter() - started)
    return taken
