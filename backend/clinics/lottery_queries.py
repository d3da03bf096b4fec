"""How draws, entries and closed lists are found."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, or_, select

from backend.clinics import policy
from backend.clinics.lottery_models import (
    DrawState,
    LotteryDraw,
    LotteryEntry,
    LotteryList,
    LotteryOutcome,
    LotteryRank,
    LotteryResult,
    LotteryTicket,
)
from backend.clinics.lottery_rules import Times, lottery_of, times
from backend.clinics.models import Allocation, Booking, BookingOrigin, ClinicSession, SessionState
from backend.clinics.rules import policy_of
from backend.clinics.strike_models import Strike, StrikeState
from backend.kernel.context import Context, Kinship
from backend.kernel.database import Base, db, held, one
from backend.kernel.paging import Page, Wanted, page

AT_ONCE = 50
R = TypeVar("R", bound=Base)


@dataclass(frozen=True, slots=True)
class Draw:
    """A draw as everybody sees it; bytes as hexadecimal digits."""

    id: UUID
    session_id: UUID
    state: DrawState
    opens_at: datetime
    closes_at: datetime
    draws_at: datetime
    rest_at: datetime
    commitment: str
    made_at: datetime
    entries: int | None = None
    digest: str | None = None
    closed_at: datetime | None = None
    seed: str | None = None
    drawn_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Ticket:
    """One line of a closed list, with its place once it was drawn."""

    ticket: UUID
    priority: int
    rank: int | None
    outcome: LotteryOutcome | None


@dataclass(frozen=True, slots=True)
class Entry:
    """A person's part in a draw."""

    id: UUID
    ticket: UUID
    priority: int
    reason: str
    wants_waiting: bool
    joined_at: datetime
    left_at: datetime | None
    by_kinship: Kinship | None
    draw: Draw
    starts_at: datetime
    specialty: str
    rank: int | None
    outcome: LotteryOutcome | None
    booking_id: UUID | None
    may_leave: bool


def draw(ctx: Context, session_id: UUID) -> Draw:
    """The draw of a session; raises `NotFound` where there is none."""
    return _told(ctx, one(select(LotteryDraw).where(LotteryDraw.session_id == session_id)))


def tickets(_ctx: Context, session_id: UUID, wanted: Wanted) -> Page[Ticket]:
    """The closed list by ticket; nothing before it is closed."""
    own = one(select(LotteryDraw.id).where(LotteryDraw.session_id == session_id))
    found = page(
        select(LotteryTicket).where(LotteryTicket.draw_id == own), [LotteryTicket.ticket], wanted
    )
    ranks = _ranks([row.ticket for row in found.items])
    return Page([_line(row, ranks.get(row.ticket)) for row in found.items], found.next)


def _line(row: LotteryTicket, rank: LotteryRank | None) -> Ticket:
    place, outcome = (rank.rank, rank.outcome) if rank else (None, None)
    return Ticket(row.ticket, row.priority, place, outcome)


def entries(ctx: Context, wanted: Wanted) -> Page[Entry]:
    """What the person acted for takes part in, the newest first."""
    found = page(_visible(ctx), [LotteryEntry.id], wanted, newest_first=True)
    return Page(_entries(ctx, found.items), found.next)


def entry(ctx: Context, entry_id: UUID) -> Entry:
    """One of them; raises `NotFound`."""
    return _entries(ctx, [one(_visible(ctx).where(LotteryEntry.id == entry_id))])[0]


def hold_entry(ctx: Context, entry_id: UUID) -> LotteryEntry:
    """One entry with its session shared and itself locked, until the commit."""
    found = one(_visible(ctx).where(LotteryEntry.id == entry_id))
    share(found.session_id)
    return held(select(LotteryEntry).where(LotteryEntry.id == entry_id))


def share(session_id: UUID) -> None:
    """Let no list of this session's draw be closed until the commit."""
    own = select(ClinicSession.id).where(ClinicSession.id == session_id)
    db.session.execute(own.with_for_update(read=True, key_share=True))


def is_listed(draw_id: UUID) -> bool:
    """Whether the list is closed."""
    found = select(LotteryList.id).where(LotteryList.draw_id == draw_id)
    return db.session.execute(found).first() is not None


def is_resting(ctx: Context) -> bool:
    """Whether too many seats that nobody sat on keep the person from helping oneself."""
    strikes = policy_of(ctx.region).strikes
    counted = (Strike.resident_id == ctx.person) & (Strike.state != StrikeState.LIFTED)
    found = select(func.count(), func.max(Strike.at)).where(
        counted, Strike.at > ctx.at - strikes.window
    )
    many, newest = db.session.execute(found).one()
    return many >= strikes.most and newest > ctx.at - strikes.rest


def to_announce(ctx: Context, failed: Collection[UUID]) -> Sequence[UUID]:
    """Sessions to be drawn that have no draw yet."""
    known = select(LotteryDraw.id).where(LotteryDraw.session_id == ClinicSession.id)
    found = select(ClinicSession.id).where(
        ClinicSession.allocation == Allocation.LOTTERY,
        ClinicSession.state == SessionState.OPEN,
        ClinicSession.starts_at > ctx.at,
        ~known.exists(),
        ClinicSession.id.not_in(failed),
    )
    return db.session.execute(found.limit(AT_ONCE)).scalars().all()


def to_close(ctx: Context, failed: Collection[UUID]) -> Sequence[UUID]:
    """Draws that nobody can join any more and whose list is not closed yet."""
    listed = select(LotteryList.id).where(LotteryList.draw_id == LotteryDraw.id)
    return _due(LotteryDraw.closes_at <= ctx.at, ~listed.exists(), failed)


