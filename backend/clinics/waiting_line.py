"""Who waits for a session, in which order: the same conditions for offers, positions and counts."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    Uuid,
    and_,
    cast,
    exists,
    false,
    func,
    literal,
    or_,
    select,
    true,
    tuple_,
    union,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import aliased

from backend.clinics.models import ClinicSession, Quota, Seat, SessionState
from backend.clinics.rules import policy_of
from backend.clinics.waiting_models import WaitingEntry, WaitingState, Way
from backend.clinics.waiting_rules import last_offer_at, waiting_policy
from backend.kernel.context import Context
from backend.kernel.database import db
from backend.kernel.relations import Kind, Relation, in_force

WAITS = WaitingEntry.state == WaitingState.WAITING
OF_ANY = WaitingEntry.session_id.is_(None)
ORDER = (
    WaitingEntry.precedence.desc(),
    WaitingEntry.lapses,
    WaitingEntry.joined_at,
    WaitingEntry.id,
)
AT_ONCE = 50


def waits_for(session: ClinicSession) -> ColumnElement[bool]:
    """Whether an entry, if it is live, wants a seat of this session."""
    any_session = and_(
        WaitingEntry.session_id.is_(None),
        WaitingEntry.specialty == session.specialty,
        WaitingEntry.institution_ids.contains(_ids(session.institution_id)),
        WaitingEntry.until >= session.day,
        ~WaitingEntry.refused.contains(_ids(session.id)),
    )
    this = WaitingEntry.session_id == session.id
    return WaitingEntry.ended_at.is_(None) & or_(this, any_session)


def _ids(*ids: UUID) -> ColumnElement[list[UUID]]:
    return literal(list(ids), ARRAY(Uuid))


def is_awaited(ctx: Context, session: ClinicSession) -> bool:
    """Whether anybody waits to whom a seat of it can still be offered."""
    if ctx.at > last_offer_at(session.starts_at, policy_of(ctx.region), waiting_policy(ctx.region)):
        return False
    found = select(WaitingEntry.id).where(WAITS, waits_for(session))
    return db.session.execute(found.limit(1)).first() is not None


def waiting_counts(sessions: Sequence[ClinicSession]) -> dict[UUID, int]:
    """How many people wait for each of these sessions, whoever they are."""
    live = WaitingEntry.ended_at.is_(None)
    wanted = ClinicSession.id.in_([session.id for session in sessions])
    found = select(ClinicSession.id, func.count(WaitingEntry.id.distinct()))
    found = found.join(WaitingEntry, live & _fits()).where(wanted).group_by(ClinicSession.id)
    return {row[0]: row[1] for row in db.session.execute(found)}


def _fits() -> ColumnElement[bool]:
    """As `waits_for`, between two columns."""
    any_session = and_(
        WaitingEntry.session_id.is_(None),
        WaitingEntry.specialty == ClinicSession.specialty,
        ClinicSession.institution_id == func.any(WaitingEntry.institution_ids),
        WaitingEntry.until >= ClinicSession.day,
        ClinicSession.id != func.all(WaitingEntry.refused),
    )
    return or_(WaitingEntry.session_id == ClinicSession.id, any_session)


def ahead_of(entry: WaitingEntry, session: ClinicSession | None) -> tuple[int, int]:
    """How many wait before it: in all, and in its own class of urgency; kept ones among them.

    Of an entry for any session: who wants the same specialty in one of the same houses.
    """
    rivals = WaitingEntry.specialty == entry.specialty
    rivals &= WaitingEntry.institution_ids.overlap(_ids(*entry.institution_ids))
    same = waits_for(session) if session is not None else rivals
    own = tuple_(
        cast(literal(-entry.precedence), Integer),
        cast(literal(entry.lapses), Integer),
        literal(entry.joined_at, WaitingEntry.joined_at.type),
        literal(entry.id, Uuid()),
    )
    theirs = tuple_(
        -WaitingEntry.precedence, WaitingEntry.lapses, WaitingEntry.joined_at, WaitingEntry.id
    )
    in_class = WaitingEntry.precedence == entry.precedence
    counts = select(func.count(), func.count().filter(in_class)).select_from(WaitingEntry)
    found = counts.where(WAITS, WaitingEntry.ended_at.is_(None), same, theirs < own)
    row = db.session.execute(found).one()
    return row[0], row[1]


def vacancies(ctx: Context, after: UUID | None = None) -> Sequence[UUID]:
    """Some sessions with a seat that somebody who waits could have by the end of the precedence.

    The soonest first, from the session `after` on.
    """
    this = ~OF_ANY & (WaitingEntry.session_id == ClinicSession.id)
    awaited = union(_free_for(ctx, this, _soon(ctx)), _free_for(ctx, OF_ANY & _fits(), ctx.at))
    found = select(ClinicSession.id).where(ClinicSession.id.in_(select(awaited.subquery().c[0])))
    order = (ClinicSession.starts_at, ClinicSession.id)
    if after is not None:
        last = aliased(ClinicSession)
        reached = select(last.starts_at, last.id).where(last.id == after).scalar_subquery()
        found = found.where(tuple_(*order) > reached)
    return db.session.execute(found.order_by(*order).limit(AT_ONCE)).scalars().all()


def _free_for(ctx: Context, wants: ColumnElement[bool], by: datetime) -> Select[UUID]:
    """Sessions with something for who waits like this."""
    wanted = select(ClinicSession.id).join(WaitingEntry, WAITS & wants)
    return wanted.where(_offerable(ctx), _has_vacancy(by))


def _soon(ctx: Context) -> datetime:
    return ctx.at + waiting_policy(ctx.region).first


def _has_vacancy(by: datetime) -> ColumnElement[bool]:
    """A seat of the session that is not for referrals alone, which nobody gets by waiting."""
    is_for_some = or_(Seat.quota != Quota.REFERRAL, Seat.flows_at <= by)
    return exists().where(Seat.session_id == ClinicSession.id, vacant(by), is_for_some)


def _offerable(ctx: Context) -> ColumnElement[bool]:
    """A session whose seats can be offered to those who wait, now."""
    policy = waiting_policy(ctx.region)
    ends = policy_of(ctx.region).notice + policy.least
    return and_(
        ClinicSession.state == SessionState.OPEN,
        ClinicSession.starts_at >= ctx.at + ends,
        ClinicSession.taken < ClinicSession.capacity,
    )


def vacant(by: datetime) -> ColumnElement[bool]:
    """A seat of its session that was given back, or that is released by then."""
    opens = func.coalesce(Seat.releases_at, ClinicSession.releases_at)
    return Seat.is_free & or_(opens <= by, Seat.came_back_at.is_not(None))


def next_entry(ctx: Context, session: ClinicSession) -> UUID | None:
    """Whose turn it is: the first who may have one of the free seats, was not just passed over.

    Seats that were never given back are the public's from their second on; only who waits for
    this very session comes before.
    """
    policy = waiting_policy(ctx.region)
    just = (WaitingEntry.passed_session == session.id) & (
        WaitingEntry.passed_at > ctx.at - policy.again
    )
    may_use = or_(
        ~OF_ANY & _may_use(ctx, _quotas_left(session, _soon(ctx))),
        OF_ANY & _may_use(ctx, _quotas_left(session, ctx.at)),
    )
    wanted = select(WaitingEntry.id).where(
        WAITS, waits_for(session), may_use, ~func.coalesce(just, false())
    )
    return db.session.execute(wanted.order_by(*ORDER).limit(1)).scalar()


def _quotas_left(session: ClinicSession, by: datetime) -> frozenset[Quota]:
    has_flowed = func.coalesce(Seat.flows_at <= by, false())
    found: Select[Quota, bool] = (
        select(Seat.quota, has_flowed)
        .join(ClinicSession, ClinicSession.id == Seat.session_id)
        .where(Seat.session_id == session.id, vacant(by))
        .distinct()
    )
    return frozenset(Quota.OPEN if flowed else quota for quota, flowed in db.session.execute(found))


def _may_use(ctx: Context, quotas: frozenset[Quota]) -> ColumnElement[bool]:
    if Quota.OPEN in quotas:
        return true()
    signed = exists().where(
        Relation.resident_id == WaitingEntry.resident_id,
        Relation.kind == Kind.SIGNED,
        in_force(ctx),
    )
    ways = {Quota.SIGNED: signed, Quota.FAMILY_DOCTOR: WaitingEntry.way == Way.DOCTOR}
    return or_(false(), *(ways[quota] for quota in quotas if quota in ways))


def precedence_until(ctx: Context, session: ClinicSession) -> datetime | None:
    """Until when a seat that comes free now is theirs who wait; `None` where nobody does."""
    if not is_awaited(ctx, session):
        return None
    return ctx.at + waiting_policy(ctx.region).first
