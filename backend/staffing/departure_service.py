"""Leaving: access ends the same second, and what was in hand is listed and given on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, or_, select, update

from backend import identity, teams
from backend.kernel import handovers
from backend.kernel.context import Context
from backend.kernel.database import db
from backend.kernel.errors import Fault, Invalid
from backend.kernel.events import record
from backend.kernel.handovers import OpenWork
from backend.kernel.policy import permitted, require_step_up
from backend.kernel.relations import Membership, Relation
from backend.staffing import policy
from backend.staffing.errors import AlreadyLeft, NoSuccessor
from backend.staffing.events import StaffLeft, WorkHandedOver


@dataclass(frozen=True, slots=True)
class Task:
    """One open piece of work and its kind."""

    kind: str
    work: OpenWork

    @property
    def resident_id(self) -> UUID | None:
        """Whose affair it is."""
        return self.work.resident_id


@permitted(policy.decides_about)
def depart(ctx: Context, person: identity.Staff, at: datetime | None = None) -> Sequence[Task]:
    """End somebody's work here now, or at a later instant; returns what is open with them.

    From that instant no request is answered, whichever worker gets it: the query that recognises a
    request reads `left_at`. Needs a step-up; raises `AlreadyLeft`, `Invalid`.
    """
    require_step_up(ctx)
    if not person.works(ctx.at):
        raise AlreadyLeft
    end = at or ctx.at
    if end < ctx.at:
        raise Invalid(faults=[Fault("/at", "离职时间不能早于现在")])

    person.left_at = end
    _end_memberships(person.id, end)
    _end_relations(person.id, end)
    _end_absences(ctx, person.id)
    if end <= ctx.at:
        identity.end_all_sessions(ctx, identity.Ending.LEFT, staff_id=person.id)
    record(ctx, StaffLeft(person.id, end))
    return open_work(ctx, person)


@permitted(policy.decides_about)
def open_work(ctx: Context, person: identity.Staff) -> Sequence[Task]:
    """What is in this person's hands, of every feature."""
    return [Task(kind, work) for kind, work in handovers.everything(ctx, person.id)]


@permitted(policy.decides_about)
def hand_over(ctx: Context, person: identity.Staff, successor_id: UUID) -> int:
    """Give what can be moved to a colleague; returns how many; raises `NoSuccessor`."""
    successor = identity.staff(ctx, [successor_id]).get(successor_id)
    if (
        successor is None
        or successor.id == person.id
        or not successor.works(ctx.at)
        or not teams.may_stand_in(successor.role, person.role)
    ):
        raise NoSuccessor(clause="FD-12", faults=[Fault("/to", NoSuccessor.advice)])
    moved = handovers.move(ctx, person.id, successor.id)
    record(ctx, WorkHandedOver(person.id, successor.id, moved))
    return moved


def _end_memberships(staff_id: UUID, end: datetime) -> None:
    theirs = update(Membership).where(Membership.staff_id == staff_id)
    still = or_(Membership.valid_until.is_(None), Membership.valid_until > end)
    db.session.execute(
        theirs.where(still).values(valid_until=func.greatest(Membership.valid_from, end))
    )


def _end_relations(staff_id: UUID, end: datetime) -> None:
    theirs = update(Relation).where(Relation.party_id == staff_id)
    still = or_(Relation.valid_until.is_(None), Relation.valid_until > end)
    db.session.execute(
        theirs.where(still).values(valid_until=func.greatest(Relation.valid_from, end))
    )


def _end_absences(ctx: Context, staff_id: UUID) -> None:
    """Who has left is not away, and stands in for nobody."""
    concerned = or_(teams.Absence.staff_id == staff_id, teams.Absence.deputy_id == staff_id)
    ahead = (teams.Absence.ended_at.is_(None), teams.Absence.last_on >= ctx.today)
    for absence in db.session.execute(select(teams.Absence).where(concerned, *ahead)).scalars():
        teams.end_absence(ctx, absence)
