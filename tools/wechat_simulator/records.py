"""Append-only files of one JSON object a line."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def encode(record: dict[str, Any]) -> bytes:
    """One line, Chinese as Chinese."""
    return json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


class Records:
    """A line is with the operating system before `append` returns: it outlives the process."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self.file = path.open("ab", buffering=0)
        self._drop_torn_line()

    def append(self, line: bytes) -> None:
        """Write one whole line in one go."""
        self.file.write(line)

    def lines(self) -> Iterator[bytes]:
        """Every line kept so far."""
        with self.path.open("rb") as kept:
            yield from kept

    def wipe(self) -> None:
        """Begin with an empty file."""
        self.file.truncate(0)

    def _drop_torn_line(self) -> None:
        kept = self.path.read_bytes()
        whole = kept.rfind(b"\n") + 1
        if whole != len(kept):
            self.file.truncate(whole)
