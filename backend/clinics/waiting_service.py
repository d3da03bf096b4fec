"""Join a waiting list, leave it, say how urgent it is."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import exists, func, select

from backend import identity, network
from backend.clinics import policy, queries, waiting_policy, waiting_queries
from backend.clinics.claim import LEFTOVERS, Manner, Wish, arguments
from backend.clinics.errors import (
    AlreadyBooked,
    NotReleased,
    OwnBookings,
    SessionNotHeld,
    SessionOver,
    TooLate,
)
from backend.clinics.giving_back import give_back
from backend.clinics.models import (
    Booking,
    BookingAct,
    BookingState,
    ClinicSession,
    Roster,
    SessionState,
)
from backend.clinics.rules import policy_of
from backend.clinics.waiting_errors import NotWaiting, SeatsLeft, TooManyUrgent, TooManyWaiting
from backend.clinics.waiting_events import UrgencySet, WaitingJoined, WaitingLeft
from backend.clinics.waiting_life import end
from backend.clinics.waiting_line import ahead_of
from backend.clinics.waiting_models import (
    LIVE_ENTRIES,
    Precedence,
    Reach,
    Urgency,
    WaitingAct,
    WaitingEntry,
    WaitingState,
    Way,
)
from backend.clinics.waiting_queries import Place
from backend.clinics.waiting_rules import last_offer_at
from backend.clinics.waiting_rules import waiting_policy as figures_of
from backend.kernel import hot, sensitive
from backend.kernel.context import Context
from backend.kernel.database import db
from backend.kernel.errors import ConsentNeeded, Fault, Invalid, NotForProxies, NotFound, NotNow
from backend.kernel.events import record
from backend.kernel.ids import new_id
from backend.kernel.policy import admitted, by_clock, permitted
from backend.kernel.sensitive import Traits
from backend.kernel.subjects import as_clock

WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What a person waits for: one session, or any of a specialty in these houses until a day."""

    session_id: UUID | None = None
    specialty: str = ""
    institution_ids: Sequence[UUID] = ()
    until: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """How urgent a doctor says it is, and why."""

    urgency: Urgency = Urgency.ROUTINE
    reason: str | None = None


@admitted(by_clock)
def wait_after_draw(ctx: Context, person: UUID, session_id: UUID, since: datetime) -> None:
    """Put somebody who was not drawn on the list of the session; again is no change.

    Raises what `join` raises where nothing can be waited for there, however late this comes.
    """
    waiting_queries.take_turn(person)
    session = queries.session(ctx, session_id)
    target = _of_session(session)
    if _live(person, target) is None:
        _require_offerable(ctx, session)
        _require_none_booked(person, session)
        _require_few(ctx, person)
        _made(replace(ctx, at=since), person, target, _Entrance(Way.OWN, Reach.APP))


@admitted(policy.to_book)
def join(ctx: Context, target: Target) -> Place:
    """Put the person acted for on the list; again is no change.

    Raises the refusals of `errors` and `waiting_errors`; what the person keeps from family members
    no family member may wait for: raises `NotForProxies`, and `NotNow` instead of what would tell
    of other bookings.
    """
    try:
        entry = _enter(ctx, ctx.person, target, _Entrance(Way.OWN, Reach.APP))
    except OwnBookings:
        if ctx.proxy is None:
            raise
        raise NotNow("现在不能为家人候补这场门诊，请换一场，或由本人办理。") from None
    return waiting_queries.find_waiting(ctx, entry.id)


@permitted(waiting_policy.family_doctor)
def join_for(
    ctx: Context, resident: identity.Resident, target: Target, need: Need, reach: Reach | None
) -> Place:
    """Put a signed resident on the list, as urgent as the family doctor says.

    Raises as `join`, and `ConsentNeeded` where the person agreed to nothing.
    """
    entrance = _Entrance(Way.DOCTOR, reach or _reach_of(resident), need)
    entry = _enter(ctx, _agreeing(resident), target, entrance)
    return waiting_queries.find_waiting(as_clock(ctx), entry.id)


@admitted(policy.at_desk)
def join_at_desk(
    ctx: Context, claim: identity.Claim, target: Target, reach: Reach | None = None
) -> Place:
    """Put a person who stands at the desk on the list, to be called where there is no phone.

    Raises as `join_for`, and `Invalid`, `NobodyFound`, `TooMany`.
    """
    resident = identity.present(ctx, claim)
    entrance = _Entrance(Way.DESK, reach or _reach_of(resident))
    entry = _enter(ctx, _agreeing(resident), target, entrance)
    return waiting_queries.find_waiting(as_clock(ctx), entry.id)


