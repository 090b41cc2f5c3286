"""Pictures of the running demo for README and documents: `python -m tests.browser.screenshots [address] [folder]`.

The six pages that are looked at most, at 1280 and 390 px, light and dark: painel.png, painel-escuro.png,
painel-celular.png, and so on; and a receptionist's first morning, step by step, on a desk in the light. On a demo
where nobody has decided anything yet it decides a few cards first, so that the pages have something to show.
Ends with 1 and one sentence when nothing answers at the address or the demo's people do not exist there.
"""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from PIL import Image
from playwright.sync_api import Browser, Error, Page, sync_playwright

from tests.browser import steps
from tests.browser.process import Watched, launch

ADDRESS: Final = "http://127.0.0.1:8000"
FOLDER: Final = Path(__file__).resolve().parents[2] / "docs" / "images"
REVIEWER, SUPERVISOR, PASSWORD = "ana", "bruno", "hotel-0700"
COLOURS: Final = 256
LIST: Final = "/admin/matching/matchsuggestion/"
QUEUE: Final = f"{LIST}review/"
PAGES: Final = {"painel": "/admin/", "revisar": QUEUE, "sugestoes": LIST, "gestao": "/admin/manager/"}
# The newest of a list that says so, opened: name -> list, what its row says.
DETAILS: Final = {
    "execucao": ("/admin/pipeline/jobrun/", "pipeline_diario"),
    "snapshot": ("/admin/snapshots/snapshot/", "Listagem"),
}
DESK: Final[dict[str, Any]] = {"viewport": {"width": 1280, "height": 900}, "locale": "pt-BR"}
PHONE: Final[dict[str, Any]] = {"viewport": {"width": 390, "height": 844}, "locale": "pt-BR", "has_touch": True}
WINDOWS: Final[dict[str, dict[str, Any]]] = {
    "": DESK | {"color_scheme": "light"},
    "-escuro": DESK | {"color_scheme": "dark"},
    "-celular": PHONE | {"color_scheme": "light"},
    "-celular-escuro": PHONE | {"color_scheme": "dark"},
}
# What is pressed on the first cards of a demo that is new.
FIRST_DECISIONS: Final = "aaaaaaaaaaaar1aaaar3naa"


class Camera:
    """Takes pictures into a folder, with few colours: a third of the weight, and nobody sees it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.taken: list[str] = []

    def take(self, page: Page, name: str) -> None:
        path = self.folder / f"{name}.png"
        page.screenshot(path=path, animations="disabled")
        with Image.open(path) as picture:
            few = picture.convert("RGB").quantize(COLOURS, Image.Quantize.MEDIANCUT, kmeans=2, dither=Image.Dither.NONE)
        few.save(path, optimize=True)
        self.taken.append(path.name)


def take(browser: Browser, address: str, folder: Path) -> list[str]:
    """The names of the pictures; what is not there yet (no run, no suggestion) is left out."""
    camera = Camera(folder)
    _tour(Watched(browser, address, **WINDOWS[""]), camera)
    for suffix, window in WINDOWS.items():
        _take_pages(Watched(browser, address, **window), camera, suffix)
    return camera.taken


def _take_pages(watched: Watched, camera: Camera, suffix: str) -> None:
    page = watched.page
    steps.sign_in(page, SUPERVISOR, PASSWORD)
    for name, path in PAGES.items():
        if steps.visit(page, path) == 200:
            camera.take(page, f"{name}{suffix}")
    for name, (path, words) in DETAILS.items():
        steps.visit(page, path)
        first = page.locator("#result_list tbody tr").filter(has_text=words).locator("th a").first
        if first.count():
            first.click()
            page.wait_for_load_state()
            camera.take(page, f"{name}{suffix}")
    watched.context.close()


def _tour(watched: Watched, camera: Camera) -> None:
    """A receptionist's first morning."""
    page = watched.page
    steps.visit(page, "/admin/login/")
    camera.take(page, "dia-1-entrar")
    steps.sign_in(page, REVIEWER, PASSWORD)
    _first_decisions(page)
    steps.visit(page, "/admin/")
    camera.take(page, "dia-2-painel")
    for name, act in _on_the_card(page):
        act()
        camera.take(page, name)
    steps.visit(page, "/admin/rooms/")
    page.locator(".floor a").nth(6).click()
    page.wait_for_load_state()
    camera.take(page, "dia-7-quarto")
    steps.visit(page, "/admin/handover/")
    camera.take(page, "dia-8-passagem")
    steps.visit(page, f"{QUEUE}?band=weak")  # whoever comes next gets the first doubtful card, which is free again
    watched.context.close()


def _on_the_card(page: Page) -> Iterator[tuple[str, Callable[[], object]]]:
    """Names of pictures, and what leads to each. What is decided for a picture is taken back at the end."""
    yield "dia-3-ficha", lambda: steps.visit(page, f"{QUEUE}?band=strong")
    yield "dia-4-desfazer", lambda: steps.press(page, "a")
    steps.press(page, "u")
    steps.visit(page, f"{QUEUE}?band=doubt")
    yield "dia-5-motivo", lambda: steps.tap(page, "r")
    steps.tap(page, "Escape")
    yield "dia-6-teclas", lambda: steps.tap(page, "?")
    steps.tap(page, "Escape")


def _first_decisions(page: Page) -> None:
    if "nenhuma decidida hoje" not in steps.text(page):
        return
    steps.visit(page, f"{QUEUE}?band=strong")
    for key in FIRST_DECISIONS:
        if not page.locator("[data-key=A]").count():
            return
        # A card that suggests nobody has no button that says "nobody".
        offered = key != "n" or page.locator("[data-key=N]").count()
        steps.tap(page, key) if key == "r" else steps.press(page, key if offered else "a")


def main() -> int:
    address = sys.argv[1] if len(sys.argv) > 1 else ADDRESS
    folder = Path(sys.argv[2]) if len(sys.argv) > 2 else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with sync_playwright() as playwright:
            taken = take(launch(playwright), address.rstrip("/"), folder)
    except (Error, AssertionError) as error:
        sys.stderr.write(f"No pictures of {address}: is `make demo` running there? {str(error).splitlines()[0]}\n")
        return 1
    sys.stdout.write(f"{len(taken)} pictures in {folder}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
