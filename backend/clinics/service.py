"""Arrange clinics, hold sessions, book seats and give them back."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert

from backend import identity
from backend.clinics import horizon, policy, queries
from backend.clinics.claim import Manner, Wish
from backend.clinics.errors import SessionEnded, TooLateToCancel
from backend.clinics.events import (
    BookingMade,
    BookingWithdrawn,
    RosterEnded,
    RosterMade,
    SessionCancelled,
)
from backend.clinics.giving_back import give_back
from backend.clinics.models import (
    BOOKING_LIFE,
    SESSION_LIFE,
    Booking,
    BookingAct,
    BookingOrigin,
    BookingState,
    ClinicSession,
    Roster,
    Seat,
    Service,
    SessionAct,
    acts_in,
)
from backend.clinics.own_claim import claimed, require_not_kept
from backend.clinics.queries import Appointment
from backend.clinics.rules import (
    fits,
    kept_seats,
    may_cancel,
    policy_of,
    releases_at,
    seat_windows,
)
from backend.kernel import sensitive
from backend.kernel.context import Context, Role
from backend.kernel.database import db
from backend.kernel.errors import Fault, Invalid
from backend.kernel.events import record
from backend.kernel.ids import new_id
from backend.kernel.lifecycle import IllegalMove
from backend.kernel.policy import admitted, by_manager, permitted
from backend.kernel.relations import part
from backend.kernel.sensitive import Traits

EXPERTS = frozenset({Role.SPECIALIST, Role.DOCTOR, Role.NURSE})
ROSTER_ENDED = "这个每周门诊不再开设"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a manager arranges: who, when in the week, where, for how many."""

    expert_id: UUID
    specialty: str
    service: Service
    room: str
    fee: str | None
    weekday: int
    begins: time
    ends: time
    capacity: int
    starts_on: date
    ends_on: date | None
    institution_id: UUID | None = None

    @property
    def hours(self) -> tuple[time, time]:
        """From when until when."""
        return self.begins, self.ends

    @property
    def days(self) -> tuple[date, date | None]:
        """The first day and the last, if there is one."""
        return self.starts_on, self.ends_on


@admitted(by_manager)
def arrange(ctx: Context, plan: Plan) -> Roster:
    """Hold a clinic each week in a house of the manager; raises `Invalid` with pointers."""
    expert = identity.staff(ctx, [plan.expert_id]).get(plan.expert_id)
    house = plan.institution_id or ctx.actor.institution
    faults = _faults(ctx, plan, expert, house)
    if faults:
        raise Invalid(faults=faults)

    wanted = {name: getattr(plan, name) for name in Plan.__slots__}
    roster = Roster(**wanted | {"institution_id": house})
    db.session.add(roster)
    record(ctx, RosterMade(roster.id, roster.institution_id))
    return queries.roster(ctx, roster.id)


def _faults(
    ctx: Context, plan: Plan, expert: identity.Staff | None, house: UUID | None
) -> Sequence[Fault]:
    wrong = {
        "/institution_id": house not in ctx.actor.houses,
        "/expert_id": expert is None or not expert.works(ctx.at) or expert.role not in EXPERTS,
        "/ends": plan.begins >= plan.ends,
        "/capacity": plan.begins < plan.ends and not fits(plan.begins, plan.ends, plan.capacity),
        "/begins": queries.is_elsewhere(plan.expert_id, plan.weekday, plan.hours, plan.days),
        "/starts_on": plan.starts_on < ctx.today,
        "/ends_on": plan.ends_on is not None and plan.ends_on < plan.starts_on,
    }
    return [Fault(pointer, WORDS[pointer]) for pointer, is_wrong in wrong.items() if is_wrong]


WORDS = {
    "/institution_id": "只能在您管理的机构安排门诊",
    "/expert_id": "没有找到这位专家，请核对",
    "/begins": "这位专家这个时间已有别的门诊，请换个时间",
    "/ends": "结束时间应晚于开始时间",
    "/capacity": "号数太多，每个号至少要有一分钟",
    "/starts_on": "开始日期不能早于今天",
    "/ends_on": "结束日期不能早于开始日期",
}


@permitted(policy.roster_of_own_house)
def end_roster(ctx: Context, roster: Roster, ends_on: date) -> Roster:
    """Hold no clinic after a day; sessions already made after it are cancelled, one by one."""
    if ends_on < max(ctx.today, roster.starts_on):
        raise Invalid(faults=[Fault("/ends_on", "结束日期不能早于今天和开始日期")])
    for session in queries.later_sessions(roster, ends_on):
        cancel_session(ctx, session, ROSTER_ENDED)
    roster.ends_on = ends_on
    record(ctx, RosterEnded(roster.id, ends_on))
    return roster


