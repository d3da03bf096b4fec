"""How entries of waiting lists are found, and what a person is told of the own place."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Select, func, select, text
from sqlalchemy.orm import joinedload

from backend import identity
from backend.clinics.models import Booking, BookingState, ClinicSession
from backend.clinics.waiting_line import ahead_of
from backend.clinics.waiting_models import (
    Reach,
    Urgency,
    WaitingAct,
    WaitingCall,
    WaitingEnd,
    WaitingEntry,
    WaitingState,
    Way,
)
from backend.clinics.waiting_outlook import usually_given_back
from backend.clinics.waiting_policy import visible_calls, visible_waiting
from backend.kernel.context import Context, Kinship
from backend.kernel.database import db, held, one
from backend.kernel.paging import Page, Wanted, page
from backend.kernel.subjects import as_clock

# Why somebody was passed over, and what helps; "" is whatever else it was.
WHY_PASSED: Mapping[str, str] = {
    "overlapping": "有号时，您在那个时间已有别的预约。取消那个预约后，还会轮到您。",
    "over-limit": "有号时，您的预约数已满。少一个预约后，还会轮到您。",
    "resting": "近期有几次预约没有来，自己候补暂时轮不到。可请家庭医生或到窗口办理。",
    "no-time-left": "有号时离就诊太近，来不及通知到您。",
    "seats-kept": "空出来的号留给签约居民或转诊使用，您还在名单上。",
    "": "有号时暂时没有轮到您，您还在名单上。",
}
_SHOWN = (
    joinedload(WaitingEntry.booking),
    joinedload(WaitingEntry.session).joinedload(ClinicSession.expert),
    joinedload(WaitingEntry.session).joinedload(ClinicSession.institution),
)


@dataclass(frozen=True, slots=True)
class Place:
    """An entry as its person sees it.

    `ahead` and `ahead_in_class` count who waits before; `None` once nobody has to be waited for.
    """

    id: UUID
    resident_id: UUID
    session_id: UUID | None
    specialty: str
    institution_ids: Sequence[UUID]
    until: date
    starts_at: datetime | None
    expert_name: str | None
    institution_name: str | None
    urgency: Urgency
    reach: Reach
    way: Way
    state: WaitingState
    end_reason: WaitingEnd | None
    acts: Sequence[WaitingAct]
    ahead: int | None
    ahead_in_class: int | None
    ahead_at_first: int
    booking_id: UUID | None
    offered_until: datetime | None
    usually_given_back: float | None
    passed_over: str | None
    joined_at: datetime
    ended_at: datetime | None
    by_kinship: Kinship | None
    ended_by_kinship: Kinship | None


def waiting(ctx: Context, wanted: Wanted, *, is_live: bool = False) -> Page[Place]:
    """What the person acted for waits for, the newest first; of a doctor the own residents'."""
    found = select(WaitingEntry).where(visible_waiting(ctx))
    if is_live:
        found = found.where(WaitingEntry.ended_at.is_(None))
    keys = [WaitingEntry.joined_at, WaitingEntry.id]
    rows = page(found.options(*_SHOWN), keys, wanted, newest_first=True)
    return Page([place(ctx, entry) for entry in rows.items], rows.next)


def find_waiting(ctx: Context, entry_id: UUID) -> Place:
    """One entry that the actor may see; raises `NotFound`."""
    return place(ctx, one(_visible(ctx, entry_id).options(*_SHOWN)))


def waiting_entry(ctx: Context, entry_id: UUID) -> WaitingEntry:
    """The row of one entry that the actor may see, not locked: the person comes first."""
    return one(_visible(ctx, entry_id))


def hold_entry(entry_id: UUID) -> WaitingEntry:
    """One entry locked until the commit, for who holds what comes before."""
    return held(select(WaitingEntry).where(WaitingEntry.id == entry_id))


def hold_live(resident_id: UUID) -> Sequence[WaitingEntry]:
    """Everything that a person waits for, locked."""
    own = (WaitingEntry.resident_id == resident_id) & WaitingEntry.ended_at.is_(None)
    found = select(WaitingEntry).where(own).order_by(WaitingEntry.id).with_for_update()
    fresh = found.execution_options(populate_existing=True)
    return db.session.execute(fresh).scalars().all()


def _visible(ctx: Context, entry_id: UUID) -> Select[WaitingEntry]:
    return select(WaitingEntry).where(WaitingEntry.id == entry_id, visible_waiting(ctx))


