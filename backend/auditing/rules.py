"""The chain as pure functions: a row's hash, a batch's, and the root that hangs on the one before.

Each is SHA-256. A verifier needs nothing but these and the rows, and may be written anew.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

GENESIS = bytes(32)
SHORTEST_REASON = 10  # characters: enough to say what happened
KEPT_YEARS = 3  # PIPL 56: records of processing
COLUMNS = (
    "id",
    "at",
    "recorded_at",
    "actor_id",
    "actor_role",
    "session_id",
    "institution_id",
    "operation",
    "refusal",
    "resident_ids",
    "reasons",
)


@dataclass(frozen=True)
class AccessPolicy:
    """The region's own figures for emergency access."""

    emergency_hours: int
    emergencies_per_day: int
    review_within_hours: int

    def __post_init__(self) -> None:
        if not (1 <= self.emergency_hours <= 4 and 1 <= self.review_within_hours <= 72):
            raise ValueError("at most 4 hours, reviewed within at most 72")
        if not 1 <= self.emergencies_per_day <= 20:
            raise ValueError("1 to 20 emergencies a day")


def hash_of(row: Mapping[Any, Any]) -> bytes:
    """The hash of one disclosure: of its columns as JSON with sorted keys, UTF-8, no spaces."""
    plain = {name: _plain(row[name]) for name in COLUMNS}
    words = json.dumps(plain, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(words.encode()).digest()


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return str(value) if isinstance(value, UUID) else value


def batch_of(hashes: Iterable[bytes]) -> bytes:
    """The hash of a batch: of the hashes of its rows in their order."""
    return hashlib.sha256(b"".join(hashes)).digest()


@dataclass(frozen=True, slots=True)
class Seal:
    """One link: the batch of a month's rows, on top of the root before."""

    number: int
    prev: bytes
    batch: bytes
    month: date
    entries: int
    sealed_at: datetime

    @property
    def root(self) -> bytes:
        """What the next link hangs on."""
        facts = [self.number, self.month, self.entries, _plain(self.sealed_at)]
        words = "|".join(str(fact) for fact in facts).encode()
        return hashlib.sha256(self.prev + self.batch + words).digest()


def may_retire(month: date, today: date) -> bool:
    """Whether every day of a month has been kept for three years."""
    months = (today.year - month.year) * 12 + today.month - month.month
    return months > KEPT_YEARS * 12
