"""Sessions: a short access token, and a refresh token that each use replaces.

Whether a session lives is read from the database by the query that recognises a request; its
times are real time.
"""

import base64
import binascii
import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Interval,
    Select,
    bindparam,
    delete,
    func,
    literal,
    select,
    update,
)

from backend.identity import policy
from backend.identity.errors import RefreshReused, SessionOver
from backend.identity.events import SessionsEnded
from backend.identity.models import Account, Door, Ending, LoginSession, RefreshToken
from backend.identity.tokens import Holder, Token, issue
from backend.kernel.clock import since
from backend.kernel.context import Context, Role
from backend.kernel.crypto import keyring
from backend.kernel.database import db
from backend.kernel.errors import NotFound
from backend.kernel.events import record
from backend.kernel.policy import admitted, by_anyone, by_clock, by_staff

GRACE = timedelta(seconds=30)
SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class Lifetime:
    """How long a session lives without being used, and at most."""

    idle: timedelta
    most: timedelta


LIFETIMES: Mapping[tuple[Holder, Door], Lifetime] = {
    (Holder.RESIDENT, Door.WECHAT): Lifetime(timedelta(days=30), timedelta(days=180)),
    (Holder.STAFF, Door.WECHAT): Lifetime(timedelta(hours=12), timedelta(days=7)),
    (Holder.STAFF, Door.WEB): Lifetime(timedelta(minutes=30), timedelta(hours=12)),
}


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """What a client gets: an access token, and the refresh token that follows it."""

    token: Token
    refresh_token: str
    session_id: UUID
    account: Account | None = None


@admitted(by_anyone)
def begin(
    _ctx: Context,
    /,
    holder: Holder,
    subject: UUID,
    *,
    door: Door = Door.WECHAT,
    device: str | None = None,
) -> LoggedIn:
    """Begin a session of an account (resident) or a member of staff."""
    secret, life = os.urandom(SECRET_BYTES), LIFETIMES[holder, door]
    owner = "account_id" if holder is Holder.RESIDENT else "staff_id"
    session = LoginSession(
        door=door,
        device=device,
        started_at=func.now(),
        refreshed_at=func.now(),
        expires_at=func.now() + _interval(life.idle),
        **{owner: subject},
    )
    db.session.add(session)
    db.session.flush()
    return _given(session.id, holder, subject, 0, secret)


@admitted(by_anyone)
def refresh(ctx: Context, text: str) -> LoggedIn:
    """Exchange a refresh token for its successor; raises `SessionOver`, `RefreshReused`.

    Requests that were sent together get the same successor, so none of them locks the others out;
    an older generation is a copy in strange hands, and ends the session.
    """
    secret = _read(text)
    found = db.session.execute(_HELD, {"hash": _hash(secret)}).first()
    if found is None or not found.lives:
        raise SessionOver
    session, presented = found.LoginSession, found.generation
    if presented == session.generation:
        return _rotate(session, secret)
    if presented == session.generation - 1 and found.is_fresh:
        return _again(session, secret)
    _end(ctx, [session.id], Ending.REUSED)
    raise RefreshReused


@admitted(policy.logged_in)
def age_of_session(ctx: Context) -> timedelta:
    """How long ago, in real time, the actor logged in with this device."""
    begun = select(LoginSession.started_at).where(LoginSession.id == ctx.actor.session)
    return since(db.session.execute(begun).scalar_one())


@admitted(policy.logged_in)
def listed(ctx: Context) -> Sequence[LoginSession]:
    """The actor's own sessions that live, the newest first."""
    own = select(LoginSession).where(_of_actor(ctx), _lives())
    return db.session.execute(own.order_by(LoginSession.started_at.desc())).scalars().all()


@admitted(policy.logged_in)
def end(ctx: Context, session_id: UUID | None = None) -> None:
    """End one of the actor's own sessions, this one unless named; raises `NotFound`."""
    session_id = session_id or ctx.actor.session
    why = Ending.LOGGED_OUT if session_id == ctx.actor.session else Ending.ENDED_ELSEWHERE
    own = select(LoginSession.id).where(LoginSession.id == session_id, _of_actor(ctx), _lives())
    if db.session.execute(own).first() is None:
        raise NotFound
    _end(ctx, [cast(UUID, session_id)], why)


@admitted(policy.logged_in)
def end_others(ctx: Context) -> int:
    """End the actor's sessions on every other device; returns how many."""
    others = select(LoginSession.id).where(
        _of_actor(ctx), _lives(), LoginSession.id != ctx.actor.session
    )
    return _end(ctx, db.session.execute(others).scalars().all(), Ending.ENDED_ELSEWHERE)