def place(ctx: Context, entry: WaitingEntry) -> Place:
    """Where an entry stands now, its session and offer loaded."""
    waits, offered = entry.state is WaitingState.WAITING, entry.state is WaitingState.OFFERED
    ahead, in_class = ahead_of(entry, entry.session) if waits else (None, None)
    session = entry.session
    return Place(
        id=entry.id,
        resident_id=entry.resident_id,
        session_id=entry.session_id,
        specialty=entry.specialty,
        institution_ids=entry.institution_ids,
        until=entry.until,
        starts_at=session.starts_at if session else None,
        expert_name=session.expert.name if session else None,
        institution_name=session.institution.name if session else None,
        urgency=entry.urgency,
        reach=entry.reach,
        way=entry.way,
        state=entry.state,
        end_reason=entry.end_reason,
        acts=entry.acts,
        ahead=ahead,
        ahead_in_class=in_class,
        ahead_at_first=entry.ahead_at_first,
        booking_id=entry.booking_id if offered else None,
        offered_until=entry.booking.held_until if offered and entry.booking else None,
        usually_given_back=usually_given_back(ctx, session) if waits and session else None,
        passed_over=_passed_over(ctx, entry) if waits else None,
        joined_at=entry.joined_at,
        ended_at=entry.ended_at,
        by_kinship=entry.by_kinship,
        ended_by_kinship=entry.ended_by_kinship,
    )


def _passed_over(ctx: Context, entry: WaitingEntry) -> str | None:
    """Why the turn went to somebody behind; nobody but the person hears of other bookings."""
    if entry.passed_because is None:
        return None
    is_own = ctx.proxy is None and ctx.resident == entry.resident_id
    return WHY_PASSED.get(entry.passed_because if is_own else "", WHY_PASSED[""])


def take_turn(person: UUID) -> None:
    """One at a time of bookings, offers, entries of a person, until the commit."""
    words = "SELECT pg_advisory_xact_lock(hashtextextended('booking' || CAST(:p AS text), 0))"
    db.session.execute(text(words), {"p": str(person)})


@dataclass(frozen=True, slots=True)
class Call:
    """Whom the desk is to call, until when, about which seat."""

    id: UUID
    resident_id: UUID
    name: str
    phone: str | None
    urgency: Urgency
    booking_id: UUID
    specialty: str
    expert_name: str
    institution_name: str
    room: str
    fee: str | None
    starts_at: datetime
    offered_until: datetime | None
    calls: int


def calls(ctx: Context, wanted: Wanted) -> Page[Call]:
    """Whom the own house is to call about an offered seat, the nearest end first."""
    open_ones = (Booking.state == BookingState.HELD) & (Booking.held_until > ctx.at)
    entries = select(WaitingEntry.booking_id).where(
        visible_calls(ctx), WaitingEntry.state == WaitingState.OFFERED
    )
    found = select(Booking).where(open_ones, Booking.id.in_(entries))
    shown = joinedload(Booking.session)
    found = found.options(
        shown.joinedload(ClinicSession.expert), shown.joinedload(ClinicSession.institution)
    )
    rows = page(found, [Booking.held_until, Booking.id], wanted)
    return Page(_as_calls(ctx, rows.items), rows.next)


def call_entry(ctx: Context, entry_id: UUID) -> WaitingEntry:
    """An entry whose person the own house is to call; raises `NotFound`."""
    return one(select(WaitingEntry).where(WaitingEntry.id == entry_id, visible_calls(ctx)))


def _as_calls(ctx: Context, bookings: Sequence[Booking]) -> list[Call]:
    ids = [booking.id for booking in bookings]
    people = identity.residents(as_clock(ctx), {booking.resident_id for booking in bookings})
    found = select(WaitingEntry).where(WaitingEntry.booking_id.in_(ids))
    entries = {entry.booking_id: entry for entry in db.session.execute(found).scalars()}
    tried = calls_made(ids)
    return [
        _as_call(entries[one.id], one, people[one.resident_id], tried.get(one.id, 0))
        for one in bookings
    ]


def calls_made(bookings: Iterable[UUID]) -> Mapping[UUID, int]:
    """How often somebody was called about each of these offers."""
    counted = select(WaitingCall.booking_id, func.count()).group_by(WaitingCall.booking_id)
    rows = db.session.execute(counted.where(WaitingCall.booking_id.in_(list(bookings))))
    return {row[0]: row[1] for row in rows}


def _as_call(entry: WaitingEntry, booking: Booking, person: identity.Resident, tried: int) -> Call:
    session = booking.session
    return Call(
        id=entry.id,
        resident_id=entry.resident_id,
        name=person.name,
        phone=person.phone,
        urgency=entry.urgency,
        booking_id=booking.id,
        specialty=session.specialty,
        expert_name=session.expert.name,
        institution_name=session.institution.name,
        room=session.room,
        fee=session.fee,
        starts_at=booking.starts_at,
        offered_until=booking.held_until,
        calls=tried,
    )
