"""Recipes: the answers for a layout, found by its fingerprint, and exchanged between hotels as JSON."""

import re
from typing import Any, Final

from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from pipeline.intake.words import KINDS
from pipeline.models import ImportedFile, ImportRecipe

FORMAT: Final = "sistema-os-receita"
SCOPES: Final = ("house", "arrivals", "departures", "group")
_FINGERPRINT = re.compile(r"[0-9a-f]{32}")
_MOST_ANSWERS: Final = 60
_LONGEST: Final = 200


class InvalidRecipe(ValueError):
    """The JSON is no recipe; the message is a sentence for people."""


def find(fingerprint: str) -> ImportRecipe | None:
    return ImportRecipe.objects.filter(fingerprint=fingerprint).first() if fingerprint else None


def remember(file: ImportedFile, headers: list[str]) -> ImportRecipe:
    """Keeps the answers of an imported file for the next one of its layout, and counts the use."""
    recipe, _created = ImportRecipe.objects.get_or_create(
        fingerprint=file.fingerprint,
        defaults={"name": _name(file), "kind": file.kind, "headers": headers[:256]},
    )
    ImportRecipe.objects.filter(pk=recipe.pk).update(
        scope=file.scope, answers=file.answers, columns=file.columns, used=F("used") + 1, last_used_at=timezone.now()
    )
    return recipe


def _name(file: ImportedFile) -> str:
    """The file's name without its date and its ending."""
    stem = file.name.rpartition(".")[0] or file.name
    words = re.sub(r"[\d_\W]+", " ", stem).strip()
    ending = file.name.rpartition(".")[2].upper()[:5]
    return f"{words or _('List')}, {ending}"[:120]


def export(recipe: ImportRecipe) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "fingerprint": recipe.fingerprint,
        "name": recipe.name,
        "kind": recipe.kind,
        "scope": recipe.scope,
        "headers": recipe.headers,
        "answers": recipe.answers,
        "columns": recipe.columns,
    }


def bring(data: Any) -> ImportRecipe:
    """Creates or replaces the recipe of an exported JSON. Raises InvalidRecipe."""
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise InvalidRecipe(_("This is no recipe of Sistema OS: export it on the page Sources of the other hotel."))
    fingerprint, kind, scope, headers = (data.get(name) for name in ("fingerprint", "kind", "scope", "headers"))
    answers, columns = data.get("answers"), data.get("columns")
    sound = (
        isinstance(fingerprint, str)
        and _FINGERPRINT.fullmatch(fingerprint)
        and kind in KINDS
        and scope in ("", *SCOPES)
        and isinstance(headers, list)
        and len(headers) <= 256
        and all(isinstance(header, str) and len(header) <= _LONGEST for header in headers)
        and _is_table(answers)
        and _is_table(columns)
    )
    if not sound:
        raise InvalidRecipe(_("The recipe is damaged: export it again and send the whole file."))
    recipe, _created = ImportRecipe.objects.update_or_create(
        fingerprint=fingerprint,
        defaults={
            "name": str(data.get("name") or _("List"))[:120],
            "kind": str(kind),
            "scope": str(scope),
            "headers": headers,
            "answers": answers,
            "columns": columns,
        },
    )
    return recipe


def _is_table(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and len(value) <= _MOST_ANSWERS
        and all(isinstance(text, str) and len(text) <= _LONGEST for pair in value.items() for text in pair)
    )
