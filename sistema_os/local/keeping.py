"""The demo keeps its queue going: a cluster that died or froze is started again, as a service manager would."""

import time
from collections import deque
from collections.abc import Callable

from django.utils.translation import gettext as _

from sistema_os.local.children import Children
from sistema_os.local.errors import LocalStackError

QUEUE, WATCH = "queue", "watch"
# The exit code with which the watch says that the queue is frozen (see pipeline.management.commands.jobwatch).
FROZEN = 4
_MOST_STARTS, _WITHIN_SECONDS = 5, 60.0


class Keeper:
    """Looks after the servers; whatever is not the queue or its watch takes the demo with it when it ends."""

    def __init__(self, children: Children, say: Callable[[str], None], *, watch_every: float = 10.0) -> None:
        self._children = children
        self._say = say
        self._watch = ("jobwatch", "--exit-when-frozen", f"--every={watch_every}")
        self._starts: deque[float] = deque(maxlen=_MOST_STARTS)

    def serve(self) -> None:
        self._children.serve_manage(QUEUE, "qcluster")
        self._children.serve_manage(WATCH, *self._watch)

    def look(self) -> None:
        """Starts again what ended and may be started again. Raises LocalStackError, which names the server, for any
        other, and where starting again does not help."""
        ended = self._children.ended()
        for name in ended.keys() - {QUEUE, WATCH}:
            raise LocalStackError(
                _("“%(name)s” has ended by itself; %(log)s says why.") % {"name": name, "log": self._children.log(name)}
            )
        if QUEUE in ended:
            self._start_again(QUEUE, _("The queue had ended; it was started again."))
        elif ended.get(WATCH) == FROZEN:
            self._start_again(QUEUE, _("The queue was frozen; it was started again."))
        if ended:
            self._children.serve_again(WATCH)  # it begins with putting back what the cluster before had fetched

    def _start_again(self, name: str, sentence: str) -> None:
        now = time.monotonic()
        if len(self._starts) == _MOST_STARTS and now - self._starts[0] < _WITHIN_SECONDS:
            raise LocalStackError(
                _("“%(name)s” ends again and again; %(log)s says why.")
                % {"name": name, "log": self._children.log(name)}
            )
        self._starts.append(now)
        self._children.serve_again(name)
        self._say(sentence)