@permitted(waiting_policy.own_entry)
def leave(ctx: Context, entry: WaitingEntry) -> Place:
    """Wait no more; a seat that is offered goes to the next. Raises `NotWaiting`."""
    _leave(ctx, entry)
    return waiting_queries.find_waiting(ctx, entry.id)


@admitted(policy.at_desk)
def leave_at_desk(ctx: Context, claim: identity.Claim, entry_id: UUID) -> Place:
    """As `leave`, for the person who stands at the desk; raises `NotFound`."""
    resident = identity.present(ctx, claim)
    entry = waiting_queries.waiting_entry(as_clock(ctx), entry_id)
    if entry.resident_id != resident.id:
        raise NotFound
    _leave(ctx, entry)
    return waiting_queries.find_waiting(as_clock(ctx), entry.id)


@permitted(waiting_policy.doctor_of_entry)
def set_urgency(ctx: Context, entry: WaitingEntry, need: Need) -> Place:
    """Say how soon the person should be seen, and why; raises `NotWaiting`, `Invalid`."""
    held = waiting_queries.hold_entry(entry.id)
    if held.state not in LIVE_ENTRIES:
        raise NotWaiting
    _say_urgency(ctx, held, need)
    record(ctx, UrgencySet(held.resident_id, held.id, need.urgency))
    return waiting_queries.find_waiting(ctx, held.id)


@dataclass(frozen=True, slots=True)
class _Entrance:
    """How somebody comes onto the list."""

    way: Way
    reach: Reach
    need: Need = Need()


def _enter(ctx: Context, person: UUID, target: Target, entrance: _Entrance) -> WaitingEntry:
    """The entry that is there, or a new one, the person's other acts waiting meanwhile."""
    waiting_queries.take_turn(person)
    session, found = None, target
    if target.session_id is not None:
        session = queries.session(ctx, target.session_id)
        found = _of_session(session)
    if sensitive.is_kept(ctx, Traits(specialty=found.specialty)):
        raise NotForProxies
    if existing := _live(person, found):
        return existing
    if session is None:
        _require_sound(ctx, found)
    else:
        _require_offerable(ctx, session)
        if ctx.at < session.releases_at:
            raise NotReleased
        _require_no_seat(ctx, person, session)
    _require_few(ctx, person)
    return _made(ctx, person, found, entrance)


def _of_session(session: ClinicSession) -> Target:
    return Target(
        session_id=session.id,
        specialty=session.specialty,
        institution_ids=[session.institution_id],
        until=session.day,
    )


def _live(person: UUID, target: Target) -> WaitingEntry | None:
    found = select(WaitingEntry).where(
        WaitingEntry.resident_id == person, WaitingEntry.ended_at.is_(None)
    )
    if target.session_id is not None:
        same = found.where(WaitingEntry.session_id == target.session_id)
    else:
        of_specialty = WaitingEntry.specialty == target.specialty
        same = found.where(WaitingEntry.session_id.is_(None), of_specialty)
    return db.session.execute(same).scalar_one_or_none()


def _require_sound(ctx: Context, target: Target) -> None:
    """The criteria can be met: houses that exist, a specialty that is seen there, days ahead."""
    figures = figures_of(ctx.region)
    last = ctx.today + timedelta(days=figures.longest_days)
    houses, known = set(target.institution_ids), network.by_ids(ctx, target.institution_ids)
    wrong = {
        "/institution_ids": (
            not 0 < len(houses) <= figures.most_houses or houses != known.keys(),
            f"请选择 1 到 {figures.most_houses} 家机构",
        ),
        "/specialty": (not _is_seen(target), "这些机构没有这个科室的门诊，请核对"),
        "/until": (
            target.until is None or not ctx.today <= target.until <= last,
            f"请选择今天起 {figures.longest_days} 天以内的日期",
        ),
    }
    if faults := [Fault(at, words) for at, (is_wrong, words) in wrong.items() if is_wrong]:
        raise Invalid(faults=faults)


def _is_seen(target: Target) -> bool:
    there = Roster.institution_id.in_(list(target.institution_ids))
    held = ClinicSession.institution_id.in_(list(target.institution_ids))
    arranged = exists().where(Roster.specialty == target.specialty, there)
    made = exists().where(ClinicSession.specialty == target.specialty, held)
    return bool(db.session.execute(select(arranged | made)).scalar_one())


def _require_offerable(ctx: Context, session: ClinicSession) -> None:
    region = policy_of(ctx.region)
    if session.state is not SessionState.OPEN:
        raise SessionNotHeld
    if session.starts_at <= ctx.at:
        raise SessionOver
    if ctx.at > last_offer_at(session.starts_at, region, figures_of(ctx.region)):
        raise TooLate


