"""What a backup says of itself, in a file beside it: with this it is whole, without it is none."""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tools.backups.programs import BackupError

FORMAT = 1
PIECE = 1 << 20
KEYS = "FIELD_KEYS and INDEX_KEY are not in it: without them it opens nothing. Keep them apart."


@dataclass(frozen=True)
class Manifest:
    """What was backed up, when, how large; `field_keys` names keys and holds none."""

    format: int
    made_at: str
    seconds: float
    database: str
    identity: str
    server: int
    head: str
    rows: Mapping[str, int]
    bytes: int
    sha256: str
    field_keys: Sequence[str]
    keys: str = KEYS

    @property
    def total(self) -> int:
        """All rows."""
        return sum(self.rows.values())


def place(backup: Path) -> Path:
    """Where the manifest of a backup is."""
    return backup.with_name(f"{backup.name}.json")


def read(backup: Path) -> Manifest:
    """The manifest beside a backup; raises `BackupError` where there is none, or no backup."""
    beside = place(backup)
    if not backup.is_file():
        raise BackupError(f"There is no file {backup}.")
    if not beside.is_file():
        raise BackupError(f"{backup} has no manifest ({beside.name}): it was never finished.")
    try:
        found: dict[str, Any] = json.loads(beside.read_text("utf-8"))
        manifest = Manifest(**found)
    except (ValueError, TypeError) as wrong:
        raise BackupError(f"{beside} is no manifest of ours.") from wrong
    if manifest.format != FORMAT:
        raise BackupError(f"{beside} has format {manifest.format}; this build reads {FORMAT}.")
    return manifest


def verified(backup: Path) -> Manifest:
    """The manifest of a backup that is byte for byte as it was made; raises `BackupError`."""
    manifest = read(backup)
    size = backup.stat().st_size
    if size != manifest.bytes:
        raise BackupError(f"{backup} has {size} bytes, its manifest says {manifest.bytes}.")
    if digest(backup) != manifest.sha256:
        raise BackupError(f"{backup} is not as it was made: its SHA-256 differs.")
    return manifest


def digest(path: Path) -> str:
    """SHA-256 of a file."""
    found = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            found.update(piece)
    return found.hexdigest()


def write(backup: Path, manifest: Manifest) -> None:
    """Beside the backup, whole or not at all; the last step of taking one."""
    text = json.dumps(asdict(manifest), ensure_ascii=False, indent=1) + "\n"
    new = part(place(backup))
    with new.open("x", encoding="utf-8") as file:
        file.write(text)
    publish(new, place(backup))


def part(path: Path) -> Path:
    """The name of a file while it is being written."""
    return path.with_name(f"{path.name}.part")


def publish(new: Path, name: Path) -> None:
    """Give a finished file its name, on disk; raises `BackupError` where that name is taken."""
    _sync(new)
    try:
        os.link(new, name)
    except FileExistsError as taken:
        raise BackupError(f"{name} exists already; nothing is ever overwritten.") from taken
    finally:
        with suppress(OSError):
            new.unlink()
    _sync(name.parent)


def _sync(path: Path) -> None:
    file = os.open(path, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)
