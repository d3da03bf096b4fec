"""Book seats and give them back."""

from uuid import UUID

from backend.clinics import policy, queries, strikes
from backend.clinics.attendance_rules import attendance_of, is_late_cancel
from backend.clinics.claim import Manner, Wish
from backend.clinics.errors import TooLateToCancel
from backend.clinics.events import (
    BookingMade,
)
from backend.clinics.giving_back import give_back
from backend.clinics.models import (
    BOOKING_LIFE,
    Booking,
    BookingAct,
    BookingOrigin,
    BookingState,
    acts_in,
)
from backend.clinics.own_claim import claimed, require_not_kept
from backend.clinics.queries import Appointment
from backend.clinics.rules import (
    may_cancel,
    policy_of,
)
from backend.clinics.strike_models import StrikeKind
from backend.kernel import sensitive
from backend.kernel.context import Context
from backend.kernel.events import record
from backend.kernel.ids import new_id
from backend.kernel.lifecycle import IllegalMove
from backend.kernel.policy import admitted, permitted
from backend.kernel.sensitive import Traits


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
    """Give a seat back; raises `IllegalMove` the second time, `TooLateToCancel`.

    Less than the region's hours before its minutes that counts like a seat not sat on.
    """
    if booking.state is BookingState.CANCELLED:
        raise IllegalMove("这个预约已经取消，号已经让给别人，不用再操作。")
    if booking.state is BookingState.ARRIVED:
        raise IllegalMove("您已经签到，网上不能取消了。要先走的话，请告诉窗口一声，谢谢您。")
    BOOKING_LIFE.after(booking.state, BookingAct.CANCEL)
    if not may_cancel(booking.starts_at, ctx.at, policy_of(ctx.region)):
        raise TooLateToCancel
    was_late = is_late_cancel(booking.starts_at, ctx.at, attendance_of(ctx.region))
    give_back(ctx, booking)
    if was_late:
        strikes.note(ctx, booking, StrikeKind.LATE_CANCEL)
    return queries.find(ctx, booking.id)
