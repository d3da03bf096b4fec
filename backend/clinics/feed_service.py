"""日历订阅: whoever has the secret address reads when and where, and of no resident anything."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

from icalendar import Calendar, Event
from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.orm import joinedload

from backend import identity
from backend.clinics.models import ClinicSession, SessionState
from backend.clinics.roster_cells import SERVICES
from backend.clinics.roster_models import CalendarFeed
from backend.kernel.calendar import SHANGHAI
from backend.kernel.context import CLINICAL, Context
from backend.kernel.database import db
from backend.kernel.errors import NotFound
from backend.kernel.policy import admitted, by_anyone, by_manager
from backend.kernel.ties import Tie, admits

TOKEN_BYTES = 32
BACK, AHEAD = timedelta(days=31), timedelta(days=62)
_LIVE = CalendarFeed.ended_at.is_(None)
by_clinician = admits(Tie.STAFF, only={Tie.STAFF: frozenset(CLINICAL)})


@dataclass(frozen=True, slots=True)
class Feed:
    """A calendar, and what it is called so that nobody reads the same twice."""

    content: bytes
    etag: str


@admitted(by_clinician)
def begin_own_feed(ctx: Context) -> str:
    """A secret for the acting expert's calendar, told once; the one before is over."""
    return _begun(ctx, CalendarFeed.expert_id == ctx.actor.id, expert_id=ctx.actor.id)


@admitted(by_clinician)
def end_own_feed(ctx: Context) -> None:
    """Let nobody read the acting expert's calendar any more."""
    _end(ctx, CalendarFeed.expert_id == ctx.actor.id)


@admitted(by_manager)
def begin_house_feed(ctx: Context, institution_id: UUID) -> str:
    """A secret for the calendar of one of the manager's houses, told once; raises `NotFound`."""
    _require_house(ctx, institution_id)
    here = CalendarFeed.institution_id == institution_id
    return _begun(ctx, here, institution_id=institution_id)


@admitted(by_manager)
def end_house_feed(ctx: Context, institution_id: UUID) -> None:
    """Let nobody read the calendar of one of the manager's houses; raises `NotFound`."""
    _require_house(ctx, institution_id)
    _end(ctx, CalendarFeed.institution_id == institution_id)


@admitted(by_anyone)
def read_feed(ctx: Context, token: str) -> Feed:
    """The sessions of a month past and two to come as iCalendar (RFC 5545); raises `NotFound`.

    An address is no good once its expert has left, or who asked for it manages the house no more.
    """
    known = select(CalendarFeed).where(CalendarFeed.token_hash == _hash(token), _LIVE)
    feed = db.session.execute(known).scalar_one_or_none()
    if feed is None or not _has_owner(ctx, feed):
        raise NotFound
    content = _calendar(_sessions(ctx, feed)).to_ical()
    return Feed(content, sha256(content).hexdigest()[:32])


def _has_owner(ctx: Context, feed: CalendarFeed) -> bool:
    if feed.institution_id is not None:
        return identity.manages(ctx, feed.made_by, feed.institution_id)
    expert = identity.staff(ctx, [feed.made_by]).get(feed.made_by)
    return expert is not None and expert.works(ctx.at)


def _require_house(ctx: Context, institution_id: UUID) -> None:
    if institution_id not in ctx.actor.houses:
        raise NotFound


def _begun(ctx: Context, whose: ColumnElement[bool], **ids: UUID) -> str:
    _end(ctx, whose)
    token = secrets.token_urlsafe(TOKEN_BYTES)
    made = {"made_by": ctx.actor.id, "made_at": ctx.at}
    db.session.add(CalendarFeed(token_hash=_hash(token), **ids, **made))
    return token


def _end(ctx: Context, whose: ColumnElement[bool]) -> None:
    db.session.execute(update(CalendarFeed).where(whose, _LIVE).values(ended_at=ctx.at))


def _hash(token: str) -> bytes:
    return sha256(token.encode()).digest()


def _sessions(ctx: Context, feed: CalendarFeed) -> Sequence[ClinicSession]:
    theirs = (
        ClinicSession.institution_id == feed.institution_id
        if feed.expert_id is None
        else or_(
            ClinicSession.expert_id == feed.expert_id,
            ClinicSession.crew.contains([feed.expert_id]),
        )
    )
    near = ClinicSession.day.between(ctx.today - BACK, ctx.today + AHEAD)
    names = (joinedload(ClinicSession.expert), joinedload(ClinicSession.institution))
    found = select(ClinicSession).where(theirs, near).options(*names)
    by_time = found.order_by(ClinicSession.starts_at, ClinicSession.id)
    return db.session.execute(by_time).scalars().all()


def _calendar(sessions: Sequence[ClinicSession]) -> Calendar:
    calendar = Calendar()
    calendar.add("prodid", "-//Jiayi//Clinics//ZH")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("refresh-interval", timedelta(hours=1), parameters={"VALUE": "DURATION"})
    for session in sessions:
        calendar.add_component(_event(session))
    return calendar


def _event(session: ClinicSession) -> Event:
    cancelled = session.state is SessionState.CANCELLED
    event = Event()
    event.add("uid", f"{session.id}@jiayi")
    event.add("dtstamp", _made_at(session.id))
    event.add("sequence", int(cancelled))
    event.add("dtstart", session.starts_at.astimezone(SHANGHAI))
    event.add("dtend", session.ends_at.astimezone(SHANGHAI))
    what = f"{session.specialty}{SERVICES[session.service]} {session.expert.name}"
    event.add("summary", f"停诊：{what}" if cancelled else what)
    event.add("location", f"{session.institution.name} {session.room}")
    event.add("status", "CANCELLED" if cancelled else "CONFIRMED")
    return event


def _made_at(key: UUID) -> datetime:
    """The instant that a version 7 key begins with: the same whenever it is read."""
    return datetime.fromtimestamp((key.int >> 80) // 1000, SHANGHAI)
