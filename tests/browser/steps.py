"""What a person does on the pages, each step a function of the page. Runs in the browser's process: no Django here."""

import re
from typing import Any, Literal

from playwright.sync_api import Page, Route, ViewportSize, expect

from tests.browser.axe import violations as axe

# Its own default is 5 s: less than a page may take to ask again, on a busy machine, after an answer got lost.
expect.set_options(timeout=30_000)

# The next card is there when it was put in place of the last one, or when another document is.
_WAIT_FOR_NEWS = """window.seen = false;
document.addEventListener("review:shown", () => { window.seen = true; }, {once: true})"""
_NEWS = "() => window.seen !== false && document.readyState === 'complete'"
_SIZES: dict[str, ViewportSize] = {
    "desk": {"width": 1366, "height": 657},
    "phone": {"width": 390, "height": 844},
}
# 683 is a desk at 200 % zoom; 768, 1024 and 1225 are where the layout changes.
_WIDTHS = (320, 390, 683, 768, 820, 960, 1024, 1093, 1225, 1366, 1920)
_Scheme = Literal["light", "dark"]
# Every rule on a desk, and on a phone in the dark those that size and colour decide.
_LOOKS: tuple[tuple[str, _Scheme, tuple[str, ...]], ...] = (
    ("desk", "light", ()),
    ("phone", "dark", ("color-contrast", "target-size", "scrollable-region-focusable")),
)
# What `make drills` adds: every rule on each.
_ALL_LOOKS: tuple[tuple[str, _Scheme, tuple[str, ...]], ...] = (
    ("desk", "light", ()),
    ("desk", "dark", ()),
    ("phone", "light", ()),
    ("phone", "dark", ()),
)


def sign_in(page: Page, username: str, password: str) -> str:
    """The heading of the page that follows."""
    if not page.get_by_label("Senha").count():
        page.goto("/admin/")
    page.get_by_label("Usuário").fill(username)
    page.get_by_label("Senha").fill(password)
    with page.expect_navigation():
        page.get_by_role("button", name="Continuar").click()
    expect(page.locator("#user-tools")).to_be_attached()
    return heading(page)


def visit(page: Page, path: str) -> int:
    """The status of the answer."""
    response = page.goto(path)
    return response.status if response else 0


def address(page: Page) -> str:
    return page.url


def heading(page: Page) -> str:
    return page.locator("h1").first.inner_text()


def text(page: Page, inside: str = "main") -> str:
    return page.locator(inside).first.inner_text()


def see(page: Page, words: str, inside: str = "main") -> str:
    """Waits until the words are there to be seen (a closed dialog contains its own too); the text around them."""
    place = page.locator(inside).first
    expect(place).to_be_visible()
    expect(place).to_contain_text(words)
    return text(page, inside)


def gone(page: Page, selector: str) -> None:
    """Waits until nothing of the kind is to be seen, on a page whose scripts have run."""
    page.wait_for_load_state()
    expect(page.locator(selector).first).to_be_hidden()


def count(page: Page, selector: str) -> int:
    return page.locator(selector).count()


def links(page: Page, inside: str) -> list[str]:
    """What the links say, in order."""
    return [" ".join(words.split()) for words in page.locator(f"{inside} a").all_inner_texts()]


def click(page: Page, name: str, role: str = "link") -> str:
    """The address that follows. `name` is found anywhere in the accessible name."""
    found = page.get_by_role(role, name=name).first  # type: ignore[arg-type]  # the role comes as plain text over the pipe
    until_news(page, found.click)
    return page.url


def push(page: Page, name: str) -> None:
    """A button that stays on the page and has done its work once it is up."""
    page.get_by_role("button", name=name).first.click()


def choose(page: Page, selector: str, value: str | None = None) -> None:
    """Ticks a box or chooses of a list; nothing follows."""
    found = page.locator(selector).first
    found.check() if value is None else found.select_option(value)


def fill(page: Page, label: str, value: str) -> None:
    page.get_by_label(label).first.fill(value)


def double_click(page: Page, selector: str) -> str:
    """The text of the page that follows."""
    until_news(page, page.locator(selector).first.dblclick)
    return text(page)


def press(page: Page, key: str) -> str:
    """The text of the page that the key leads to."""
    until_news(page, lambda: page.keyboard.press(key))
    return text(page)


def tap(page: Page, key: str) -> None:
    """A key that stays on the page."""
    page.keyboard.press(key)


def hold(page: Page, key: str, repeats: int) -> str:
    """The key goes down, repeats so often while it is held, and goes up; the text of the page that follows."""

    def hold_down() -> None:
        for _ in range(repeats + 1):  # from the second on the browser marks it as a repetition
            page.keyboard.down(key)

    until_news(page, hold_down)
    for _ in range(repeats):
        page.keyboard.down(key)
    page.keyboard.up(key)
    return text(page)


def until_news(page: Page, act: Any) -> None:
    """The page that is there has been loaded already: what is waited for is another one, or another card on it."""
    page.evaluate(_WAIT_FOR_NEWS)
    act()
    page.wait_for_function(_NEWS)


def work(page: Page, key: str, times: int) -> list[str]:
    """Presses the key on card after card, as fast as they come; the order of each card that was decided."""
    decided = []
    for _ in range(times):
        decided.append(page.locator("[data-order]").first.inner_text())
        until_news(page, lambda: page.keyboard.press(key))
    return decided


