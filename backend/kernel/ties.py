"""How whoever acts stands to a row, and which ways suffice: said as data, denied by default.

A feature's `ties(ctx, row)` gathers how the actor stands to a row, `allows` names what suffices for
an act, `Sight` says the same of seeing as SQL. What a role cannot hold (`HOLDERS`) counts for
nothing, whoever claims it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from types import MappingProxyType
from typing import Any, Generic, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, false, or_, true
from sqlalchemy.orm import InstrumentedAttribute

from backend.kernel import sensitive
from backend.kernel.context import CLINICAL, STAFF, Context, Role, Scope
from backend.kernel.errors import IdentityNeeded, NotForProxies
from backend.kernel.relations import Kind, kinds_in_force, related

Subject = TypeVar("Subject")


class Tie(StrEnum):
    """How somebody may stand to a row."""

    SELF = "self"
    PROXY = "proxy"
    GUARDIAN = "guardian"
    SIGNED_DOCTOR = "signed_doctor"
    SAME_TEAM = "same_team"
    TEAM_LEAD = "team_lead"
    INSTITUTION = "institution"
    CONSORTIUM = "consortium"
    BOOKED_SPECIALIST = "booked_specialist"
    PHARMACIST = "pharmacist"
    AUDITOR = "auditor"
    EMERGENCY = "emergency"
    STAFF = "staff"
    ACCOUNT = "account"
    CLOCK = "clock"
    ANYONE = "anyone"


Ties = frozenset[Tie]
NONE: Ties = frozenset()
FAMILY: Ties = frozenset({Tie.PROXY, Tie.GUARDIAN})
PERSONAL: Ties = FAMILY | {Tie.SELF}
# Break-glass and audits look; nothing may be done with them.
SIGHT_ONLY: Ties = frozenset({Tie.EMERGENCY, Tie.AUDITOR})
HOLDERS: Mapping[Tie, frozenset[Role]] = MappingProxyType(
    {
        Tie.SELF: frozenset({Role.RESIDENT}),
        Tie.PROXY: frozenset({Role.RESIDENT}),
        Tie.GUARDIAN: frozenset({Role.RESIDENT}),
        Tie.SIGNED_DOCTOR: frozenset({Role.DOCTOR}),
        Tie.SAME_TEAM: CLINICAL,
        Tie.TEAM_LEAD: CLINICAL,
        Tie.INSTITUTION: frozenset({Role.MANAGER}),
        Tie.CONSORTIUM: frozenset({Role.CONSORTIUM_MANAGER}),
        Tie.BOOKED_SPECIALIST: CLINICAL,
        Tie.PHARMACIST: frozenset({Role.PHARMACIST}),
        Tie.AUDITOR: frozenset({Role.AUDITOR}),
        Tie.EMERGENCY: CLINICAL,
        Tie.STAFF: STAFF,
        Tie.ACCOUNT: STAFF | {Role.RESIDENT},
        Tie.CLOCK: frozenset({Role.CLOCK}),
        Tie.ANYONE: frozenset(Role),
    }
)


def decide(held: Ties, sufficient: Ties) -> bool:
    """Whether one of the ties held suffices; nothing held, or nothing sufficient, is a no."""
    return not held.isdisjoint(sufficient)


def possible(ctx: Context) -> Ties:
    """What the actor may hold at all, by role and by whom the actor acts for."""
    return _possible(ctx.actor.role, ctx.proxy and ctx.proxy.is_guardian)


@cache
def _possible(role: Role, as_guardian: bool | None) -> Ties:
    own = {None: Tie.SELF, False: Tie.PROXY, True: Tie.GUARDIAN}[as_guardian]
    of_role = frozenset(tie for tie, roles in HOLDERS.items() if role in roles)
    return of_role - (PERSONAL - {own})


@dataclass(frozen=True, kw_only=True)
class _Sufficient:
    """Which ties suffice; family members need the scope; `only` narrows the roles of a tie."""

    ties: Ties
    scope: Scope | None = None
    only: Mapping[Tie, frozenset[Role]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.ties & SIGHT_ONLY:
            raise ValueError(f"nobody acts by {sorted(self.ties & SIGHT_ONLY)}")
        if Tie.PROXY in self.ties and self.scope is None:
            raise ValueError("a family member acts within a scope")

    def _judge(self, ctx: Context, held: Ties) -> bool:
        mine = held & possible(ctx)
        if mine & FAMILY:
            self._tell_family(ctx, mine)
        role = ctx.actor.role
        enough = frozenset(tie for tie in self.ties if role in self.only.get(tie, HOLDERS[tie]))
        return decide(mine, enough)

    def _tell_family(self, ctx: Context, held: Ties) -> None:
        """A family member who may not is told why: raises `NotForProxies`, `ScopeNeeded`."""
        if not self.ties & PERSONAL:
            return
        if not self.ties & held & PERSONAL:
            raise NotForProxies
        if self.scope is None:
            _ = ctx.oneself_or_ward
        else:
            ctx.person_for(self.scope)


@dataclass(frozen=True, kw_only=True)
class Grant(_Sufficient, Generic[Subject]):
    """Who may act on a subject: a predicate for `permitted` that documents can read."""

    gather: Callable[[Context, Subject], Ties]

    def __call__(self, ctx: Context, subject: Subject) -> bool:
        """Whether the actor may; raises what tells a family member why not."""
        return self._judge(ctx, self.gather(ctx, subject))


@dataclass(frozen=True, kw_only=True)
class Entry(_Sufficient):
    """Who may do what has no subject yet: a predicate for `admitted` that documents can read.

    `without_consent`: it needs the verified person, and no consent of theirs.
    """

    without_consent: bool = False

    def __call__(self, ctx: Context) -> bool:
        """Whether the actor may; raises what tells a resident why not."""
        if (
            ctx.actor.role is Role.RESIDENT
            and self.ties & PERSONAL
            and Tie.ACCOUNT not in self.ties
        ):
            self._require_person(ctx)
        return self._judge(ctx, standing(ctx))

    def _require_person(self, ctx: Context) -> None:
        if not self.without_consent:
            _ = ctx.person
        elif ctx.resident is None:
            raise IdentityNeeded


def allows(
    gather: Callable[[Context, Subject], Ties],
    *ties: Tie,
    scope: Scope | None = None,
    only: Mapping[Tie, frozenset[Role]] | None = None,
) -> Grant[Subject]:
    """Let those act on a row who stand to it in one of these ways."""
    return Grant(gather=gather, ties=frozenset(ties), scope=scope, only=only or {})


def admits(
    *ties: Tie,
    scope: Scope | None = None,
    only: Mapping[Tie, frozenset[Role]] | None = None,
    without_consent: bool = False,
) -> Entry:
    """Let those begin something who stand so by themselves."""
    return Entry(
        ties=frozenset(ties), scope=scope, only=only or {}, without_consent=without_consent
    )


def standing(ctx: Context) -> Ties:
    """What the actor is without regard to any row: a creation is judged on it."""
    held = possible(ctx) & {
        Tie.SELF,
        *FAMILY,
        Tie.INSTITUTION,
        Tie.CONSORTIUM,
        Tie.STAFF,
        Tie.ACCOUNT,
        Tie.CLOCK,
        Tie.ANYONE,
    }
    if ctx.resident is None:
        held -= PERSONAL
    return held if ctx.actor.houses else held - {Tie.INSTITUTION, Tie.CONSORTIUM}


def as_person(ctx: Context, resident_id: UUID, subject_id: UUID | None = None) -> Ties:
    """Oneself, proxy or guardian, where the row is of the person acted for and not kept from them.

    Raises `IdentityNeeded`, `ConsentNeeded` where a resident may act for nobody yet.
    """
    if ctx.actor.role is not Role.RESIDENT or ctx.person != resident_id:
        return NONE
    if ctx.proxy is not None and subject_id and sensitive.is_hidden(ctx, subject_id):
        return NONE
    return possible(ctx) & PERSONAL


def as_owner(ctx: Context, resident_id: UUID) -> Ties:
    """As `as_person`, for what a person may do about the own data without any consent."""
    if ctx.actor.role is not Role.RESIDENT or ctx.resident != resident_id:
        return NONE
    return possible(ctx) & PERSONAL


def in_house(ctx: Context, institution_id: UUID) -> Ties:
    """Whoever manages this institution, by itself or with its consortium."""
    if institution_id not in ctx.actor.houses:
        return NONE
    return possible(ctx) & {Tie.INSTITUTION, Tie.CONSORTIUM}


def by_itself(ctx: Context) -> Ties:
    """What happens by itself."""
    return possible(ctx) & {Tie.CLOCK}


Kinds = Mapping[Tie, frozenset[Kind]]
OF_TEAM: Kinds = MappingProxyType(
    {
        Tie.SIGNED_DOCTOR: frozenset({Kind.SIGNED}),
        Tie.SAME_TEAM: frozenset({Kind.SIGNED}),
        Tie.EMERGENCY: frozenset({Kind.EMERGENCY}),
    }
)


def bound(ctx: Context, resident_id: UUID, kinds: Kinds = OF_TEAM) -> Ties:
    """The ties of a member of staff to a resident that follow from the relations in force."""
    wanted = {tie: kind for tie, kind in kinds.items() if tie in possible(ctx)}
    if not wanted:
        return NONE
    found = kinds_in_force(ctx, resident_id, frozenset().union(*wanted.values()))
    return frozenset(tie for tie, kind in wanted.items() if kind & found)


Rows = Callable[[Context], ColumnElement[bool]]


@dataclass(frozen=True, kw_only=True)
class Sight:
    """A feature's query scope: which rows each tie shows, as SQL; who holds none sees none.

    `kinds` show the rows of the residents to whom a relation of these kinds is in force, in one
    subquery. A family member with none of the scopes is refused with `ScopeNeeded`.
    """

    rows: Mapping[Tie, Rows]
    resident: InstrumentedAttribute[Any] | None = None
    kinds: Kinds = field(default_factory=dict)
    scopes: tuple[Scope, ...] = ()

    def __call__(self, ctx: Context) -> ColumnElement[bool]:
        """What the actor may see."""
        return self._seen(ctx, possible(ctx))

    def at_work(self, ctx: Context) -> ColumnElement[bool]:
        """What belongs on the actor's lists: not what only an emergency opened."""
        return self._seen(ctx, possible(ctx) - {Tie.EMERGENCY})

    @property
    def ties(self) -> Ties:
        """Every tie that shows something."""
        return frozenset(self.rows) | frozenset(self.kinds)

    def _seen(self, ctx: Context, mine: Ties) -> ColumnElement[bool]:
        seen = [rows(ctx) for tie, rows in self.rows.items() if tie in mine]
        kinds = {kind for tie, some in self.kinds.items() if tie in mine for kind in some}
        if kinds and self.resident is not None:
            seen.append(self.resident.in_(related(ctx, *sorted(kinds))))
        return or_(false(), *seen)


def of_person(
    resident: InstrumentedAttribute[Any],
    *scopes: Scope,
    subject: InstrumentedAttribute[Any] | None = None,
) -> Mapping[Tie, Rows]:
    """The rows of the person acted for; for family, without what is kept from them."""

    def own(ctx: Context) -> ColumnElement[bool]:
        return resident == _person_within(ctx, scopes)

    def shown(ctx: Context) -> ColumnElement[bool]:
        return own(ctx) if subject is None else own(ctx) & ~sensitive.hidden(ctx, subject)

    return {Tie.SELF: own, Tie.PROXY: shown, Tie.GUARDIAN: shown}


def _person_within(ctx: Context, scopes: tuple[Scope, ...]) -> UUID:
    """The person acted for; of a family member it asks one of these scopes."""
    if ctx.proxy is None or ctx.proxy.scopes.intersection(scopes):
        return ctx.person
    return ctx.person_for(scopes[0])


def everything(_ctx: Context) -> ColumnElement[bool]:
    """Every row."""
    return true()