@admitted(by_anyone)
def end_all(
    ctx: Context,
    why: Ending,
    *,
    account_id: UUID | None = None,
    staff_id: UUID | None = None,
    but: UUID | None = None,
) -> int:
    """End the sessions of an account or a member of staff, `but` this one; returns how many."""
    whose = (
        LoginSession.account_id == account_id if account_id else LoginSession.staff_id == staff_id
    )
    theirs = select(LoginSession.id).where(whose, _lives())
    found = [row for row in db.session.execute(theirs).scalars() if row != but]
    return _end(ctx, found, why)


@admitted(by_clock)
def forget_ended(_ctx: Context, before: datetime, limit: int = 500) -> int:
    """Drop up to `limit` sessions that ended or ran out before an instant (real time)."""
    over = func.least(LoginSession.ended_at, LoginSession.expires_at) < before
    some = select(LoginSession.id).where(over).limit(limit).scalar_subquery()
    gone = delete(LoginSession).where(LoginSession.id.in_(some)).returning(LoginSession.id)
    quietly = gone.execution_options(synchronize_session=False)
    return len(db.session.execute(quietly).all())


@admitted(by_staff)
def step_up(ctx: Context) -> None:
    """Note that the second factor was given a moment ago in the actor's session."""
    own = update(LoginSession).where(LoginSession.id == ctx.actor.session)
    db.session.execute(own.values(stepped_up_at=func.now()))


def _rotate(session: LoginSession, secret: bytes) -> LoggedIn:
    holder, subject = _holder(session)
    life = LIFETIMES[holder, session.door]
    session.generation += 1
    session.refreshed_at = func.now()
    session.expires_at = func.least(
        LoginSession.started_at + _interval(life.most), func.now() + _interval(life.idle)
    )
    return _given(session.id, holder, subject, session.generation, _successor(session, secret))


def _again(session: LoginSession, secret: bytes) -> LoggedIn:
    holder, subject = _holder(session)
    token = issue(holder, subject, session.id)
    return LoggedIn(token, _written(_successor(session, secret)), session.id)


def _given(
    session_id: UUID, holder: Holder, subject: UUID, generation: int, secret: bytes
) -> LoggedIn:
    kept = RefreshToken(
        session_id=session_id, generation=generation, hash=_hash(secret), issued_at=func.now()
    )
    db.session.add(kept)
    db.session.flush()
    return LoggedIn(issue(holder, subject, session_id), _written(secret), session_id)


def _end(ctx: Context, ids: Sequence[UUID], why: Ending) -> int:
    if ids:
        those = update(LoginSession).where(LoginSession.id.in_(ids))
        db.session.execute(those.values(ended_at=func.now(), ended_why=why))
        record(ctx, SessionsEnded(tuple(ids), why))
    return len(ids)


def _of_actor(ctx: Context) -> ColumnElement[bool]:
    if ctx.actor.role is Role.RESIDENT:
        return LoginSession.account_id == ctx.actor.id
    return LoginSession.staff_id == ctx.actor.id


def _lives() -> ColumnElement[bool]:
    return LoginSession.ended_at.is_(None) & (LoginSession.expires_at > func.now())


def _holder(session: LoginSession) -> tuple[Holder, UUID]:
    if session.account_id is not None:
        return Holder.RESIDENT, session.account_id
    return Holder.STAFF, cast(UUID, session.staff_id)


def _successor(session: LoginSession, secret: bytes) -> bytes:
    """What follows a secret; without our key nobody computes it, and we need not keep it."""
    return keyring().index(f"{session.id}:{secret.hex()}", "refresh")


def _hash(secret: bytes) -> bytes:
    return hashlib.sha256(secret).digest()


def _written(secret: bytes) -> str:
    return base64.urlsafe_b64encode(secret).rstrip(b"=").decode()


def _read(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (ValueError, binascii.Error) as wrong:
        raise SessionOver from wrong


def _interval(span: timedelta) -> ColumnElement[timedelta]:
    return literal(span, Interval())


def seen(grace: timedelta = GRACE) -> Select[Any]:
    """The session of a token, whether it lives, and whether its rotation is young."""
    lives = LoginSession.ended_at.is_(None) & (LoginSession.expires_at > func.now())
    fresh = LoginSession.refreshed_at > func.now() - _interval(grace)
    columns = (LoginSession, RefreshToken.generation, lives.label("lives"), fresh.label("is_fresh"))
    joined = select(*columns).join(RefreshToken, RefreshToken.session_id == LoginSession.id)
    found: Any = joined.where(RefreshToken.hash == bindparam("hash"))
    return cast("Select[Any]", found)


def held(found: Select[Any]) -> Select[Any]:
    """The same, locked: of requests sent together the first rotates, the others see that it did."""
    return found.with_for_update(of=LoginSession).execution_options(populate_existing=True)


_HELD = held(seen())
