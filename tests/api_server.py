"""The API as it is deployed: workers of granian on a port of their own."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from conftest import environment

from tools.launch.process import Child
from tools.launch.stack import answers
from tools.launch.state import ROOT, any_free


@contextmanager
def serving(database_url: str, folder: Path, **changes: str) -> Iterator[int]:
    """Two workers as long as the block lasts; gives the port. Their words are in `api.log`."""
    port = any_free()
    settings = environment(database_url, folder / "journal") | {
        "API_PORT": str(port), "API_WORKERS": "2", **changes,
    }  # fmt: skip
    command = [sys.executable, "-m", "tools.cli", "api"]
    child = Child("api", command, folder / "api.log", os.environ | settings, ROOT)
    child.start()
    try:
        child.await_ready(lambda: answers(port, "/readyz"), 60)
        yield port
    finally:
        child.stop()
