"""WeChat's access token: one for all processes on all machines, fetched by one of them at a time.

The truth is a row of PostgreSQL, sealed by the field keys. Whoever would fetch first takes a short
lease in that row and calls with no transaction open; the others look again until it is there. A
process repeats what it knows for `FRESH_S`, then asks Redis, then the row: both are only faster.
All times are the database's.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Any
from uuid import UUID, uuid4

import structlog
from flask import current_app
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Integer,
    LargeBinary,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.exc import SQLAlchemyError

from backend.kernel import cache
from backend.kernel.crypto import Unreadable, keyring, place
from backend.kernel.database import Base, db
from backend.kernel.errors import Unavailable
from backend.kernel.transaction import transaction

log = structlog.get_logger(__name__)

FRESH_S, POLL_S, PATIENCE_S = 60.0, 0.05, 4.0
LEASE_S = 8.0
# WeChat makes another in the last 300 s, while the old one stays good: asked earlier it repeats it.
RENEWS_WITHIN_S, RENEW_BEFORE_S, SHORTEST_S = 300, 240.0, 30.0
# After a refusal WeChat gave the same token again: it is the one, and is not asked for at once. A
# refusal after that is believed soon; where WeChat repeats itself again, it is asked more rarely.
SAME_S, SAME_AGAIN_S = 3.0, 30.0

wechat_token = Table(
    "wechat_token",
    Base.metadata,
    Column("appid", Text, primary_key=True),
    Column("token_sealed", LargeBinary),
    Column("fetches", BigInteger, nullable=False, server_default="0"),
    Column("fetched_at", DateTime(timezone=True)),
    Column("renew_at", DateTime(timezone=True)),
    Column("ends_at", DateTime(timezone=True)),
    Column("same_until", DateTime(timezone=True)),
    Column("lease", Uuid),
    Column("lease_until", DateTime(timezone=True)),
    Column("barred_until", DateTime(timezone=True)),
    Column("refused_with", Integer),
    CheckConstraint("(lease IS NULL) = (lease_until IS NULL)", "lease_has_end"),
    CheckConstraint(
        "num_nonnulls(token_sealed, fetched_at, renew_at, ends_at) IN (0, 4)", "token_has_times"
    ),
)
_TOKEN = place("wechat_token", "token", ("appid",))

_SEEN = text("""
SELECT token_sealed, fetches,
  coalesce(extract(epoch FROM ends_at - clock_timestamp()), 0)::float AS ends_in,
  coalesce(extract(epoch FROM renew_at - clock_timestamp()), 0)::float AS renew_in,
  coalesce(extract(epoch FROM barred_until - clock_timestamp()), 0)::float AS barred_for,
  coalesce(same_until > clock_timestamp(), false) AS is_confirmed
FROM wechat_token WHERE appid = :appid
""")
_TAKE = text("""
INSERT INTO wechat_token AS mine (appid, lease, lease_until)
VALUES (:appid, :lease, clock_timestamp() + make_interval(secs => :seconds))
ON CONFLICT (appid) DO UPDATE SET lease = excluded.lease, lease_until = excluded.lease_until
WHERE mine.fetches = :fetches
  AND (mine.lease IS NULL OR mine.lease_until < clock_timestamp())
  AND (:anyhow OR coalesce(mine.barred_until < clock_timestamp(), true))
RETURNING fetches
""")
# Counted from before the call: a token ends no earlier than we think.
_KEEP = text("""
UPDATE wechat_token SET token_sealed = :sealed, fetches = fetches + 1,
  fetched_at = clock_timestamp(), lease = NULL, lease_until = NULL,
  renew_at = lease_until - make_interval(secs => :lease_s) + make_interval(secs => :renew_in),
  ends_at = lease_until - make_interval(secs => :lease_s) + make_interval(secs => :ends_in),
  same_until = CASE WHEN :is_same THEN clock_timestamp() + make_interval(secs =>
    CASE WHEN same_until > clock_timestamp() - interval '10 s' THEN :again_s ELSE :same_s END) END,
  barred_until = NULL, refused_with = NULL
WHERE appid = :appid AND lease = :lease
""")
_GIVE_UP = text("""
UPDATE wechat_token SET lease = NULL, lease_until = NULL, refused_with = :code,
  barred_until = clock_timestamp() + make_interval(secs => :pause)
