"""The cases of `evasions.txt` and `legal.txt`: a name, what finds it, and the source of a module `app/work.py`."""

import re
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent


class Case(NamedTuple):
    name: str
    found_by: str
    source: str


def cases(file: str) -> list[Case]:
    _, *blocks = re.split(r"^### ", (HERE / file).read_text(), flags=re.MULTILINE)
    found = []
    for block in blocks:
        head, _, source = block.partition("\n")
        name, _, found_by = head.partition(" | ")
        found.append(Case(name, found_by, source))
    return found


EVASIONS = cases("evasions.txt")
LEGAL = cases("legal.txt")
