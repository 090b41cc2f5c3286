"""Keyed hashes, field by field, of what two rows said when a person judged them.

They answer two questions later without keeping anybody's data in the decision: has a side changed, and in what.
"""

import hashlib
import unicodedata
from collections.abc import Mapping
from typing import Any

from django.conf import settings

Fingerprint = dict[str, str]


def fingerprint(fields: Mapping[str, Any]) -> Fingerprint:
    """Twelve hex digits a field, keyed with settings.HASH_KEY; case, accents' form and spacing do not count."""
    key = hashlib.blake2b(settings.HASH_KEY.encode(), digest_size=32).digest()
    return {name: _mark(key, name, value) for name, value in fields.items() if value not in (None, "", [])}


def _mark(key: bytes, name: str, value: Any) -> str:
    text = " ".join(unicodedata.normalize("NFC", str(value)).casefold().split())
    return hashlib.blake2b(f"{name}\0{text}".encode(), key=key, digest_size=6).hexdigest()


def differing(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """Names of the fields that are not what they were, in the order in which the present row has them."""
    names = [*after, *(name for name in before if name not in after)]
    return [name for name in names if before.get(name) != after.get(name)]