def _require_no_seat(ctx: Context, person: UUID, session: ClinicSession) -> None:
    """Neither has the person a seat there, nor is there one that could simply be booked."""
    _require_none_booked(person, session)
    manner = Manner(person=person)
    told = arguments(ctx, new_id(), session.id, Wish(), policy_of(ctx.region), manner)
    if session.free and hot.row(LEFTOVERS[""], told).fitting:
        raise SeatsLeft


def _require_none_booked(person: UUID, session: ClinicSession) -> None:
    own = exists().where(
        Booking.resident_id == person, Booking.session_id == session.id, Booking.ended_at.is_(None)
    )
    if db.session.execute(select(own)).scalar_one():
        raise AlreadyBooked


def _require_few(ctx: Context, person: UUID) -> None:
    most = figures_of(ctx.region).most_entries
    own = (WaitingEntry.resident_id == person) & WaitingEntry.ended_at.is_(None)
    if db.session.execute(select(func.count()).where(own)).scalar_one() >= most:
        raise TooManyWaiting(f"每人最多同时候补 {most} 项，您已经满了。请先退出一项，再来候补。")


def _made(ctx: Context, person: UUID, target: Target, entrance: _Entrance) -> WaitingEntry:
    staff = None if entrance.way is Way.OWN else ctx.actor.id
    entry = WaitingEntry(
        resident_id=person,
        session_id=target.session_id,
        specialty=target.specialty,
        institution_ids=sorted(set(target.institution_ids)),
        until=target.until,
        refused=[],
        precedence=0,
        lapses=0,
        state=WaitingState.WAITING,
        reach=entrance.reach,
        way=entrance.way,
        staff_id=staff,
        by_kinship=ctx.by_kinship,
        joined_at=ctx.at,
    )
    _say_urgency(ctx, entry, entrance.need)
    session = target.session_id and db.session.get_one(ClinicSession, target.session_id)
    entry.ahead_at_first, _ = ahead_of(entry, session or None)
    db.session.add(entry)
    db.session.flush()
    sensitive.mark(ctx, person, [entry.id], Traits(specialty=target.specialty))
    record(ctx, WaitingJoined(person, entry.id, target.session_id))
    return entry


def _say_urgency(ctx: Context, entry: WaitingEntry, need: Need) -> None:
    if need.urgency is Urgency.ROUTINE:
        entry.precedence = Precedence.ROUTINE
        return
    if not need.reason:
        raise Invalid(faults=[Fault("/reason", "请写明为什么需要尽快就诊")])
    if need.urgency is Urgency.URGENT:
        _require_few_urgent(ctx, entry)
    entry.precedence = Precedence[need.urgency.name]
    entry.urgency_by, entry.urgency_reason = ctx.actor.id, need.reason


def _require_few_urgent(ctx: Context, entry: WaitingEntry) -> None:
    """One doctor's urgent entries are few, one counted after the other; this one not twice."""
    waiting_queries.take_turn(ctx.actor.id)
    most = figures_of(ctx.region).most_urgent
    lately = WaitingEntry.ended_at.is_(None) | (WaitingEntry.joined_at > ctx.at - WEEK)
    own = (WaitingEntry.urgency_by == ctx.actor.id) & (WaitingEntry.id.is_distinct_from(entry.id))
    urgent = own & (WaitingEntry.precedence == Precedence.URGENT) & lately
    if db.session.execute(select(func.count()).where(urgent)).scalar_one() >= most:
        raise TooManyUrgent(
            f"每位医生一周内最多有 {most} 项“紧急”候补，您已用满。请改为“尽快”，"
            "或把不再紧急的候补调低；病情危急的，请直接转急诊或联系专科。"
        )


def _leave(ctx: Context, entry: WaitingEntry) -> None:
    """The person, then the seat and its booking, then the entry: as an offer takes them."""
    waiting_queries.take_turn(entry.resident_id)
    db.session.refresh(entry)
    if entry.state is WaitingState.OFFERED and entry.booking_id is not None:
        booking = queries.lock(entry.booking_id)
        if booking.state is BookingState.HELD:
            give_back(ctx, booking, BookingAct.DECLINE)
    held = waiting_queries.hold_entry(entry.id)
    if held.state is WaitingState.LEFT:
        return
    if held.state not in LIVE_ENTRIES:
        raise NotWaiting
    end(ctx, held, WaitingAct.LEAVE)
    record(ctx, WaitingLeft(held.resident_id, held.id))


def _agreeing(resident: identity.Resident) -> UUID:
    if not identity.has_agreed(resident.id):
        raise ConsentNeeded
    return resident.id


def _reach_of(resident: identity.Resident) -> Reach:
    return Reach.APP if identity.openid_of_resident(resident.id) else Reach.PHONE