def to_draw(ctx: Context, failed: Collection[UUID]) -> Sequence[UUID]:
    """Draws whose hour has come, or whose session is not held."""
    listed = select(LotteryList.id).where(LotteryList.draw_id == LotteryDraw.id)
    cancelled = select(ClinicSession.id).where(
        ClinicSession.id == LotteryDraw.session_id, ClinicSession.state == SessionState.CANCELLED
    )
    ready = (LotteryDraw.draws_at <= ctx.at) & listed.exists()
    return _due(or_(ready, cancelled.exists()), ~_resulted(), failed)


def _resulted() -> ColumnElement[bool]:
    return select(LotteryResult.id).where(LotteryResult.draw_id == LotteryDraw.id).exists()


def _due(
    first: ColumnElement[bool], second: ColumnElement[bool], failed: Collection[UUID]
) -> Sequence[UUID]:
    found = select(LotteryDraw.id).where(first, second, ~_resulted())
    rest = found.where(LotteryDraw.id.not_in(failed)).order_by(LotteryDraw.draws_at)
    return db.session.execute(rest.limit(AT_ONCE)).scalars().all()


def taking_part(draw_id: UUID) -> Sequence[LotteryEntry]:
    """Who has joined and not left."""
    found = select(LotteryEntry).where(
        LotteryEntry.draw_id == draw_id, LotteryEntry.left_at.is_(None)
    )
    return db.session.execute(found.order_by(LotteryEntry.id)).scalars().all()


def listed(draw_id: UUID) -> Mapping[UUID, int]:
    """The closed list: ticket → priority."""
    found = select(LotteryTicket.ticket, LotteryTicket.priority)
    rows = db.session.execute(found.where(LotteryTicket.draw_id == draw_id))
    return {row.ticket: row.priority for row in rows}


def window_of(ctx: Context, session: ClinicSession) -> Times | None:
    """The instants of a draw for this session that is announced now."""
    return times(session.starts_at, ctx.at, lottery_of(ctx.region))


def _visible(ctx: Context) -> Select[LotteryEntry]:
    return select(LotteryEntry).where(policy.entries_visible_to(ctx))


def _entries(ctx: Context, found: Sequence[LotteryEntry]) -> Sequence[Entry]:
    draws = _by_id(LotteryDraw, [row.draw_id for row in found])
    told = {key: _told(ctx, row) for key, row in draws.items()}
    sessions = _by_id(ClinicSession, [row.session_id for row in found])
    ranks = _ranks([row.ticket for row in found])
    return [
        _entry(row, told[row.draw_id], sessions[row.session_id], ranks.get(row.ticket))
        for row in found
    ]


def _entry(
    row: LotteryEntry, draw: Draw, session: ClinicSession, rank: LotteryRank | None
) -> Entry:
    return Entry(
        id=row.id,
        ticket=row.ticket,
        priority=row.priority,
        reason=row.reason,
        wants_waiting=row.wants_waiting,
        joined_at=row.joined_at,
        left_at=row.left_at,
        by_kinship=row.by_kinship,
        draw=draw,
        starts_at=session.starts_at,
        specialty=session.specialty,
        rank=rank.rank if rank else None,
        outcome=rank.outcome if rank else None,
        booking_id=_won(row) if rank and rank.outcome is LotteryOutcome.WON else None,
        may_leave=row.left_at is None and draw.state is DrawState.OPEN,
    )


def _won(entry: LotteryEntry) -> UUID | None:
    of_draw = (Booking.session_id == entry.session_id) & (Booking.origin == BookingOrigin.LOTTERY)
    found = select(Booking.id).where(Booking.resident_id == entry.resident_id, of_draw)
    return db.session.execute(found.limit(1)).scalar()


def _ranks(tickets: Sequence[UUID]) -> Mapping[UUID, LotteryRank]:
    found = select(LotteryRank).where(LotteryRank.ticket.in_(tickets))
    return {row.ticket: row for row in db.session.execute(found).scalars()}


def _by_id(model: type[R], ids: Sequence[UUID]) -> Mapping[UUID, R]:
    found = select(model).where(model.id.in_(ids))
    return {row.id: row for row in db.session.execute(found).scalars()}


def _told(ctx: Context, row: LotteryDraw) -> Draw:
    closed = db.session.execute(select(LotteryList).filter_by(draw_id=row.id)).scalar()
    result = db.session.execute(select(LotteryResult).filter_by(draw_id=row.id)).scalar()
    return Draw(
        id=row.id,
        session_id=row.session_id,
        state=_state(ctx, row, closed, result),
        opens_at=row.opens_at,
        closes_at=row.closes_at,
        draws_at=row.draws_at,
        rest_at=row.rest_at,
        commitment=row.commitment.hex(),
        made_at=row.made_at,
        entries=closed.entries if closed else None,
        digest=closed.digest.hex() if closed else None,
        closed_at=closed.closed_at if closed else None,
        seed=result.seed.hex() if result and result.seed else None,
        drawn_at=result.drawn_at if result else None,
    )


def _state(
    ctx: Context, row: LotteryDraw, closed: LotteryList | None, result: LotteryResult | None
) -> DrawState:
    if result is not None:
        return DrawState.VOID if result.is_void else DrawState.DRAWN
    if closed is not None or row.closes_at <= ctx.at:
        return DrawState.CLOSED
    return DrawState.OPEN if row.opens_at <= ctx.at else DrawState.ANNOUNCED
