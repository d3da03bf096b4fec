"""How follow-ups are found; every read is limited to what the actor may see."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import Select, or_, select

from backend import contracting, identity, teams
from backend.followups import policy
from backend.followups.models import (
    BEGUN,
    OPEN,
    Enrolment,
    EnrolmentState,
    FollowUp,
    Measurement,
    Source,
    State,
)
from backend.followups.rules import FollowUpPolicy
from backend.kernel.calendar import age_on
from backend.kernel.context import Context
from backend.kernel.database import db, held, one
from backend.kernel.errors import Forbidden
from backend.kernel.handovers import OpenWork
from backend.kernel.paging import Page, Wanted, page

AT_ONCE = 500  # so that a sweep stays short; the next one takes the rest


@dataclass(frozen=True, slots=True)
class Care:
    """Which team, and who of it, answers for a resident."""

    team_id: UUID
    doctor_id: UUID


@dataclass(frozen=True, slots=True)
class Task:
    """A follow-up as the team sees it: whose, how old, whether the day has passed."""

    visit: FollowUp
    name: str
    age: int
    is_overdue: bool

    @property
    def resident_id(self) -> UUID:
        """Whose record is shown."""
        return self.visit.resident_id


def policy_of(ctx: Context) -> FollowUpPolicy:
    """What the region lays down about follow-up work."""
    return ctx.region.section("followups", FollowUpPolicy)


def find(ctx: Context, followup_id: UUID) -> FollowUp:
    """One follow-up; raises `NotFound`."""
    return one(_visible(ctx).where(FollowUp.id == followup_id))


def hold(ctx: Context, followup_id: UUID) -> FollowUp:
    """As `find`, locked until the commit; its enrolment first, as everybody does who needs both."""
    hold_enrolment(ctx, find(ctx, followup_id).enrolment_id)
    return held(_visible(ctx).where(FollowUp.id == followup_id))


def stands(ctx: Context, followup_id: UUID, *states: State) -> bool:
    """Whether a follow-up is in one of these states, and stays there until the commit."""
    still = _visible(ctx).where(FollowUp.id == followup_id, FollowUp.state.in_(states))
    kept = still.with_only_columns(FollowUp.id).with_for_update(read=True)
    return db.session.execute(kept).first() is not None


def hold_enrolment(ctx: Context, enrolment_id: UUID) -> Enrolment:
    """The enrolment, locked until the commit."""
    seen = policy.enrolments_visible_to(ctx)
    return held(select(Enrolment).where(Enrolment.id == enrolment_id, seen))


def hold_live_enrolments(ctx: Context, resident_id: UUID) -> Sequence[Enrolment]:
    """The resident's enrolments that have not ended, locked."""
    live = (
        select(Enrolment)
        .where(Enrolment.resident_id == resident_id, Enrolment.state != EnrolmentState.ENDED)
        .where(policy.enrolments_visible_to(ctx))
        .with_for_update()
    )
    return db.session.execute(live).scalars().all()


def hold_open(ctx: Context, enrolment_id: UUID) -> FollowUp | None:
    """The open follow-up of an enrolment, locked; there is never a second one."""
    wanted = FollowUp.enrolment_id == enrolment_id, FollowUp.state.in_(OPEN)
    open_one = _visible(ctx).where(*wanted).with_for_update()
    return db.session.execute(open_one).scalar_one_or_none()


def newest(ctx: Context, enrolment_id: UUID) -> FollowUp:
    """The follow-up planned last; every enrolment has one."""
    of_it = _visible(ctx).where(FollowUp.enrolment_id == enrolment_id)
    return one(of_it.order_by(FollowUp.id.desc()).limit(1))


def successor(ctx: Context, visit: FollowUp) -> FollowUp | None:
    """What was planned when this one was closed."""
    follows = _visible(ctx).where(FollowUp.follows_id == visit.id)
    return db.session.execute(follows).scalar_one_or_none()


def own(ctx: Context, wanted: Wanted) -> Page[FollowUp]:
    """The acting person's follow-ups, the latest day first."""
    mine = select(FollowUp).where(policy.due_days_visible_to(ctx))
    return page(mine, [FollowUp.due_on, FollowUp.id], wanted, newest_first=True)


def tasks(
    ctx: Context, wanted: Wanted, state: State | None = None, due_before: date | None = None
) -> Page[Task]:
    """The team's follow-ups in one state, else all open ones; the longest overdue first."""
    wanted_states = FollowUp.state.in_([state] if state else OPEN)
    found = select(FollowUp).where(policy.visible_to.at_work(ctx), wanted_states)
    if due_before:
        found = found.where(FollowUp.due_on < due_before)
    visits = page(found, [FollowUp.due_on, FollowUp.id], wanted)
    people = identity.residents(ctx, {visit.resident_id for visit in visits.items})
    return Page(
        [_task(ctx, visit, people[visit.resident_id]) for visit in visits.items], visits.next
    )


def task(ctx: Context, followup_id: UUID) -> Task:
    """One follow-up as the team sees it; raises `NotFound`."""
    visit = find(ctx, followup_id)
    return _task(ctx, visit, identity.resident(ctx, visit.resident_id))


def readings(ctx: Context, resident_id: UUID, wanted: Wanted) -> Page[Measurement]:
    """A resident's readings, of visits and from home, newest first; empty for a stranger."""
    theirs = _readings(ctx).where(Measurement.resident_id == resident_id)
    return page(theirs, [Measurement.taken_on, Measurement.id], wanted, newest_first=True)


