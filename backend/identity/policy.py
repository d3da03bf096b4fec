"""Who may see a resident's master data, and who may act on an account."""

from collections.abc import Mapping
from types import MappingProxyType
from uuid import UUID

from sqlalchemy import ColumnElement

from backend.identity.models import Resident
from backend.kernel.context import Context, Role
from backend.kernel.relations import Kind
from backend.kernel.ties import (
    NONE,
    PERSONAL,
    Sight,
    Tie,
    Ties,
    admits,
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
own_account = admits(Tie.ACCOUNT, only={Tie.ACCOUNT: frozenset({Role.RESIDENT})})


def logged_in(ctx: Context) -> bool:
    """Whoever has a session: a resident, or a member of staff."""
    return ctx.actor.session is not None


def oneself(ctx: Context) -> bool:
    """The verified person alone; raises `IdentityNeeded`, `NotForProxies`."""
    return own_account(ctx) and ctx.oneself is not None


def own_account_or_ward(ctx: Context) -> bool:
    """Oneself, or a guardian for the child; never another family member."""
    if ctx.proxy is not None:
        return ctx.oneself_or_ward is not None
    return own_account(ctx)


def at_desk(ctx: Context) -> bool:
    """Whoever serves people at a desk: doctors, nurses, coordinators, managers."""
    return ctx.actor.role in DESK


def own_account_or_at_desk(ctx: Context) -> bool:
    """The holder of an account, or whoever serves the holder at a desk."""
    return own_account(ctx) or at_desk(ctx)


def account_of(ctx: Context) -> UUID:
    """The acting resident's account."""
    return ctx.actor.id
