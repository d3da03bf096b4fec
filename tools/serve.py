"""`manage.py api`, `jobs` and `migrate`: this process becomes the program."""

import os
import shutil
import sys
from collections.abc import Sequence

from backend.kernel import rights

GRANIAN = {
    "API_HOST": ("--host", "127.0.0.1"),
    "API_PORT": ("--port", "8000"),
    "API_WORKERS": ("--workers", "2"),
    "DATABASE_POOL": ("--blocking-threads", "16"),
}


def api(arguments: Sequence[str]) -> int:
    """Serve the API."""
    try:
        rights.verify_at(os.environ.get("DATABASE_URL", ""))
    except rights.TooMuch as words:
        print(f"api: {words}", file=sys.stderr)
        return 1
    empty_metrics()
    return become("granian", [*granian(), *arguments, "miniapp_api.wsgi:app"])


def granian() -> list[str]:
    """How we serve; a request waits for a thread, so that each thread finds a connection."""
    chosen = [
        word
        for name, (option, default) in GRANIAN.items()
        for word in (option, os.environ.get(name) or default)
    ]
    fixed = ["--interface", "wsgi", "--no-ws", "--no-access-log", "--respawn-failed-workers"]
    # HTTP/2 ends at the proxy; headers above 64 KiB or slower than 10 s are not waited for.
    bounds = ["--http", "1", "--http1-buffer-size", "65536", "--http1-header-read-timeout", "10000"]
    limits = ["--runtime-mode", "st", "--workers-kill-timeout", "10s"]
    return [*fixed, *bounds, *limits, *chosen]


def empty_metrics() -> None:
    """Give the workers an empty folder to count in; what an earlier run counted is over."""
    if folder := os.environ.get("METRICS_DIR"):
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder)
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder


def jobs(arguments: Sequence[str]) -> int:
    """Do what happens by itself."""
    return become("jobs.runner", arguments)


def migrate(arguments: Sequence[str]) -> int:
    """Bring the schema to the newest revision."""
    return become("backend.kernel.migrate", arguments)


def become(module: str, arguments: Sequence[str]) -> int:
    """Run a module in our place, so that signals and the parent's end reach it directly."""
    os.execv(sys.executable, [sys.executable, "-m", module, *arguments])  # noqa: S606
