"""What was delivered: one line a message, kept for good."""

import json
import uuid
from pathlib import Path
from typing import Any

from .clock import Clock
from .records import Records, encode
from .templates import Template


class Ledger:
    """Lines stay encoded in memory, so that a hundred thousand messages cost little."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self.clock = clock
        self.records = Records(path)
        self.lines: list[bytes] = []
        self.of_openid: dict[str, list[int]] = {}  # who heard last stands last
        for line in self.records.lines():
            self._index(json.loads(line)["openid"], line)

    def deliver(
        self, openid: str, template: Template, data: dict[str, str], page: str | None
    ) -> int:
        """Write the message down and return its number; the first one is 1."""
        seq = len(self.lines) + 1
        line = encode(
            {
                "seq": seq,
                "at": self.clock.local().isoformat(timespec="milliseconds"),
                "trace": uuid.uuid4().hex,
                "openid": openid,
                "template_id": template.id,
                "data": data,
                "page": page,
                "one_time": template.one_time,
            }
        )
        self.records.append(line)
        self._index(openid, line)
        return seq

    def messages(self, openid: str | None = None, after_seq: int = 0) -> list[dict[str, Any]]:
        """Messages in the order of delivery, of one person or of all."""
        if openid is None:
            chosen = self.lines[max(0, after_seq) :]
        else:
            chosen = [self.lines[i] for i in self.of_openid.get(openid, []) if i >= after_seq]
        return [json.loads(line) for line in chosen]

    def newest(self, openid: str | None, count: int) -> list[dict[str, Any]]:
        """The last messages, newest first."""
        places = range(len(self.lines)) if openid is None else self.of_openid.get(openid, [])
        return [json.loads(self.lines[i]) for i in reversed(places[-count:])]

    def wipe(self) -> None:
        """Forget everything."""
        self.records.wipe()
        self.lines.clear()
        self.of_openid.clear()

    def _index(self, openid: str, line: bytes) -> None:
        places = self.of_openid.pop(openid, [])
        places.append(len(self.lines))
        self.of_openid[openid] = places
        self.lines.append(line)
