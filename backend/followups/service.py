"""What people do with follow-ups: enrol, take on, write down, say honestly that it failed."""

from collections.abc import Iterator
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from backend import identity, network, teams
from backend.followups import plan, policy, queries
from backend.followups.errors import AlreadyEnrolled, DayOutOfRange, NotSigned, TooYoung
from backend.followups.events import (
    EmergencyFound,
    FollowUpAcknowledged,
    FollowUpCompleted,
    FollowUpHandedOver,
    FollowUpMissed,
    FoundDead,
    HomeReadingGiven,
    ResidentEnrolled,
)
from backend.followups.form import (
    Advice,
    Effect,
    Findings,
    Obstacle,
    Outcome,
    Symptom,
    Way,
)
from backend.followups.models import (
    LIFE,
    Act,
    Enrolment,
    FollowUp,
    Measurement,
    Occasion,
    Programme,
)
from backend.followups.rules import (
    HYPERTENSION,
    Assessment,
    Danger,
    Hypertension,
    Implausible,
    Reading,
    advise,
    dangers,
    is_emergency,
    is_worse,
    next_attempt,
    next_visit,
)
from backend.kernel.calendar import age_on
from backend.kernel.context import Context
from backend.kernel.database import db
from backend.kernel.errors import Fault, Invalid
from backend.kernel.events import record
from backend.kernel.policy import admitted, by_manager, permitted
from backend.kernel.transaction import attempt


@permitted(policy.signed_doctor)
def enrol(
    ctx: Context,
    resident: identity.Resident,
    diagnosed_on: date,
    first_on: date | None = None,
    programme: Programme = Programme.HYPERTENSION,
) -> FollowUp:
    """Begin a programme; returns its first follow-up, a quarter ahead unless named earlier.

    Raises `NotSigned`, `TooYoung`, `DayOutOfRange`, `AlreadyEnrolled`.
    """
    std = HYPERTENSION.on(ctx.today)
    care = queries.care_of(ctx, resident.id)
    if care is None:
        raise NotSigned
    _of_age(ctx, resident, std)
    _diagnosed(ctx, resident, diagnosed_on)
    due_on = _first_day(ctx, first_on, std)

    enrolment = Enrolment(
        resident_id=resident.id,
        programme=programme,
        diagnosed_on=diagnosed_on,
        enrolled_on=ctx.today,
        enrolled_by=ctx.actor.id,
    )
    try:
        with attempt():
            db.session.add(enrolment)
    except IntegrityError as twice:
        raise AlreadyEnrolled from twice
    record(ctx, ResidentEnrolled(resident.id, enrolment.id))
    return plan.add(ctx, enrolment, care, due_on, Occasion.ROUTINE)


def _of_age(ctx: Context, resident: identity.Resident, std: Hypertension) -> None:
    if age_on(resident.birth_date, ctx.today) < std.minimum_age:
        raise TooYoung(f"这个项目管理 {std.minimum_age} 岁及以上的居民。", clause=std.source)


def _diagnosed(ctx: Context, resident: identity.Resident, diagnosed_on: date) -> None:
    if not resident.birth_date <= diagnosed_on <= ctx.today:
        raise Invalid(faults=[Fault("/diagnosed_on", "确诊日期应在出生之后、今天或以前")])


def _first_day(ctx: Context, first_on: date | None, std: Hypertension) -> date:
    latest = next_visit(Advice.ROUTINE, ctx.today, std, network.workdays(ctx).is_workday)
    if first_on is None:
        return latest
    if not ctx.today <= first_on <= latest:
        raise DayOutOfRange(f"第一次随访应在今天到 {latest} 之间。", clause=std.source)
    return first_on


@permitted(policy.team_or_lead)
def acknowledge(ctx: Context, visit: FollowUp) -> FollowUp:
    """Take the task on; raises `IllegalMove` where somebody already has."""
    visit.state = LIFE.after(visit.state, Act.ACKNOWLEDGE)
    visit.acknowledged_at, visit.acknowledged_by = ctx.at, ctx.actor.id
    record(ctx, FollowUpAcknowledged(visit.resident_id, visit.id))
    return visit


@permitted(policy.team)
def complete(
    ctx: Context, visit: FollowUp, found: Findings, taken_on: date | None = None
) -> FollowUp:
    """Write down what was found; the standard decides what it means, and when the next one is.

    `taken_on` is the day of the visit where it is not today. Raises `IllegalMove`, `Invalid`,
    `DayOutOfRange`.
    """
    LIFE.after(visit.state, Act.COMPLETE)
    reading = _reading_of(taken_on or ctx.today, found)
    before = [row.reading for row in queries.visit_readings(ctx, visit.resident_id)]
    enrolment = queries.hold_enrolment(ctx, visit.enrolment_id)
    _in_sequence(ctx, enrolment, reading, before)
    std = HYPERTENSION.on(reading.taken_on)
    resident = identity.resident(ctx, visit.resident_id)
    assessment = advise([*before, reading], resident.birth_date, std)
    again_on = next_visit(
        assessment.advice, reading.taken_on, std, network.workdays(ctx).is_workday
    )

    measurement = Measurement.of(ctx, visit, reading, heart_rate=found.heart_rate, found=found)
    db.session.add(measurement)
    visit.close(ctx, Act.COMPLETE)
    visit.outcome, visit.way, visit.note = Outcome.SEEN, found.way, found.note
    visit.judged(assessment)
    record(ctx, *_what_it_means(visit, measurement, assessment))
    plan.follow(
        ctx,
        enrolment,
        visit,
        again_on,
        Occasion.ROUTINE if assessment.advice is Advice.ROUTINE else Occasion.RECHECK,
    )
    return visit