WHERE appid = :appid AND lease = :lease
""")


_TROUBLE = text("""
SELECT refused_with, barred_until IS NOT NULL AS failed FROM wechat_token WHERE appid = :appid
""")


class FetchFailed(Exception):
    """WeChat gave no token: its code, if it answered, and for how long nobody asks again."""

    def __init__(self, code: int | None, pause_s: float) -> None:
        super().__init__(code, pause_s)
        self.code, self.pause_s = code, pause_s


# Given `force`; the token and the seconds it still lives. Raises `FetchFailed`.
Fetch = Callable[[bool], tuple[str, int]]


@dataclass(frozen=True, slots=True)
class _Seen:
    """The row as it was a moment ago."""

    token: str | None = None
    fetches: int = 0
    ends_in: float = 0.0
    renew_in: float = 0.0
    barred_for: float = 0.0
    is_confirmed: bool = False

    def serves(self, stale: str | None) -> bool:
        """Whether it may be used, given that `stale` was refused."""
        other = self.token != stale or self.is_confirmed
        return self.token is not None and self.ends_in > 0 and other


class SharedToken:
    """What one process knows of the token, and its way to the others'."""

    def __init__(self, appid: str, fetch: Fetch) -> None:
        self._appid, self._fetch = appid, fetch
        self._known, self._known_until = "", 0.0
        self._lock = Lock()

    def get(self, stale: str | None = None) -> str:
        """A token, not one that was refused unless WeChat has just repeated it.

        Raises `Unavailable` after `PATIENCE_S`, or at once where the last fetch has failed.
        """
        until = time.monotonic() + PATIENCE_S
        if (known := self._remembered(stale)) is not None:
            return known
        if not self._lock.acquire(timeout=PATIENCE_S):
            raise Unavailable
        try:
            return self._remembered(stale) or self._cached(stale) or self._shared(stale, until)
        except SQLAlchemyError as away:
            log.warning("wechat token: database", error=type(away).__name__)
            raise Unavailable from away
        finally:
            self._lock.release()

    def force(self) -> None:
        """Let WeChat make another at once, and the old one die: an operator's act, after a leak."""
        seen = self._seen()
        lease = self._take(seen, anyhow=True)
        if lease is None:
            raise Unavailable
        self._fetched(lease, seen, force=True)

    def forget(self) -> None:
        """What this process remembers."""
        self._known, self._known_until = "", 0.0

    def _remembered(self, stale: str | None) -> str | None:
        fresh = time.monotonic() < self._known_until and self._known != stale
        return self._known if fresh else None

    def _remember(self, token: str, seconds: float) -> str:
        self._known, self._known_until = token, time.monotonic() + seconds
        return token

    def _cached(self, stale: str | None) -> str | None:
        token = (cache.read_sealed(self._key) or b"").decode()
        return self._remember(token, FRESH_S) if token not in {"", stale} else None

    def _shared(self, stale: str | None, until: float) -> str:
        """From the row, or by a fetch; a token that is being renewed serves while it is good."""
        while True:
            seen = self._seen()
            if seen.serves(stale) and seen.renew_in > 0:
                return self._used(seen)
            lease = self._take(seen)
            if lease is not None:
                return self._fetched(lease, seen, stale)
            if seen.serves(stale):
                return self._used(seen)
            if seen.barred_for > 0 or time.monotonic() > until:
                raise Unavailable
            time.sleep(POLL_S)

    def _used(self, seen: _Seen) -> str:
        token = self._remember(seen.token or "", min(FRESH_S, max(seen.renew_in, 1.0)))
        if seen.renew_in > 1:
            cache.write_sealed(self._key, token.encode(), int(seen.renew_in))
        return token

    def _fetched(
        self, lease: UUID, seen: _Seen, stale: str | None = None, *, force: bool = False
    ) -> str:
        try:
            token, seconds = self._fetch(force)
        except FetchFailed as failure:
            self._give_up(lease, failure)
            if not force and seen.serves(stale):
                return self._used(seen)
            raise Unavailable from failure
        self._keep(lease, seen, token, seconds)
        found = self._seen()
        return self._used(found) if found.serves(stale) else token

    def _seen(self) -> _Seen:
        with current_app.app_context(), transaction():
            row = db.session.execute(_SEEN, {"appid": self._appid}).mappings().one_or_none()
        if row is None:
            return _Seen()
        told: dict[str, Any] = dict(row)
        return _Seen(self._opened(told.pop("token_sealed")), **told)

    def _opened(self, sealed: bytes | None) -> str | None:
        """A token that cannot be read is none: another is fetched in its place."""
        try:
            place_of_it = _TOKEN.of(self._appid)
            return None if sealed is None else keyring().unseal(sealed, place_of_it).decode()
        except Unreadable:
            log.error("wechat token: unreadable", advice="are FIELD_KEYS the same everywhere?")
            return None

    def _take(self, seen: _Seen, *, anyhow: bool = False) -> UUID | None:
        """The right to fetch, where nobody has it and nobody has fetched since."""
        lease = uuid4()
        asked = {"lease": lease, "seconds": LEASE_S, "fetches": seen.fetches, "anyhow": anyhow}
        with current_app.app_context(), transaction():
            taken = db.session.execute(_TAKE, {"appid": self._appid, **asked}).first()
        return lease if taken else None

    def _keep(self, lease: UUID, seen: _Seen, token: str, seconds: int) -> None:
        """Write it down; whoever lost the lease meanwhile keeps silent."""
        is_same = token == seen.token
        told = {
            "appid": self._appid,
            "lease": lease,
            "lease_s": LEASE_S,
            "sealed": keyring().seal(token.encode(), _TOKEN.of(self._appid)),
            "ends_in": float(seconds),
            "renew_in": _renew_in(seconds, is_same=is_same),
            "is_same": is_same,
            "same_s": SAME_S,
            "again_s": SAME_AGAIN_S,
        }
        with current_app.app_context(), transaction():
            kept = db.session.execute(_KEEP, told)
        log.info("wechat token: fetched", is_kept=getattr(kept, "rowcount", 0) == 1)

    def _give_up(self, lease: UUID, failure: FetchFailed) -> None:
        told = {"appid": self._appid, "lease": lease}
        with current_app.app_context(), transaction():
            db.session.execute(_GIVE_UP, told | {"code": failure.code, "pause": failure.pause_s})

    @property
    def _key(self) -> str:
        return f"wechat:{self._appid}:access_token"


def _renew_in(seconds: int, *, is_same: bool) -> float:
    """After how many seconds the next one is fetched; a server that renews late is not pressed."""
    if is_same and seconds <= RENEWS_WITHIN_S:
        return float(seconds)
    return max(seconds - RENEW_BEFORE_S, min(SHORTEST_S, seconds / 2))


def refused_with(appid: str) -> int | None:
    """The code with which WeChat last refused to give a token, if it did."""
    found = db.session.execute(_TROUBLE, {"appid": appid}).one_or_none()
    return found.refused_with if found else None


def trouble(appid: str) -> float | None:
    """1 where the last fetch has failed, else 0; `None` before the first."""
    found = db.session.execute(_TROUBLE, {"appid": appid}).one_or_none()
    return float(found.failed) if found else None
