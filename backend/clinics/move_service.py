"""改约: another seat instead of the one a person has, in one act."""

from collections.abc import Mapping
from uuid import UUID

from backend.clinics import policy, queries, strikes
from backend.clinics.attendance_rules import attendance_of, is_late_cancel
from backend.clinics.claim import Manner, Wish
from backend.clinics.errors import SameSeat, TooLateToMove
from backend.clinics.events import BookingMade
from backend.clinics.giving_back import give_back, hold_sessions
from backend.clinics.models import BOOKING_LIFE, Booking, BookingAct, BookingOrigin, Quota
from backend.clinics.own_claim import claimed, require_not_kept
from backend.clinics.queries import Appointment
from backend.clinics.rules import may_cancel, policy_of
from backend.clinics.strike_models import StrikeKind
from backend.kernel import sensitive
from backend.kernel.context import Context
from backend.kernel.events import record
from backend.kernel.ids import new_id
from backend.kernel.policy import permitted
from backend.kernel.sensitive import Traits

# Who was given a seat of a quota may look for another one in it.
QUOTAS: Mapping[BookingOrigin, Quota] = {
    BookingOrigin.REFERRAL: Quota.REFERRAL,
    BookingOrigin.DOCTOR: Quota.FAMILY_DOCTOR,
}


@permitted(policy.own_booking)
def move(ctx: Context, booking: Booking, session_id: UUID, wish: Wish) -> Appointment:
    """Take a seat elsewhere and give this one back, or change nothing.

    Judged as if this one were given back already; late, it counts as a late cancel. Raises
    `IllegalMove`, `TooLateToMove`, `SameSeat` and what `book` raises.
    """
    BOOKING_LIFE.after(booking.state, BookingAct.MOVE)
    if not may_cancel(booking.starts_at, ctx.at, policy_of(ctx.region)):
        raise TooLateToMove
    if booking.session_id == session_id and wish.number in {None, booking.seat_number}:
        raise SameSeat
    require_not_kept(ctx, session_id)
    manner = _manner(ctx, booking, session_id)

    was_late = is_late_cancel(booking.starts_at, ctx.at, attendance_of(ctx.region))
    give_back(ctx, booking, BookingAct.MOVE)
    booking_id = new_id()
    row = claimed(ctx, booking_id, session_id, wish, manner)
    sensitive.mark(ctx, booking.resident_id, [booking_id], Traits(specialty=row.specialty))
    record(ctx, BookingMade(booking.resident_id, booking_id, session_id, booking.id))
    if was_late:
        strikes.note(ctx, booking, StrikeKind.LATE_CANCEL)
    hold_sessions([booking.session_id, session_id])
    return queries.find(ctx, booking_id)


def _manner(ctx: Context, booking: Booking, session_id: UUID) -> Manner:
    """As before with the same expert, whom the doctor meant; anywhere else as anybody books."""
    quota = QUOTAS.get(booking.origin)
    before = queries.session(ctx, booking.session_id)
    if quota is None or before.expert_id != queries.session(ctx, session_id).expert_id:
        return Manner(person=booking.resident_id)
    return Manner(
        person=booking.resident_id,
        origin=booking.origin,
        quotas=(Quota.OPEN, quota),
        staff_id=booking.staff_id,
    )
