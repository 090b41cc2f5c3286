"""Rendered HTML without the white space that only lays out the template's source."""

import re


def compact(html: str) -> str:
    """Runs of white space become one space; beside a tag, and inside it before its end, they go."""
    return re.sub(r"(?<=>) | (?=<)| (?=/?>)", "", " ".join(html.split()))
