"""Single-letter keys, switched on and off by each person for themselves, on whatever machine they sit."""

from typing import Any

from django.http import HttpRequest

from matching.models import KeyPreference

BUTTON = "single_keys"
CHOICES = ("on", "off")


def single(user: Any) -> bool:
    return not KeyPreference.objects.filter(user=user, single_keys=False).exists()


def switched(request: HttpRequest) -> bool:
    """True when the request was that switch, and it has been thrown; any other value is no switch."""
    person: Any = request.user
    wanted = request.POST.get(BUTTON) if request.method == "POST" else None
    if wanted not in CHOICES:
        return False
    KeyPreference.objects.update_or_create(user=person, defaults={"single_keys": wanted == "on"})
    return True
