"""A phonetic key for Brazilian names: Luiz = Luís, Thiago = Tiago, Walter = Valter, Sousa = Souza.

Spelling rules of Brazilian Portuguese and the usual ways foreign names are written down by ear
(Wellington / Uelinton, Schmidt / Chimit); vowels inside stay, because Márcia and Márcio are two people.
"""

import re
from functools import lru_cache

_RULES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"sch", "x"),
        (r"^x(?=[mn])", "xi"),  # Schmidt is said with a vowel
        (r"ch(?=[rl])", "k"),
        (r"[sc]h", "x"),
        (r"ph", "f"),
        (r"lh", "li"),
        (r"nh", "ni"),
        (r"h", ""),
        (r"([a-z])\1+", r"\1"),
        (r"ck", "k"),
        (r"c(?=t)", ""),  # Victor, Octávio
        (r"p(?=t)", ""),  # Baptista
        (r"d(?=t)|g(?=ton)", ""),
        (r"sc(?=[eiy])", "s"),
        (r"c(?=[eiy])", "s"),
        (r"^g[ei]o", "jo"),  # Geovana, Giovana
        (r"g(?=[eiy])", "j"),
        (r"gu(?=[eiy])", "g"),
        (r"qu(?=[eiy])", "k"),
        (r"[cq]", "k"),
        (r"^(?:wa|ua|uo)(?=[sx])", "uo"),
        (r"(?<=[bdfhjmnprstvxz])ue(?=[lhrtbsfn])", "u"),  # Mueller, Müller
        (r"^w(?=[ei])", "u"),
        (r"w", "v"),
        (r"y", "i"),
        (r"z", "s"),
        (r"t$", "ti"),  # Elizabeth, Judith
        (r"^fel(?=i)", "fil"),
        (r"ei(?=[xrj])", "e"),
        (r"ou", "o"),
        (r"m(?=[^aeiou]|$)", "n"),
        (r"l(?=[^aeiou]|$)", "u"),
        (r"ao$", "aun"),
        (r"(?<=.)e(?=s?$)", "i"),
        (r"(?<=.)o(?=s?$)", "u"),
        (r"([a-z])\1+", r"\1"),
    )
)


@lru_cache(maxsize=65_536)
def phonetic(word: str) -> str:
    """Key of one folded word; words that sound alike to a Brazilian ear share it."""
    key = word
    for pattern, replacement in _RULES:
        key = pattern.sub(replacement, key)
    return key or word


_BY_EAR: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"^[ie]s(?=[tpkmn])", "s"),  # Istoianov for Stoyanov
        (r"of+$", "ov"),
        (r"cz|tsch|tch", "x"),
        (r"(?<=[aeiou])nc(?=[oa])", "ns"),  # the cedilla of Françoise is lost in folding
        (r"oi(?=s)", "ua"),
    )
)


@lru_cache(maxsize=65_536)
def heard(word: str) -> str:
    """A coarser key for names written down by ear."""
    key = word
    for pattern, replacement in _BY_EAR:
        key = pattern.sub(replacement, key)
    return phonetic(key)
