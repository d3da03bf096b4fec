"""Sealing what was disclosed, behind everybody's back: no request waits for a seal or locks one.

Each disclosure leaves a note that it is not sealed yet, in its own transaction. A sealer reads the
notes that it can see, hangs one seal on the newest, and takes the notes away, in one statement:
what commits late is simply sealed later, and of two sealers the second one's seal hangs on a root
that is taken (docs/adr/0011).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from backend.auditing.rules import GENESIS, Seal, batch_of, hash_of
from backend.kernel import hot
from backend.kernel.calendar import shanghai_date
from backend.kernel.database import db

AT_ONCE = 2000
_NEWEST = text("SELECT number, root, now() AS at FROM audit_seal ORDER BY number DESC LIMIT 1")
_NOW = text("SELECT now()")
_WAITING = text(
    """
SELECT d.* FROM (
  SELECT disclosure_id, at FROM disclosure_unsealed ORDER BY recorded_at, disclosure_id LIMIT :most
) waiting JOIN disclosure d ON d.id = waiting.disclosure_id AND d.at = waiting.at
ORDER BY d.recorded_at, d.id
"""
)
_SEAL = """
WITH link AS (
  INSERT INTO audit_seal (number, prev, batch, root, month, entries, sealed_at)
  VALUES (%(number)s, %(prev)s, %(batch)s, %(root)s, %(month)s, %(entries)s, %(sealed_at)s)
), sealed AS (
  INSERT INTO audit_entry (disclosure_id, at, seal_number, place, hash)
  SELECT one.id, one.at, %(number)s, one.place, one.hash
  FROM unnest(%(ids)s::uuid[], %(ats)s::timestamptz[], %(hashes)s::bytea[])
    WITH ORDINALITY AS one (id, at, hash, place)
)
DELETE FROM disclosure_unsealed WHERE disclosure_id = ANY(%(ids)s::uuid[])
"""
_LAG = text(
    "SELECT coalesce(extract(epoch FROM clock_timestamp() - min(recorded_at)), 0)"
    " FROM disclosure_unsealed"
)


@dataclass(frozen=True, slots=True)
class Batch:
    """A seal that can be set, and the rows below it: id, instant, hash, in order."""

    seal: Seal
    rows: Sequence[tuple[UUID, datetime, bytes]]


def waiting() -> Batch | None:
    """The next seal to be set, `None` where nothing waits; locks nothing."""
    found = db.session.execute(_WAITING, {"most": AT_ONCE}).mappings().all()
    if not found:
        return None
    month = _month_of(found[0])
    rows = [(row["id"], row["at"], hash_of(row)) for row in found if _month_of(row) == month]
    newest = db.session.execute(_NEWEST).first()
    number, prev = (newest.number + 1, bytes(newest.root)) if newest else (1, GENESIS)
    at = newest.at if newest else db.session.execute(_NOW).scalar_one()
    batch = batch_of(hashed for _, _, hashed in rows)
    return Batch(Seal(number, prev, batch, month, len(rows), at), rows)


def _month_of(row: Mapping[Any, Any]) -> date:
    return shanghai_date(row["at"]).replace(day=1)


def set_seal(batch: Batch) -> int:
    """Set it, together with the COMMIT; returns how many rows it seals.

    Ends in an `IntegrityError` where another process has set one on the same root.
    """
    link = batch.seal
    told = {
        "number": link.number,
        "prev": link.prev,
        "batch": link.batch,
        "root": link.root,
        "month": link.month,
        "entries": link.entries,
        "sealed_at": link.sealed_at,
    }
    ids, ats, hashes = (list(column) for column in zip(*batch.rows, strict=True))
    hot.last(_SEAL, told | {"ids": ids, "ats": ats, "hashes": hashes})
    return len(batch.rows)


def lag_s() -> float:
    """Seconds (real time) since the oldest row that waits for its seal was written."""
    return float(db.session.execute(_LAG).scalar_one())
