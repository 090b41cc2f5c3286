"""What a web worker does once, before its first request."""

import gc
from importlib import import_module

from django.conf import settings


def settle_in() -> None:
    """Loads every page's code and takes what is loaded out of the garbage collector's sight: it stays until the worker
    ends, and to look through it again in the middle of a request took that request a tenth of a second."""
    import_module(settings.ROOT_URLCONF)
    gc.collect()
    gc.freeze()
