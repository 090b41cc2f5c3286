"""A mark on an order: whoever sets it wants to come back, and so the whole shift finds it."""

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest

from matching.models import Deed, Order, note_down

BUTTONS = {"flag": True, "unflag": False}


def switched(request: HttpRequest) -> bool:
    """True when the request was that button, and the mark is as it asks, pressed twice or not. A forged order is a
    404."""
    button = next((name for name in BUTTONS if request.method == "POST" and name in request.POST), None)
    if button is None:
        return False
    if not request.user.has_perm("matching.decide_suggestion"):
        raise PermissionDenied
    value = str(request.POST[button])
    if not (value.isascii() and value.isdigit() and len(value) < 19):
        raise Http404
    _switch(request, int(value), BUTTONS[button])
    return True


@transaction.atomic
def _switch(request: HttpRequest, order: int, wanted: bool) -> None:
    if Order.objects.filter(pk=order, flagged=not wanted).update(flagged=wanted):
        note_down(request.user, Deed.FLAG if wanted else Deed.UNFLAG, order=order)
    elif not Order.objects.filter(pk=order).exists():
        raise Http404
