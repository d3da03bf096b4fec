"""The keys that sign access tokens: rows of PostgreSQL, sealed by the field keys.

Every process knows of a change within `STALE_S`. A new key signs once that has passed, and the old
one verifies until its last token is over. No process's own clock is asked: what is told of a key
is how long ago by the database's clock, and not by `now()`, for who waited for a lock began before.
Only the owner of the database writes these rows.
"""

import math
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from threading import Lock
from typing import Any

import structlog
from flask import current_app
from sqlalchemy import Column, Connection, DateTime, LargeBinary, Row, Table, Text, func, text

from backend.kernel.crypto import Keyring, Unreadable, keyring, place
from backend.kernel.database import Base, db
from backend.kernel.errors import Unavailable

log = structlog.get_logger(__name__)

SHORTEST = 32
LONGEST_TOKEN = timedelta(minutes=15)
SIGNS_AFTER, SLACK = timedelta(seconds=30), timedelta(minutes=1)
KEPT = timedelta(days=30)
FRESH_S, STALE_S, FORGED_S = 2.0, 4.0, 1.0

signing_key = Table(
    "signing_key",
    Base.metadata,
    Column("kid", Text, primary_key=True),
    Column("key_sealed", LargeBinary, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("signs_from", DateTime(timezone=True), nullable=False),
    Column("verifies_until", DateTime(timezone=True)),
)
_KEY = place("signing_key", "key", ("kid",))
_USABLE = text("""
SELECT kid, key_sealed, extract(epoch FROM signs_from - clock_timestamp())::float AS signs_in,
  extract(epoch FROM verifies_until - clock_timestamp())::float AS ends_in
FROM signing_key WHERE verifies_until IS NULL OR verifies_until > clock_timestamp()
""")


class UnknownKey(Exception):
    """There is no key of this name that could be revoked."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key in the memory of one process, its times by that process's monotonic clock."""

    kid: str
    secret: bytes
    signs_at: float
    ends_at: float


class SigningKeys:
    """What one process knows of the keys, read anew every `FRESH_S`."""

    def __init__(self) -> None:
        self._keys: Mapping[str, SigningKey] = {}
        self._read_at = self._sought_at = -math.inf
        self._reading = Lock()

    def signer(self) -> SigningKey:
        """The newest key that every process knows; raises `Unavailable`."""
        now = time.monotonic()
        ready = [key for key in self._current().values() if key.signs_at <= now < key.ends_at]
        if not ready:
            log.error("no signing key", advice="run: python3 manage.py migrate")
            raise Unavailable
        return max(ready, key=lambda key: key.signs_at)

    def named(self, kid: str) -> bytes | None:
        """The key of this name, if it is one of ours and not over.

        An unknown name makes a process look again, once in `FORGED_S` however many ask.
        """
        found = self._current().get(kid) or self._sought().get(kid)
        return found.secret if found and time.monotonic() < found.ends_at else None

    def _current(self) -> Mapping[str, SigningKey]:
        age = time.monotonic() - self._read_at
        if age > FRESH_S and self._reading.acquire(blocking=age > STALE_S):
            try:
                if time.monotonic() - self._read_at > FRESH_S:
                    self._read()
            finally:
                self._reading.release()
        return self._keys

    def _sought(self) -> Mapping[str, SigningKey]:
        with self._reading:
            if time.monotonic() - self._sought_at > FORGED_S:
                self._sought_at = time.monotonic()
                self._read()
        return self._keys

    def _read(self) -> None:
        began = time.monotonic()
        rows = db.session.execute(_USABLE).all()
        opened = [_opened(row, began) for row in rows]
        self._keys = {key.kid: key for key in opened if key is not None}
        self._read_at = began


def _opened(row: Row[Any], now: float) -> SigningKey | None:
    """A key that cannot be read, or is too short to sign with, is none."""
    try:
        secret = keyring().unseal(row.key_sealed, _KEY.of(row.kid))
    except Unreadable:
        secret = b""
    if len(secret) < SHORTEST:
        log.error("signing key unusable", kid=row.kid)
        return None
    ends_in = math.inf if row.ends_in is None else row.ends_in
    return SigningKey(row.kid, secret, now + row.signs_in, now + ends_in)


def signing_keys() -> SigningKeys:
    """Those that the running app knows."""
    found: SigningKeys = current_app.extensions["signing_keys"]
    return found


def ensure(owner: Connection, ring: Keyring) -> None:
    """Have a key that signs, at once; any number of processes may ask together."""
    _alone(owner)
    if not _signing(owner):
        publish(owner, ring, *_fresh(), timedelta())


def rotate(owner: Connection, ring: Keyring, signs_after: timedelta = SIGNS_AFTER) -> str:
    """Publish a key that signs after a while, and let the others end by themselves; its name."""
    _alone(owner)
    kid, secret = _fresh()
    publish(owner, ring, kid, secret, signs_after)
    ends = {"kid": kid, "kept": KEPT, "after": signs_after + LONGEST_TOKEN + SLACK}
    owner.execute(
        text("""
        UPDATE signing_key SET verifies_until = clock_timestamp() + :after
        WHERE kid <> :kid AND verifies_until IS NULL"""),
        ends,
    )
    owner.execute(
        text("DELETE FROM signing_key WHERE verifies_until < clock_timestamp() - :kept"), ends
    )
    return kid


def revoke(owner: Connection, ring: Keyring, kid: str) -> None:
    """End a key now, with all its tokens; raises `UnknownKey`. If none is left, one is made."""
    _alone(owner)
    ended = text("""
        UPDATE signing_key SET verifies_until = clock_timestamp()
        WHERE kid = :kid AND (verifies_until IS NULL OR verifies_until > clock_timestamp())""")
    if not owner.execute(ended, {"kid": kid}).rowcount:
        raise UnknownKey(kid)
    ensure(owner, ring)


def listed(owner: Connection) -> Sequence[Row[Any]]:
    """Every key's name and times, the newest first, and which one signs now."""
    words = text("""
        SELECT kid, created_at, signs_from, verifies_until,
          CASE WHEN verifies_until <= now() THEN 'over'
            WHEN signs_from > now() THEN 'published'
            WHEN signs_from = max(signs_from) FILTER (WHERE signs_from <= now()
              AND (verifies_until IS NULL OR verifies_until > now())) OVER () THEN 'signs'
            ELSE 'verifies' END AS state
        FROM signing_key ORDER BY signs_from DESC, kid""")
    return owner.execute(words).all()


def publish(owner: Connection, ring: Keyring, kid: str, secret: bytes, after: timedelta) -> None:
    """Insert a key."""
    told = {"kid": kid, "sealed": ring.seal(secret, _KEY.of(kid)), "after": after}
    owner.execute(
        text("""
        INSERT INTO signing_key (kid, key_sealed, signs_from)
        VALUES (:kid, :sealed, clock_timestamp() + :after)"""),
        told,
    )


def _fresh() -> tuple[str, bytes]:
    return f"k{secrets.token_hex(6)}", secrets.token_bytes(SHORTEST)


def _alone(owner: Connection) -> None:
    """One change of keys at a time; readers do not wait."""
    owner.execute(text("LOCK TABLE signing_key IN SHARE ROW EXCLUSIVE MODE"))


def _signing(owner: Connection) -> bool:
    signs = text("""
        SELECT EXISTS (SELECT FROM signing_key WHERE signs_from <= clock_timestamp()
          AND (verifies_until IS NULL OR verifies_until > clock_timestamp()))""")
    return bool(owner.execute(signs).scalar_one())