def focused(page: Page) -> str:
    """The accessible name or the text of what has the focus."""
    return str(
        page.evaluate("(e => e.getAttribute('aria-label') || e.placeholder || e.innerText)(document.activeElement)")
    )


def edges(page: Page, selector: str) -> dict[str, float]:
    """Top and bottom of the first element in the window, in pixels."""
    found: dict[str, float] = page.locator(selector).first.evaluate(
        "e => (({top, bottom}) => ({top, bottom}))(e.getBoundingClientRect())"
    )
    return found


def rows(page: Page, selector: str) -> int:
    """In how many rows the elements stand that are to be seen."""
    found: int = page.eval_on_selector_all(
        selector,
        "all => new Set(all.map(e => e.getBoundingClientRect()).filter(b => b.height > 1).map(b => b.top)).size",
    )
    return found


def offline(page: Page, away: bool) -> None:
    page.context.set_offline(away)


def take_clock(page: Page) -> None:
    """From the next page on, time passes only as `pass_minutes` says."""
    page.clock.install()


def pass_minutes(page: Page, minutes: int) -> None:
    page.clock.run_for(minutes * 60_000)


def message(page: Page) -> str:
    """What the page answers to what was just done."""
    return page.locator(".messagelist li").first.inner_text()


def language(page: Page) -> str:
    return page.locator("html").get_attribute("lang") or ""


def paper(page: Page) -> str:
    """The colour behind everything."""
    return str(page.evaluate("getComputedStyle(document.body).backgroundColor"))


def width(page: Page) -> int:
    """How wide the page wants to be: more than the window means sideways scrolling."""
    return int(page.evaluate("document.documentElement.scrollWidth"))


def small_targets(page: Page, selector: str, least: int) -> list[str]:
    """What is to be seen of the selector and is lower than that, with its height."""
    found: list[str] = page.eval_on_selector_all(
        selector,
        """(all, least) => all.map(e => [e.textContent.trim(), e.getBoundingClientRect().height])
            .filter(([_, height]) => height > 0 && height < least).map(([words, height]) => `${words}: ${height}`)""",
        least,
    )
    return found


def cut_off(page: Page) -> list[str]:
    """Controls whose right end lies outside of the window, where no scrolling leads."""
    found: list[str] = page.eval_on_selector_all(
        "input, select, textarea, button, .btn",
        """all => all.map(e => [e.name || e.textContent.trim(), e.getBoundingClientRect()])
            .filter(([_, box]) => box.width > 1 && box.right > innerWidth).map(([words]) => words)""",
    )
    return found


def focus(page: Page, selector: str) -> None:
    page.locator(selector).first.focus()


def click_plain(page: Page, name: str, role: str = "link") -> str:
    """As `click`, in a browser where no script runs."""
    found = page.get_by_role(role, name=name).first  # type: ignore[arg-type]  # the role comes as plain text over the pipe
    with page.expect_navigation():
        found.click()
    return page.url


def forget_cookie(page: Page, name: str) -> None:
    page.context.clear_cookies(name=name)


def lose_answers(page: Page, path: str, times: int) -> None:
    """So many POSTs to the path arrive at the server, and their answers get lost on the way back."""

    def lose(route: Route) -> None:
        if route.request.method != "POST":
            return route.continue_()
        route.fetch(max_redirects=0)
        return route.abort("connectionreset")

    page.route(f"**{path}*", lose, times=times)


def unfold(page: Page, selector: str) -> None:
    """Opens what a summary hides, or closes it."""
    page.locator(f"{selector} summary").first.click()


def resize(page: Page, wide: int, high: int = 844) -> None:
    page.set_viewport_size({"width": wide, "height": high})


def visible(page: Page, selector: str) -> bool:
    return page.locator(selector).first.is_visible()


def follow(page: Page, selector: str) -> str:
    """A link within the page; the address that follows."""
    page.locator(selector).first.click()
    return page.url


def sheets(page: Page) -> int:
    """How many sheets of paper the page takes."""
    return len(re.findall(rb"/Type\s*/Page\b(?!s)", page.pdf(prefer_css_page_size=True)))


def too_wide(page: Page) -> list[str]:
    """The widths of a window at which the page scrolls sideways, or controls lie outside of it."""
    wrong = []
    for wide in _WIDTHS:
        page.set_viewport_size({"width": wide, "height": 844})
        if width(page) > wide:
            wrong.append(f"{wide}: scrolls sideways, {width(page)} px")
        elif cut := cut_off(page):
            wrong.append(f"{wide}: cut off: {cut}")
    return wrong


def inspect(page: Page, path: str, every_rule: bool = False) -> dict[str, Any]:
    """What the page answered, where it leads, and what is wrong with it at all widths and in both themes."""
    status = visit(page, path)
    page.emulate_media(color_scheme="light", reduced_motion="reduce")  # a colour on its way is neither
    wrong = too_wide(page)
    for size, scheme, rules in _ALL_LOOKS if every_rule else _LOOKS:
        page.set_viewport_size(_SIZES[size])
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        wrong += [f"{size}, {scheme}: {violation}" for violation in axe(page, rules)]
        if size == "phone":
            wrong += [f"phone: too low: {target}" for target in small_targets(page, ".btn:not(.btn-s), .tabbar a", 44)]
    leads = page.eval_on_selector_all("a[href]", "all => all.map(a => a.pathname + a.search)")
    return {"status": status, "wrong": wrong, "links": leads}
