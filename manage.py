#!/usr/bin/env python3
"""The one command of the project: makes its own virtual environment, then does what it is told.

Only the standard library is used here, so that any Python from 3.11 on can start it.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator
from pathlib import Path

if sys.platform != "win32":
    import fcntl

ROOT = Path(__file__).resolve().parent
OLDEST = (3, 11)
PRODUCTION_COMMANDS = {"api", "jobs", "migrate", "keys", "backup", "restore", "messages"}

# A person's words on pip's network and cache are kept; what would send packages elsewhere is not.
KEPT_PIP_SETTINGS = {
    "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_NO_INDEX", "PIP_TRUSTED_HOST",
    "PIP_CERT", "PIP_CLIENT_CERT", "PIP_PROXY", "PIP_TIMEOUT", "PIP_DEFAULT_TIMEOUT", "PIP_RETRIES",
    "PIP_CACHE_DIR", "PIP_NO_CACHE_DIR", "PIP_CONFIG_FILE",
}  # fmt: skip
FOREIGN_PYTHON = {
    "PYTHONHOME", "PYTHONPATH", "PYTHONSAFEPATH", "VIRTUAL_ENV", "__PYVENV_LAUNCHER__",
}  # fmt: skip


class SetUpError(Exception):
    """The environment cannot be made; the text tells a person what to do."""


class Environment:
    """The virtual environment `.venv`, built whole or not at all."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.folder = root / ".venv"
        self.python = self.folder / "bin" / "python"
        self.stamp = self.folder / "jiayi-stamp"

    def fingerprint(self, name: str) -> str:
        """What the environment was made of: the pinned packages, and which Python."""
        python = f"{sys.implementation.cache_tag} {platform.system()} {platform.machine()}"
        pins = (self.root / name).read_bytes()
        return f"{name} {hashlib.sha256(pins + python.encode()).hexdigest()}"

    def fits(self, *names: str) -> bool:
        """Whether it is finished and was made from one of these files as they are now."""
        if not (self.python.exists() and self.stamp.exists()):
            return False
        return self.stamp.read_text().strip() in {self.fingerprint(name) for name in names}

    def ensure(self, *, production: bool) -> None:
        """Have the environment ready; the one for development serves production as well."""
        name = "requirements.txt" if production else "requirements-dev.txt"
        if self.fits(name, "requirements-dev.txt"):
            return
        with self.alone() as lock:
            if not self.fits(name, "requirements-dev.txt"):
                self.build(name, lock)

    def build(self, name: str, lock: int) -> None:
        """Make it anew; the stamp comes last, so that a half-made one is never taken for whole."""
        began = time.monotonic()
        say(f"Preparing .venv from {name} (once; about half a minute) …")
        shutil.rmtree(self.folder, ignore_errors=True)
        base = getattr(sys, "_base_executable", None) or sys.executable
        run([base, "-m", "venv", "--without-pip", str(self.folder)], lock)
        install = [*pip_for(base, self.python), "install", "-qq", "--no-input", "--require-hashes"]
        run(
            [*install, "--disable-pip-version-check", "-r", str(self.root / name)],
            lock,
        )
        self.stamp.write_text(self.fingerprint(name) + "\n")
        say(f"Ready after {time.monotonic() - began:.0f} s.")

    @contextlib.contextmanager
    def alone(self) -> Iterator[int]:
        """Wait for another start that prepares the same environment; gives the lock's number."""
        (self.root / ".jiayi").mkdir(exist_ok=True)
        with (self.root / ".jiayi" / "venv.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                say("Another start is preparing .venv; waiting for it …")
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield lock.fileno()


def pip_for(base: str, python: Path) -> list[str]:
    """How to run pip for `python`: the wheel that comes with Python, or else the pip of `base`.

    Debian keeps ensurepip in a package of its own (python3-venv), so it may well be missing.
    """
    places = [
        Path(sysconfig.get_path("stdlib")) / "ensurepip" / "_bundled",
        Path(sysconfig.get_config_var("WHEEL_PKG_DIR") or "/usr/share/python-wheels"),
        Path("/usr/share/python-wheels"),
    ]
    for wheel in (wheel for place in places for wheel in sorted(place.glob("pip-*.whl"))):
        return [str(python), str(wheel / "pip")]
    own = [base, "-m", "pip"]
    if subprocess.run([*own, "--version"], capture_output=True, check=False).returncode == 0:
        return [*own, "--python", str(python)]
    raise SetUpError("This Python has no pip. On Debian and Ubuntu: apt install python3-venv.")


def calm_environment() -> dict[str, str]:
    """The caller's environment without what would lead Python or pip astray."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in FOREIGN_PYTHON and (not name.startswith("PIP_") or name in KEPT_PIP_SETTINGS)
    }
    return kept | {"PIP_USER": "0", "PYTHONUNBUFFERED": "1"}


def run(command: list[str], lock: int) -> None:
    """Run one step of the preparation, or say which one failed.

    The step holds the lock with us: when only we are killed, the next start waits for its end.
    """
    step = subprocess.run(command, env=calm_environment(), cwd=ROOT, pass_fds=[lock], check=False)
    if step.returncode:
        raise SetUpError(f"This step failed (its words are above): {' '.join(command)}")


def say(text: str) -> None:
    """Tell the person at the terminal; stdout is left to the commands."""
    print(text, file=sys.stderr, flush=True)


def check_machine() -> None:
    """Refuse what cannot work, with the reason."""
    if sys.version_info < OLDEST:
        raise SetUpError(f"Python 3.11 or newer is needed; this is {platform.python_version()}.")
    if os.name == "nt":
        raise SetUpError("On Windows please use WSL: the servers are Unix processes.")


def main(arguments: list[str]) -> None:
    """Prepare the environment, then become the command inside it."""
    check_machine()
    wanted = arguments or ["help"]
    production = os.environ.get("ENV") == "production" and wanted[0] in PRODUCTION_COMMANDS
    environment = Environment(ROOT)
    environment.ensure(production=production)
    os.chdir(ROOT)
    command = [str(environment.python), "-m", "tools.cli", *wanted]
    os.execve(command[0], command, calm_environment())  # noqa: S606  # no shell is the point


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except (SetUpError, OSError) as problem:
        sys.exit(f"manage.py: {problem}")
    except KeyboardInterrupt:
        sys.exit(130)
