"""What this machine remembers of its databases, so that one set back behind that is noticed.

A file beside the journals: how far each lineage had counted when a sender here last looked.
"""

import json
import os
import time
from contextlib import suppress
from pathlib import Path
from uuid import UUID

import structlog

from backend import messaging
from backend.kernel.context import Context

log = structlog.get_logger(__name__)

EVERY_S = 2.0


class Witness:
    """The memory of one sender, shared with the others of its machine."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "witness.json"
        self._looked_at = -EVERY_S
        self._active = False
        self._is_told = False

    def look(self, ctx: Context) -> None:
        """Compare the database with what is remembered, at most every two seconds.

        Raises the send fence where the database knows less; in the caller's transaction.
        """
        if time.monotonic() - self._looked_at < EVERY_S:
            return
        seen = self._remembered()
        sight = messaging.fence.compare(ctx, seen)
        if sight.beat > seen.get(sight.lineage, 0):
            self._try_to_remember(seen | {sight.lineage: sight.beat})
        if self._active:
            messaging.fence.beat()
        self._looked_at, self._active = time.monotonic(), False

    def sent(self) -> None:
        """Something was claimed: the database counts on at the next look."""
        self._active = True

    def doubt(self) -> None:
        """The database was away: it may come back as another one."""
        self._looked_at, self._active = -EVERY_S, True

    def _remembered(self) -> dict[UUID, int]:
        """Nothing on a new machine, or where the file was torn by a crash."""
        with suppress(OSError, ValueError, TypeError, AttributeError):
            return {
                UUID(one): int(beat) for one, beat in json.loads(self._path.read_text()).items()
            }
        return {}

    def _try_to_remember(self, seen: dict[UUID, int]) -> None:
        """A full disk must not end the sender: a memory less is no alarm."""
        try:
            self._remember(seen)
        except OSError as failure:
            if not self._is_told:
                log.error("witness: cannot write", error=type(failure).__name__)
            self._is_told = True

    def _remember(self, seen: dict[UUID, int]) -> None:
        new = self._path.with_suffix(f".{os.getpid()}")
        new.write_text(json.dumps({str(lineage): beat for lineage, beat in seen.items()}))
        new.replace(self._path)
