"""Pictures of the running demo for README and documents: `python -m tests.browser.screenshots [address] [folder]`.

Each page at 1280 and 390 px, light and dark: painel.png, painel-escuro.png, painel-celular.png, and so on.
Ends with 1 and one sentence when nothing answers at the address or the demo's people do not exist there.
"""

import sys
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Browser, Error, Page, sync_playwright

from tests.browser import steps
from tests.browser.process import Watched, launch

ADDRESS: Final = "http://127.0.0.1:8000"
FOLDER: Final = Path(__file__).resolve().parents[2] / "docs" / "images"
PERSON, PASSWORD = "bruno", "hotel-0700"
PAGES: Final = {
    "painel": "/admin/",
    "revisar": "/admin/matching/matchsuggestion/review/",
    "sugestoes": "/admin/matching/matchsuggestion/",
    "execucoes": "/admin/pipeline/jobrun/",
    "snapshots": "/admin/snapshots/snapshot/",
    "quartos": "/admin/rooms/",
    "passagem": "/admin/handover/",
    "gestao": "/admin/manager/",
}
# The newest of a list that says so, opened: name -> list, what its row says.
DETAILS: Final = {
    "execucao": ("/admin/pipeline/jobrun/", "pipeline_diario"),
    "snapshot": ("/admin/snapshots/snapshot/", "Listagem"),
}
WINDOWS: Final[dict[str, dict[str, Any]]] = {
    "": {"viewport": {"width": 1280, "height": 800}, "color_scheme": "light"},
    "-escuro": {"viewport": {"width": 1280, "height": 800}, "color_scheme": "dark"},
    "-celular": {"viewport": {"width": 390, "height": 844}, "color_scheme": "light", "has_touch": True},
    "-celular-escuro": {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark", "has_touch": True},
}


def take(browser: Browser, address: str, folder: Path) -> list[str]:
    """The names of the pictures; what is not there yet (no run, no suggestion) is left out."""
    return [
        picture
        for suffix, window in WINDOWS.items()
        for picture in _take_all(Watched(browser, address, **window), folder, suffix)
    ]


def _take_all(watched: Watched, folder: Path, suffix: str) -> list[str]:
    page = watched.page
    steps.visit(page, "/admin/login/")
    taken = [_picture(page, folder / f"entrar{suffix}.png")]
    steps.sign_in(page, PERSON, PASSWORD)
    for name, path in PAGES.items():
        if steps.visit(page, path) == 200:
            taken.append(_picture(page, folder / f"{name}{suffix}.png"))
    for name, (path, words) in DETAILS.items():
        steps.visit(page, path)
        first = page.locator("#result_list tbody tr").filter(has_text=words).locator("th a").first
        if first.count():
            first.click()
            page.wait_for_load_state()
            taken.append(_picture(page, folder / f"{name}{suffix}.png"))
    watched.context.close()
    return taken


def _picture(page: Page, path: Path) -> str:
    """The whole dashboard on a desk; elsewhere what the window shows, where bars that stay in place are in place."""
    page.screenshot(path=path, full_page=path.stem in {"painel", "painel-escuro"})
    return path.name


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