@admitted(policy.by_clock_or_manager)
def generate(ctx: Context, limit: int = 25) -> int:
    """Make up to `limit` sessions that the horizon lacks, with their seats; returns how many.

    For a manager those of the own house. What exists is left as it is, whatever has become of its
    roster since; who sits elsewhere at that hour is passed over.
    """
    missing = horizon.still_promised(horizon.missing(ctx, limit))
    if not missing:
        return 0
    rows = [_session_row(ctx, roster, day, begin) for roster, day, begin in missing]
    # Another process may have made some of them, or called the expert elsewhere, since.
    new = upsert(ClinicSession).on_conflict_do_nothing()
    made = set(db.session.execute(new.returning(ClinicSession.id), rows).scalars())
    seats = [seat for row in rows if row["id"] in made for seat in _seat_rows(ctx, row)]
    if seats:
        db.session.execute(insert(Seat), seats)
    return len(made)


def _session_row(ctx: Context, roster: Roster, day: date, begin: datetime) -> dict[str, Any]:
    copied = ("expert_id", "institution_id", "specialty", "service", "room", "fee", "capacity")
    return {name: getattr(roster, name) for name in copied} | {
        "id": new_id(),
        "roster_id": roster.id,
        "day": day,
        "starts_at": begin,
        "ends_at": queries.instant(day, roster.ends),
        "releases_at": releases_at(begin, policy_of(ctx.region)),
    }


def _seat_rows(ctx: Context, session: dict[str, Any]) -> list[dict[str, Any]]:
    begin, capacity = session["starts_at"], session["capacity"]
    windows = seat_windows(begin, session["ends_at"], capacity)
    kept = kept_seats(begin, capacity, policy_of(ctx.region))
    return [
        {"id": new_id(), "session_id": session["id"], "number": n, "starts_at": a, "ends_at": b}
        | asdict(of)
        for (n, a, b), of in zip(windows, kept, strict=True)
    ]


@admitted(policy.to_book)
def book(
    ctx: Context,
    session_id: UUID,
    wish: Wish = Wish(),  # noqa: B008
    *,
    only_hold: bool = False,
) -> Appointment:
    """Book a seat for the person acted for; raises the refusals of `errors`.

    With `only_hold` the seat is kept for some minutes, to be confirmed.
    What the person keeps from family members no family member may book: raises `NotForProxies`.
    Of the person's other bookings no refusal tells a family member: raises `NotNow`.
    """
    booking_id = new_id()
    require_not_kept(ctx, session_id)
    region = policy_of(ctx.region)
    until = ctx.at + region.hold if only_hold else None
    row = claimed(ctx, booking_id, session_id, wish, Manner(person=ctx.person, until=until))
    sensitive.mark(ctx, ctx.person, [booking_id], Traits(specialty=row.specialty))
    if until is None:
        record(ctx, BookingMade(ctx.person, booking_id, session_id))
    state = BookingState.HELD if until else BookingState.BOOKED
    return Appointment(
        id=booking_id,
        session_id=session_id,
        resident_id=ctx.person,
        seat_number=row.number,
        day=row.day,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        expert_id=row.expert_id,
        institution_id=row.institution_id,
        specialty=row.specialty,
        room=row.room,
        state=state,
        acts=acts_in(state, row.starts_at, ctx.at, region),
        booked_at=ctx.at,
        ended_at=None,
        origin=BookingOrigin.OWN,
        held_until=until,
        by_kinship=ctx.by_kinship,
    )


@permitted(policy.own_booking)
def cancel(ctx: Context, booking: Booking) -> Appointment:
    """Give a seat back; raises `IllegalMove` the second time, `TooLateToCancel`."""
    if booking.state is BookingState.CANCELLED:
        raise IllegalMove("这个预约已经取消，号已经让给别人，不用再操作。")
    BOOKING_LIFE.after(booking.state, BookingAct.CANCEL)
    if not may_cancel(booking.starts_at, ctx.at, policy_of(ctx.region)):
        raise TooLateToCancel
    give_back(ctx, booking)
    return queries.find(ctx, booking.id)


@permitted(policy.session_of_own_house)
def cancel_session(ctx: Context, session: ClinicSession, reason: str) -> ClinicSession:
    """停诊: close every seat, then withdraw each booking, each with an event of its own.

    Raises `IllegalMove` the second time, `SessionEnded`.
    """
    # In-flight bookings end before the seats are ours; from then on nobody finds a free one.
    queries.hold_seats(select(Seat).filter_by(session_id=session.id))
    db.session.refresh(session, with_for_update={"of": ClinicSession})
    state = SESSION_LIFE.after(session.state, SessionAct.CANCEL)
    if session.ends_at <= ctx.at:
        raise SessionEnded
    lost = queries.live_bookings(session)

    session.state, session.reason = state, reason
    db.session.execute(update(Seat).where(Seat.session_id == session.id).values(is_free=False))
    for booking in lost:
        booking.state = BOOKING_LIFE.after(booking.state, BookingAct.WITHDRAW)
        booking.ended_at = ctx.at
    part(ctx, [booking.id for booking in lost])
    told = [BookingWithdrawn(each.resident_id, each.id, session.id) for each in lost]
    record(ctx, SessionCancelled(session.id, session.institution_id), *told)
    # The row is ours already, so that its counter need not wait for the commit.
    db.session.execute(text("SET CONSTRAINTS booking_counted IMMEDIATE"))
    db.session.refresh(session, ["taken"])
    return session