def readings_of(ctx: Context, resident: identity.Resident, wanted: Wanted) -> Page[Measurement]:
    """As `readings`; raises `Forbidden` for staff who know the resident and may not read them."""
    found = readings(ctx, resident.id, wanted)
    if not found.items and not policy.may_read(ctx, resident):
        raise Forbidden
    return found


def visit_readings(ctx: Context, resident_id: UUID) -> Sequence[Measurement]:
    """The readings that classify, from old to new."""
    judged = _readings(ctx).where(
        Measurement.resident_id == resident_id, Measurement.source == Source.VISIT
    )
    ordered = judged.order_by(Measurement.taken_on, Measurement.id)
    return db.session.execute(ordered).scalars().all()


def last_alert(ctx: Context, resident_id: UUID, after: datetime) -> Measurement | None:
    """The last reading from home that the team was told of as an emergency after an instant."""
    told = _readings(ctx).where(
        Measurement.resident_id == resident_id,
        Measurement.alerted,
        Measurement.recorded_at > after,
    )
    return db.session.execute(told.order_by(Measurement.id.desc()).limit(1)).scalar_one_or_none()


def answers(ctx: Context, visit: FollowUp) -> Sequence[Measurement]:
    """What the resident measured at home in answer to a follow-up, oldest first."""
    given = _readings(ctx).where(
        Measurement.followup_id == visit.id, Measurement.source == Source.HOME
    )
    return db.session.execute(given.order_by(Measurement.id)).scalars().all()


def due(ctx: Context, but: Collection[UUID] = ()) -> Sequence[UUID]:
    """What is near enough to be put to the team and not yet is, but for some; the nearest first."""
    until = ctx.today + timedelta(days=policy_of(ctx).notice_days)
    near = (
        select(FollowUp.id)
        .where(FollowUp.state == State.SCHEDULED, FollowUp.due_on <= until)
        .where(policy.visible_to(ctx), FollowUp.id.not_in(but))
        .order_by(FollowUp.due_on, FollowUp.id)
        .limit(AT_ONCE)
    )
    return db.session.execute(near).scalars().all()


def unanswered(ctx: Context, but: Collection[UUID] = ()) -> Sequence[UUID]:
    """What nobody took on in working hours, but for some; the longest waiting first."""
    late = (
        select(FollowUp.id)
        .where(FollowUp.state == State.DUE, FollowUp.answer_by <= ctx.at)
        .where(policy.visible_to(ctx), FollowUp.id.not_in(but))
        .order_by(FollowUp.answer_by, FollowUp.id)
        .limit(AT_ONCE)
    )
    return db.session.execute(late).scalars().all()


def late(ctx: Context) -> date:
    """What was due before this day, and is still open, must be put to the team lead."""
    return ctx.today - timedelta(days=policy_of(ctx).overdue_after_days)


def overdue(ctx: Context, but: Collection[UUID] = ()) -> Sequence[UUID]:
    """What is open long after its day and not yet put to the lead, but for some; oldest first."""
    found = (
        select(FollowUp.id)
        .where(FollowUp.state.in_(BEGUN), FollowUp.overdue_told_at.is_(None))
        .where(FollowUp.due_on < late(ctx), FollowUp.id.not_in(but))
        .where(policy.visible_to(ctx))
        .order_by(FollowUp.due_on, FollowUp.id)
        .limit(AT_ONCE)
    )
    return db.session.execute(found).scalars().all()


def open_work(ctx: Context, staff_id: UUID) -> Sequence[OpenWork]:
    """The open follow-ups of a doctor, or put to somebody, in the actor's houses; by day."""
    found = db.session.execute(in_hands_of(ctx, staff_id)).scalars()
    return [OpenWork(row.id, row.resident_id, row.due_on, moves=True) for row in found]


def in_hands_of(ctx: Context, staff_id: UUID) -> Select[FollowUp]:
    """What somebody has to see to: as the doctor, as whoever took it on, or was put it to."""
    hands = or_(
        FollowUp.doctor_id == staff_id,
        FollowUp.acknowledged_by == staff_id,
        FollowUp.escalated_to == staff_id,
    )
    here = teams.of_houses(ctx.actor.houses)
    found = select(FollowUp).where(hands, FollowUp.state.in_(OPEN), FollowUp.team_id.in_(here))
    return found.order_by(FollowUp.due_on, FollowUp.id)


def care_of(ctx: Context, resident_id: UUID) -> Care | None:
    """Who answers for the resident by the contract in force, if there is one."""
    contract = contracting.active(ctx, resident_id)
    if contract is None or contract.doctor_id is None:
        return None
    return Care(contract.team_id, contract.doctor_id)


def _visible(ctx: Context) -> Select[FollowUp]:
    return select(FollowUp).where(policy.visible_to(ctx))


def _readings(ctx: Context) -> Select[Measurement]:
    return select(Measurement).where(policy.readings_visible_to(ctx))


def _task(ctx: Context, visit: FollowUp, resident: identity.Resident) -> Task:
    age = age_on(resident.birth_date, ctx.today)
    is_overdue = visit.state in OPEN and visit.due_on < ctx.today
    return Task(visit, resident.name, age, is_overdue)
