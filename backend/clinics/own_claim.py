"""A claim by the person or a family member, whose refusals tell the family of nothing else."""

from typing import Any
from uuid import UUID

from backend.clinics import queries
from backend.clinics.claim import Manner, Wish, claim
from backend.clinics.errors import OwnBookings
from backend.clinics.rules import policy_of
from backend.kernel import sensitive
from backend.kernel.context import Context
from backend.kernel.errors import NotForProxies, NotNow
from backend.kernel.sensitive import Traits


def claimed(ctx: Context, booking_id: UUID, session_id: UUID, wish: Wish, manner: Manner) -> Any:
    """As `claim`; where the person's own bookings are in the way, nobody else hears which.

    A family member and the desk hear `NotNow`.
    """
    try:
        return claim(ctx, booking_id, session_id, wish, policy_of(ctx.region), manner)
    except OwnBookings:
        if ctx.proxy is None and ctx.resident == manner.person:
            raise
    raise NotNow("这个时间不能预约，请换一个时间，或由本人办理。")


def require_not_kept(ctx: Context, session_id: UUID) -> None:
    """Asked before the claim, whose refusals would tell of a booking that is kept from family."""
    if ctx.proxy is None:
        return
    specialty = queries.session(ctx, session_id).specialty
    if sensitive.is_kept(ctx, Traits(specialty=specialty)):
        raise NotForProxies
