"""What a person does on the pages, each step a function of the page. Runs in the browser's process: no Django here."""

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

AXE_TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")


def sign_in(page: Page, username: str, password: str) -> str:
    """The heading of the page that follows."""
    page.goto("/admin/")
    page.get_by_label("Usuário").fill(username)
    page.get_by_label("Senha").fill(password)
    page.get_by_role("button", name="Acessar").click()
    expect(page.locator("#user-tools")).to_be_visible()
    return heading(page)


def visit(page: Page, path: str) -> int:
    """The status of the answer."""
    response = page.goto(path)
    return response.status if response else 0


def heading(page: Page) -> str:
    return page.get_by_role("heading", level=1).inner_text()


def text(page: Page) -> str:
    return page.locator("main").inner_text()


def click(page: Page, name: str, role: str = "link") -> str:
    """The address that follows. `name` is found anywhere in the accessible name."""
    page.get_by_role(role, name=name).first.click()  # type: ignore[arg-type]  # the role comes as plain text over the pipe
    page.wait_for_load_state()
    return page.url


def press(page: Page, key: str) -> str:
    """The text of the page that the key leads to."""
    before = page.evaluate("performance.timeOrigin")
    page.keyboard.press(key)
    page.wait_for_function("before => performance.timeOrigin !== before", arg=before)
    page.wait_for_load_state()
    return text(page)


def tap(page: Page, key: str) -> None:
    """A key that stays on the page."""
    page.keyboard.press(key)


def message(page: Page) -> str:
    """What the page answers to what was just done."""
    return page.locator(".messagelist li").first.inner_text()


def width(page: Page) -> int:
    """How wide the page wants to be: more than the window means sideways scrolling."""
    return int(page.evaluate("document.documentElement.scrollWidth"))


def axe(page: Page) -> list[str]:
    """Accessibility violations as "rule: target"."""
    # Without preload it reads no stylesheet a second time, which would resolve Django's @import against the page.
    options = {"runOnly": {"type": "tag", "values": list(AXE_TAGS)}, "preload": False}
    results = Axe().run(page, options=options)
    assert results.response["passes"], "axe looked at nothing"
    violations: list[dict[str, Any]] = results.response["violations"]
    return [f"{violation['id']}: {node['target']}" for violation in violations for node in violation["nodes"]]
