"""Steps that measure."""

import time

from playwright.sync_api import Page, Response

from tests.browser.steps import sign_in, until_news


def pace(page: Page, key: str, times: int) -> list[float]:
    """Seconds from each key press until the next card is there."""
    taken = []
    for _ in range(times):
        started = time.perf_counter()
        until_news(page, lambda: page.keyboard.press(key))
        taken.append(time.perf_counter() - started)
    return taken


def weight(page: Page, username: str, password: str) -> dict[str, int]:
    """Bytes of the first page after signing in with an empty cache, as they are unpacked: what Django's own admin
    brings, and ours, the page itself included."""
    sizes = {"stock": 0, "ours": 0}
    answers: list[Response] = []
    sign_in(page, username, password)
    with page.context.browser.new_context(storage_state=page.context.storage_state()) as fresh:  # type: ignore[union-attr]  # it has one
        first = fresh.new_page()
        first.on("response", answers.append)
        first.goto(page.url)
        first.wait_for_load_state("networkidle")
        for answer in answers:
            sizes["stock" if "/static/admin/" in answer.url else "ours"] += len(answer.body())
    return sizes
