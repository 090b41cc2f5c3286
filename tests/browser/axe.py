"""Accessibility: axe-core on the page that is open."""

from pathlib import Path
from typing import Any

import axe_playwright_python
from playwright.sync_api import Page

TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
SCRIPT = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()


def violations(page: Page, rules: tuple[str, ...] = ()) -> list[str]:
    """ "rule: target" of each; of the named rules, or of all that belong to TAGS."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(SCRIPT)
    only = {"type": "rule", "values": rules} if rules else {"type": "tag", "values": TAGS}
    # Without preload it reads no stylesheet a second time, which would resolve Django's @import against the page.
    found: dict[str, Any] = page.evaluate(
        "options => axe.run(document, options)",
        {"runOnly": only, "preload": False, "resultTypes": ["violations"]},
    )
    assert found["passes"], "axe looked at nothing"
    return [f"{rule['id']}: {node['target']}" for rule in found["violations"] for node in rule["nodes"]]
