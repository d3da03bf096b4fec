"""Who may see a resident's master data, and who may act on an account."""

from collections.abc import Mapping
from types import MappingProxyType
from uuid import UUID

from sqlalchemy import ColumnElement, false

from backend.identity.models import DeskRequest, Resident
from backend.kernel.context import Context, Role
from backend.kernel.relations import Kind
from backend.kernel.ties import (
    NONE,
    PERSONAL,
    Sight,
    Tie,
    Ties,
    admits,
    allows,
    bound,
    by_itself,
    everything,
    possible,
)

TEAM = frozenset({Kind.SIGNED, Kind.APPLIED, Kind.ALERTED})
KINDS: Mapping[Tie, frozenset[Kind]] = MappingProxyType(
    {
        Tie.SAME_TEAM: TEAM,
        Tie.BOOKED_SPECIALIST: frozenset({Kind.BOOKED}),
        # A prescription is known to a whole institution, yet only pharmacists need the person.
        Tie.PHARMACIST: frozenset({Kind.PRESCRIBED}),
        Tie.EMERGENCY: frozenset({Kind.EMERGENCY}),
    }
)

DESK = frozenset({Role.DOCTOR, Role.NURSE, Role.PUBLIC_HEALTH, Role.COORDINATOR, Role.MANAGER})


def ties(ctx: Context, resident: Resident) -> Ties:
    """Oneself and who acts for the person; staff, by the relations in force; the clock."""
    person = possible(ctx) & PERSONAL if resident.id == ctx.resident else NONE
    return person | bound(ctx, resident.id, KINDS) | by_itself(ctx)


def _named(ctx: Context) -> ColumnElement[bool]:
    return Resident.id == ctx.resident


visible_to = Sight(
    rows={Tie.SELF: _named, Tie.PROXY: _named, Tie.GUARDIAN: _named, Tie.CLOCK: everything},
    resident=Resident.id,
    kinds=KINDS,
)
OF_RESIDENT = {Tie.ACCOUNT: frozenset({Role.RESIDENT})}
AT_DESK = {Tie.STAFF: DESK}
own_account = admits(Tie.ACCOUNT, only=OF_RESIDENT)
logged_in = admits(Tie.ACCOUNT)
oneself = admits(Tie.SELF, without_consent=True)
# A guardian speaks for the child (PIPL 31), no other family member for anybody.
own_account_or_ward = admits(Tie.ACCOUNT, Tie.SELF, Tie.GUARDIAN, only=OF_RESIDENT)
at_desk = admits(Tie.STAFF, only=AT_DESK)
own_account_or_at_desk = admits(Tie.ACCOUNT, Tie.STAFF, only=OF_RESIDENT | AT_DESK)


def _at_this_desk(ctx: Context, request: DeskRequest) -> Ties:
    """Staff of the house where it was recorded."""
    return possible(ctx) & {Tie.STAFF} if request.institution_id == ctx.actor.institution else NONE


at_same_desk = allows(_at_this_desk, Tie.STAFF, only=AT_DESK)


def recorded_here(ctx: Context) -> ColumnElement[bool]:
    """What was recorded at the house of who serves at a desk."""
    if ctx.actor.role not in DESK:
        return false()
    return DeskRequest.institution_id == ctx.actor.institution


def account_of(ctx: Context) -> UUID:
    """The acting resident's account."""
    return ctx.actor.id
