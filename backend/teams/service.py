"""What can be done: be away with a deputy, and come back early."""

from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import func, or_, select, update
from sqlalchemy.exc import IntegrityError

from backend import identity
from backend.kernel.calendar import begins_at
from backend.kernel.context import Context
from backend.kernel.database import db
from backend.kernel.errors import Conflict, Fault, Invalid
from backend.kernel.events import record
from backend.kernel.policy import permitted
from backend.kernel.relations import Belonging, Membership
from backend.kernel.transaction import attempt
from backend.teams import policy, queries
from backend.teams.errors import AbsenceOverlaps, DeputyAway, UnfitDeputy
from backend.teams.events import AbsenceEnded, AbsenceRecorded
from backend.teams.models import Absence
from backend.teams.rules import may_stand_in

LONGEST = timedelta(days=366)


@permitted(policy.to_be_away)
def be_absent(
    ctx: Context, person: identity.Staff, deputy_id: UUID, first_on: date, last_on: date
) -> Absence:
    """Be away from `first_on` to `last_on`, both included; the deputy belongs to the teams then.

    Raises `Invalid`, `UnfitDeputy`, `DeputyAway`, `AbsenceOverlaps`.
    """
    _days(ctx, first_on, last_on)
    _take_turns(person.id, deputy_id)
    _fit(ctx, person, identity.staff(ctx, [deputy_id]).get(deputy_id), last_on)
    _nothing_in_the_way(person.id, deputy_id, first_on, last_on)

    absence = Absence(
        staff_id=person.id,
        deputy_id=deputy_id,
        first_on=first_on,
        last_on=last_on,
        recorded_by=ctx.actor.id,
        recorded_at=ctx.at,
    )
    _insert(absence)
    _put_in(absence)
    record(ctx, AbsenceRecorded(absence.id, person.id, deputy_id, first_on, last_on))
    return absence


@permitted(policy.to_come_back)
def end_absence(ctx: Context, absence: Absence) -> Absence:
    """Be back early, or not go at all; from now on nobody stands in."""
    if absence.ended_at is not None or absence.last_on < ctx.today:
        raise Conflict
    absence.ended_at = ctx.at
    stood_in = update(Membership).where(Membership.source_id == absence.id)
    still = or_(Membership.valid_until.is_(None), Membership.valid_until > ctx.at)
    begun = stood_in.where(still, Membership.valid_from <= ctx.at)
    db.session.execute(begun.values(valid_until=ctx.at))
    ahead = stood_in.where(Membership.valid_from > ctx.at)
    db.session.execute(ahead.values(valid_until=Membership.valid_from))
    record(ctx, AbsenceEnded(absence.id, absence.staff_id, absence.deputy_id))
    return absence


def stop_standing_in(staff_id: UUID, party_id: UUID, end: datetime) -> None:
    """Nobody stands in at a team for somebody who belongs to it only until `end`."""
    absences = select(Absence.id).where(Absence.staff_id == staff_id)
    theirs = (Membership.party_id == party_id) & Membership.source_id.in_(absences)
    still = Membership.valid_until > end
    capped = update(Membership).where(theirs, still)
    db.session.execute(capped.values(valid_until=func.greatest(Membership.valid_from, end)))


def _days(ctx: Context, first_on: date, last_on: date) -> None:
    if first_on < ctx.today:
        raise Invalid(faults=[Fault("/first_on", "开始日期不能早于今天")])
    if not first_on <= last_on <= first_on + LONGEST:
        raise Invalid(faults=[Fault("/last_on", "结束日期不能早于开始日期，最长一年")])


def _take_turns(*staff_ids: UUID) -> None:
    """Whoever arranges for one of these waits for whoever arranges for another."""
    rows = select(identity.Staff.id).where(identity.Staff.id.in_(staff_ids))
    db.session.execute(rows.order_by(identity.Staff.id).with_for_update())


def _fit(
    ctx: Context, person: identity.Staff, deputy: identity.Staff | None, last_on: date
) -> None:
    back = begins_at(last_on + timedelta(days=1))
    houses = {person.institution_id, *ctx.actor.houses}
    if (
        deputy is None
        or deputy.id == person.id
        or not deputy.works(back)
        or deputy.institution_id not in houses
        or not may_stand_in(deputy.role, person.role)
    ):
        fault = Fault("/deputy_id", UnfitDeputy.advice)
        raise UnfitDeputy(clause="代班", faults=[fault])


def _nothing_in_the_way(staff_id: UUID, deputy_id: UUID, first_on: date, last_on: date) -> None:
    for other in queries.in_the_way([staff_id, deputy_id], first_on, last_on):
        if other.staff_id == deputy_id:
            raise DeputyAway
        if staff_id in {other.staff_id, other.deputy_id}:
            raise AbsenceOverlaps


def _insert(absence: Absence) -> None:
    try:
        with attempt():
            db.session.add(absence)
    except IntegrityError as overlap:
        raise AbsenceOverlaps from overlap


def _put_in(absence: Absence) -> None:
    """Let the deputy belong to each team of the absent person, while both hold.

    Who ends a belonging meanwhile waits for this, or this for them.
    """
    first, back = begins_at(absence.first_on), begins_at(absence.last_on + timedelta(days=1))
    open_ones = or_(Membership.valid_until.is_(None), Membership.valid_until > first)
    theirs = select(Membership).where(
        Membership.staff_id == absence.staff_id,
        Membership.kind.in_(queries.IN_A_TEAM),
        Membership.valid_from < back,
        open_ones,
    )
    now = theirs.with_for_update(read=True).execution_options(populate_existing=True)
    for row in db.session.execute(now).scalars():
        db.session.add(_deputy(absence, row, first, back))


def _deputy(absence: Absence, row: Membership, first: datetime, back: datetime) -> Membership:
    return Membership(
        staff_id=absence.deputy_id,
        party_id=row.party_id,
        kind=Belonging.DEPUTY,
        valid_from=max(first, row.valid_from),
        valid_until=min(back, row.valid_until or back),
        source_id=absence.id,
    )
