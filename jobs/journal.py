"""A sender's memory on this machine: a line before each call, a line with its result.

The file is locked as long as its process lives; one whose lock can be had was left by a dead one.
Lines survive the process, not the machine: after another boot a missing line proves nothing.
"""

import fcntl
import json
import os
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson

from backend.messaging import INTERRUPTED, RELEASED, Claimed, Outcome, Reason, Result, State

LARGEST = 4_000_000
_BOOT = Path("/proc/sys/kernel/random/boot_id")

Key = tuple[UUID, UUID]


def boot() -> str | None:
    """Which start of this machine it is, where that can be told."""
    with suppress(OSError):
        return _BOOT.read_text("ascii").strip()
    return None


class Journal:
    """The journal of this process."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        while True:
            self.sender = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
            self._path = folder / f"{self.sender}.jsonl"
            self._file = os.open(self._path, os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_WRONLY)
            if _locked(self._file) and self._path.exists():
                break
            os.close(self._file)
        self.size, self._lines = 0, bytearray()
        self._write({"boot": boot()})

    def started(self, message: Claimed) -> None:
        """The call begins as soon as this is flushed."""
        self._lines += b'{"m": "%s", "t": "%s"}\n' % _hex(message)

    def ended(self, result: Result) -> None:
        """What came of it: written at the next `flush`."""
        told = {"m": result.id.hex, "t": result.token.hex, "o": result.outcome}
        self._lines += orjson.dumps(told, option=orjson.OPT_APPEND_NEWLINE)

    def flush(self) -> None:
        """Have in the file whatever was told."""
        if self._lines:
            lines, self._lines = bytes(self._lines), bytearray()
            self._append(lines)

    def clear(self) -> None:
        """Begin anew: the database has everything."""
        os.ftruncate(self._file, 0)
        self.size = 0
        self._write({"boot": boot()})

    def remove(self) -> None:
        """Nothing is left to tell."""
        self._path.unlink(missing_ok=True)

    def close(self) -> None:
        """Let go of it: what it still tells is settled by whoever finds it."""
        os.close(self._file)

    def _write(self, record: dict[str, Any]) -> None:
        self._append(json.dumps(record).encode() + b"\n")

    def _append(self, lines: bytes) -> None:
        if os.write(self._file, lines) != len(lines):
            raise OSError("the journal is full")
        self.size += len(lines)


@dataclass(frozen=True)
class Remains:
    """What a dead sender left: what it had begun, what it knew, whether lines may be missing."""

    sender: str
    begun: frozenset[Key]
    known: dict[Key, Outcome]
    whole: bool

    def outcome(self, key: Key) -> Outcome:
        """What is to be said of a message it had claimed."""
        if key in self.known:
            return self.known[key]
        return INTERRUPTED if key in self.begun or not self.whole else RELEASED


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    file = os.open(path, os.O_RDWR)
    try:
        yield file
    finally:
        os.close(file)


@contextmanager
def remains(path: Path) -> Iterator[Remains | None]:
    """What is in a dead sender's journal, removed after the with-block; `None` if it lives."""
    try:
        with _opened(path) as file:
            if not _locked(file) or not path.exists():
                yield None
                return
            yield _read(path)
            path.unlink(missing_ok=True)
    except FileNotFoundError:
        yield None


def journals(folder: Path) -> list[Path]:
    """Every journal on this machine."""
    return sorted(folder.glob("*.jsonl"))


def _read(path: Path) -> Remains:
    begun: set[Key] = set()
    known: dict[Key, Outcome] = {}
    whole = False
    for line in path.read_bytes().splitlines():
        try:
            record = json.loads(line)
        except ValueError:
            whole = False
            continue
        if "boot" in record:
            whole = record["boot"] is not None and record["boot"] == boot()
        elif "o" in record:
            known[_key(record)] = _outcome(record["o"])
        else:
            begun.add(_key(record))
    return Remains(path.stem, frozenset(begun), known, whole)


def _hex(message: Claimed) -> tuple[bytes, bytes]:
    return message.id.hex.encode(), message.token.hex.encode()


def _key(record: dict[str, Any]) -> Key:
    return UUID(record["m"]), UUID(record["t"])


def _outcome(record: dict[str, Any]) -> Outcome:
    reason = record["reason"]
    return Outcome(
        **{**record, "state": State(record["state"]), "reason": reason and Reason(reason)}
    )


def _locked(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
