"""The state folder of one installation: generated secrets, kept ports, logs, who is running."""

import base64
import contextlib
import fcntl
import json
import os
import secrets
import shutil
import socket
import string
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

from tools.launch.process import LaunchError

ROOT = Path(__file__).resolve().parents[2]


def key() -> str:
    """A fresh 256-bit key in base64."""
    return base64.b64encode(secrets.token_bytes(32)).decode()


LETTERS = string.ascii_letters + string.digits
SECRETS: dict[str, Callable[[], str]] = {
    "FIELD_KEYS": lambda: f"demo:{key()}",
    "INDEX_KEY": key,
    "WECHAT_SECRET": lambda: secrets.token_hex(16),
    "REALNAME_KEY": lambda: secrets.token_urlsafe(24),
    "WECHAT_CALLBACK_TOKEN": lambda: secrets.token_hex(12),
    "WECHAT_CALLBACK_AES_KEY": lambda: "".join(secrets.choice(LETTERS) for _ in range(43)),
    "SMS_SECRET_KEY": lambda: secrets.token_urlsafe(24),
    "SMS_CALLBACK_SECRET": lambda: secrets.token_urlsafe(32),
    "admin_password": lambda: secrets.token_urlsafe(24),
    "migrator_password": lambda: secrets.token_urlsafe(24),
    "app_password": lambda: secrets.token_urlsafe(24),
    "valkey_password": lambda: secrets.token_urlsafe(24),
}


class State:
    """What outlives a stop: `.jiayi/` for the demo, any other folder for tests and benchmarks."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self.logs = self.folder / "log"
        try:
            self.logs.mkdir(parents=True, exist_ok=True)
            self.secrets = self._secrets()
        except PermissionError as refusal:
            raise LaunchError(f"{refusal.filename} belongs to another user.") from refusal

    def _secrets(self) -> dict[str, str]:
        """The kept ones, and new ones for what is missing; two that start together share them."""
        with (self.folder / "secrets.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            known = self.read("secrets.json")
            if missing := {name: make() for name, make in SECRETS.items() if name not in known}:
                known |= missing
                self.write("secrets.json", known)
            return known

    def read(self, name: str) -> dict[str, Any]:
        """A small JSON file of the folder; empty when it is not there or not whole."""
        with contextlib.suppress(FileNotFoundError, json.JSONDecodeError):
            content: dict[str, Any] = json.loads((self.folder / name).read_text())
            return content
        return {}

    def write(self, name: str, content: dict[str, Any]) -> None:
        """Replace a small JSON file whole, readable by its owner alone."""
        new = self.folder / f"{name}.{os.getpid()}"
        new.touch(mode=0o600)
        new.write_text(json.dumps(content, indent=1) + "\n")
        new.replace(self.folder / name)

    def remove(self, name: str) -> None:
        """Forget a file or a folder of the state."""
        shutil.rmtree(self.folder / name, ignore_errors=True)
        with contextlib.suppress(FileNotFoundError, IsADirectoryError):
            (self.folder / name).unlink()

    def port(self, name: str, wanted: int = 0) -> int:
        """The port this server had before (or the wanted one) when still free, else another."""
        kept = self.read("ports.json")
        chosen = next(p for p in (wanted or kept.get(name, 0), 0) if p == 0 or is_free(p))
        kept[name] = chosen or any_free()
        self.write("ports.json", kept)
        return int(kept[name])

    def log(self, name: str) -> Path:
        """Where a child writes; what it wrote in the run before is kept beside it."""
        path = self.logs / f"{name}.log"
        with contextlib.suppress(FileNotFoundError):
            path.replace(path.with_suffix(".log.before"))
        return path

    @contextlib.contextmanager
    def alone(self) -> Iterator[bool]:
        """Whether nobody else works in this folder; the kernel forgets us when we die."""
        with (self.folder / "lock").open("a") as lock:
            yield _taken(lock)


def _taken(lock: IO[str]) -> bool:
    """Whether the lock is ours; who only looks holds it for a moment, so that it is tried again."""
    for pause in (0.05, 0.1, 0.2, 0):
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(pause)
        else:
            return True
    return False


def is_free(port: int) -> bool:
    """Whether a server could listen there now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def any_free() -> int:
    """A port nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