def _reading_of(day: date, found: Findings) -> Reading:
    try:
        return Reading(
            taken_on=day,
            systolic=found.systolic,
            diastolic=found.diastolic,
            symptoms=found.symptoms,
            signs=found.signs,
            pregnant_or_lactating=found.pregnant_or_lactating,
            reaction=found.reaction,
            complication=found.complication,
        )
    except Implausible as wrong:
        pointer = "/systolic" if found.systolic <= found.diastolic else "/symptoms"
        raise Invalid(faults=[Fault(pointer, str(wrong))]) from wrong


def _in_sequence(
    ctx: Context, enrolment: Enrolment, reading: Reading, before: list[Reading]
) -> None:
    """A visit written down later is no problem; one in the future or before the last one is."""
    earliest = max([enrolment.enrolled_on, *(earlier.taken_on for earlier in before)])
    if not earliest <= reading.taken_on <= ctx.today:
        clause = HYPERTENSION.on(ctx.today).source
        raise DayOutOfRange(f"随访日期应在 {earliest} 到今天之间。", clause=clause)


def _what_it_means(
    visit: FollowUp, measurement: Measurement, assessment: Assessment
) -> Iterator[FollowUpCompleted | EmergencyFound]:
    yield FollowUpCompleted(visit.resident_id, visit.id, assessment.advice)
    if assessment.advice is Advice.REFER_NOW:
        yield _emergency(visit, measurement)


def _emergency(visit: FollowUp, measurement: Measurement) -> EmergencyFound:
    return EmergencyFound(visit.resident_id, measurement.id, visit.id, visit.team_id)


@permitted(policy.team)
def miss(
    ctx: Context,
    visit: FollowUp,
    obstacle: Obstacle,
    way: Way,
    *,
    ends_programme: bool = False,
    note: str | None = None,
) -> FollowUp:
    """Say honestly why no reading came of it; it never counts as done.

    The next attempt lies within the region's days, unless the programme ends: by moving away or
    death always, else where the team says so (C-3).
    """
    LIFE.after(visit.state, Act.MISS)
    ends = ends_programme or obstacle.always_ends
    retry = queries.policy_of(ctx).retry_lost_within_days
    effect = Effect.ENDED if ends else Effect.TEMPORARILY_LOST
    again_on = next_attempt(effect, ctx.today, retry, network.workdays(ctx).is_workday)
    enrolment = queries.hold_enrolment(ctx, visit.enrolment_id)

    visit.close(ctx, Act.MISS)
    visit.outcome, visit.way, visit.note = Outcome(obstacle), way, note
    record(ctx, FollowUpMissed(visit.resident_id, visit.id, visit.outcome))
    if obstacle is Obstacle.DIED:
        record(ctx, _found_dead(ctx, visit))
    if again_on is None:
        plan.end(ctx, enrolment, obstacle.end_reason)
    else:
        plan.follow(ctx, enrolment, visit, again_on, Occasion.RETRY)
    return visit


@admitted(by_manager)
def hand_over(ctx: Context, staff_id: UUID, successor_id: UUID) -> int:
    """Give what is open with somebody to a colleague of the same team; returns how many."""
    theirs = queries.in_hands_of(ctx, staff_id).with_for_update()
    shared = [
        visit
        for visit in db.session.execute(theirs).scalars()
        if successor_id in teams.members_of(ctx, visit.team_id)
    ]
    for visit in shared:
        visit.pass_on(staff_id, successor_id)
    record(ctx, *(FollowUpHandedOver(row.resident_id, row.id, successor_id) for row in shared))
    return len(shared)


def _found_dead(ctx: Context, visit: FollowUp) -> FoundDead:
    house = teams.find(ctx, visit.team_id).institution_id
    return FoundDead(visit.resident_id, visit.id, ctx.actor.id, house, ctx.today)


@permitted(policy.own)
def answer(
    ctx: Context,
    visit: FollowUp,
    systolic: int,
    diastolic: int,
    *,
    heart_rate: int | None = None,
    symptoms: frozenset[Symptom] = frozenset(),
) -> Measurement:
    """Keep what the resident measured at home: the team sees it, and it classifies nothing.

    An emergency is none the less told to the whole team: at once, again where it has grown worse,
    and again after the region's hours.
    """
    LIFE.after(visit.state, Act.ANSWER)
    found = Findings(way=Way.PHONE, systolic=systolic, diastolic=diastolic, symptoms=symptoms)
    reading = _reading_of(ctx.today, found)
    alerts = _alerts(ctx, visit, reading)

    measurement = Measurement.of(ctx, visit, reading, heart_rate=heart_rate)
    measurement.alerted = alerts
    db.session.add(measurement)
    db.session.flush()
    record(ctx, HomeReadingGiven(visit.resident_id, measurement.id, visit.id))
    if alerts:
        record(ctx, _emergency(visit, measurement))
    return measurement


def _alerts(ctx: Context, visit: FollowUp, reading: Reading) -> bool:
    """Whether the team is to be told of a reading from home."""
    std = HYPERTENSION.on(reading.taken_on)
    if not is_emergency(reading, std):
        return False
    hours = queries.policy_of(ctx).alert_again_after_hours
    told = queries.last_alert(ctx, visit.resident_id, ctx.at - timedelta(hours=hours))
    return told is None or is_worse(reading, told.reading, std)


def dangers_of(measurement: Measurement) -> list[Danger]:
    """What makes the reading an emergency by the standard of its day (H-0), if it is one."""
    return dangers(measurement.reading, HYPERTENSION.on(measurement.taken_on))


def is_urgent(measurement: Measurement) -> bool:
    """Whether the reading is an emergency by the standard of its day (H-0)."""
    return bool(dangers_of(measurement))
