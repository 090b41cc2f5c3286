"""gunicorn -c docs/deploy/gunicorn_conf.py sistema_os.wsgi

Threads, so that a slow client or a hanging Supabase holds a thread and not a whole worker. A proxy stands in front and
buffers requests and answers (nginx.conf, Caddyfile): bodies do not arrive here byte by byte.
"""

import os
import shutil
import tempfile
from collections.abc import Callable
from typing import Any

bind = os.environ.get("GUNICORN_BIND", "127.0.0.1:8000")
worker_class = "gthread"
workers = int(os.environ.get("GUNICORN_WORKERS", "2"))
threads = int(os.environ.get("GUNICORN_THREADS", "8"))
# A worker that accepts nothing for so long is replaced; a decision waits for Supabase for 3 s at most.
timeout = 60
graceful_timeout = 30
# The proxy keeps connections open for longer than a thread should wait for the next request.
keepalive = 5
# Memory that a worker has gathered is given back now and then, never in all workers at once.
max_requests = 5000
max_requests_jitter = 500
limit_request_line = 4094
limit_request_fields = 60
limit_request_field_size = 8190
# No access log: the address of a search holds what was searched for, and that may be a name.
accesslog = None

# Where the workers add up what /metrics tells about HTTP; emptied at each start.
_metrics = os.environ.setdefault(
    "PROMETHEUS_MULTIPROC_DIR", os.path.join(tempfile.gettempdir(), f"sistema-os-metrics-{os.getuid()}")
)


def on_starting(_server: Any) -> None:
    shutil.rmtree(_metrics, ignore_errors=True)
    os.makedirs(_metrics, mode=0o700)


def child_exit(_server: Any, worker: Any) -> None:
    from prometheus_client import multiprocess  # after the variable above is set

    forget: Callable[[int], None] = multiprocess.mark_process_dead
    forget(worker.pid)
