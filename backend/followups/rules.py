"""Hypertension follow-up [高血压随访]: what a visit means, and when the next one is."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from itertools import takewhile

from backend.followups.form import (
    Advice,
    Complication,
    Control,
    Effect,
    Reaction,
    Reason,
    Sign,
    Symptom,
    Way,
)
from backend.kernel import standards
from backend.kernel.calendar import SHANGHAI, add_months, age_on

SYSTOLIC_READABLE = range(40, 301)  # what a cuff can show, not a rule of medicine
DIASTOLIC_READABLE = range(20, 251)


@dataclass(frozen=True)
class Pressure:
    """A limit in mmHg for each of the two pressures."""

    systolic: int
    diastolic: int


@dataclass(frozen=True)
class Target:
    """The limits below which pressure is controlled from an age on."""

    from_age: int
    below: Pressure


@dataclass(frozen=True, kw_only=True)
class Hypertension(standards.Edition):
    """The figures of the hypertension programme."""

    targets: tuple[Target, ...]
    emergency: Pressure
    emergency_signs: frozenset[Sign]
    emergency_symptoms: frozenset[Symptom]
    pregnancy_normal_below: Pressure
    uncontrolled_in_a_row: int
    reactions_in_a_row: int
    recheck_within_days: int
    routine_months: int
    face_to_face_per_year: int
    face_to_face_ways: frozenset[Way]
    exams_per_year: int
    minimum_age: int

    def target(self, age: int) -> Pressure:
        """Return the limits for an age in completed years."""
        return max((t for t in self.targets if t.from_age <= age), key=lambda t: t.from_age).below


HYPERTENSION = standards.load(Hypertension, "hypertension")


class Implausible(ValueError):
    """A reading that no cuff shows, or a form that contradicts itself."""


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What one visit found."""

    taken_on: date
    systolic: int
    diastolic: int
    symptoms: frozenset[Symptom] = frozenset()
    signs: frozenset[Sign] = frozenset()
    pregnant_or_lactating: bool = False
    reaction: Reaction = Reaction.NONE
    complication: Complication = Complication.NO_CHANGE

    def __post_init__(self) -> None:
        if self.systolic not in SYSTOLIC_READABLE or self.diastolic not in DIASTOLIC_READABLE:
            raise Implausible("血压数值超出可测范围，请重新测量")
        if self.systolic <= self.diastolic:
            raise Implausible("收缩压应高于舒张压，请核对是否填反")
        if Symptom.NONE in self.symptoms and len(self.symptoms) > 1:
            raise Implausible("选择“无症状”时不能再选其他症状")

    def reaches(self, limit: Pressure) -> bool:
        """Tell whether either pressure has reached its limit."""
        return self.systolic >= limit.systolic or self.diastolic >= limit.diastolic


@dataclass(frozen=True)
class Assessment:
    """What a visit means: the form's class, what to do and why, and by which edition."""

    control: Control
    advice: Advice
    reasons: tuple[Reason, ...]
    rule_set: str


def advise(readings: Sequence[Reading], born_on: date, std: Hypertension) -> Assessment:
    """Judge the newest visit in the light of those before it; readings run from old to new."""
    newest = readings[-1]
    high = _uncontrolled_in_a_row(readings, born_on, std)
    reasons = tuple(_reasons(readings, high, std))
    return Assessment(
        _control(newest, high > 0), _advice(newest, high, reasons), reasons, std.rule_set
    )


class Danger(StrEnum):
    """What makes a reading an emergency."""

    PRESSURE = "pressure"
    SYMPTOM = "symptom"
    SIGN = "sign"
    PREGNANCY = "pregnancy"


def dangers(reading: Reading, std: Hypertension) -> list[Danger]:
    """H-0: by pressure, by symptom or sign, or pregnant or nursing with pressure above normal."""
    found = {
        Danger.PRESSURE: reading.reaches(std.emergency),
        Danger.SYMPTOM: bool(reading.symptoms & std.emergency_symptoms),
        Danger.SIGN: bool(reading.signs & std.emergency_signs),
        Danger.PREGNANCY: reading.pregnant_or_lactating
        and reading.reaches(std.pregnancy_normal_below),
    }
    return [danger for danger, is_there in found.items() if is_there]


def is_emergency(reading: Reading, std: Hypertension) -> bool:
    """Whether there is any danger (H-0)."""
    return bool(dangers(reading, std))


def is_worse(reading: Reading, than: Reading, std: Hypertension) -> bool:
    """Whether an emergency has grown: either pressure, or a symptom or sign that was not there."""
    return (
        reading.systolic > than.systolic
        or reading.diastolic > than.diastolic
        or bool((reading.symptoms - than.symptoms) & std.emergency_symptoms)
        or bool((reading.signs - than.signs) & std.emergency_signs)
    )


def is_controlled(reading: Reading, born_on: date, std: Hypertension) -> bool:
    """H-1, pressure alone: both below the limits of the age on the day of the visit."""
    return not reading.reaches(std.target(age_on(born_on, reading.taken_on)))


def _uncontrolled_in_a_row(readings: Sequence[Reading], born_on: date, std: Hypertension) -> int:
    return _streak(readings, lambda reading: not is_controlled(reading, born_on, std))


def _streak(readings: Sequence[Reading], holds: Callable[[Reading], bool]) -> int:
    return sum(1 for _ in takewhile(holds, reversed(readings)))


def _reasons(readings: Sequence[Reading], high: int, std: Hypertension) -> Iterable[Reason]:
    newest = readings[-1]
    reactions = _streak(readings, lambda reading: reading.reaction is not Reaction.NONE)
    if high >= std.uncontrolled_in_a_row:
        yield Reason.UNCONTROLLED_TWICE
    if newest.reaction is Reaction.HARD_TO_CONTROL or reactions >= std.reactions_in_a_row:
        yield Reason.REACTION_HARD_TO_CONTROL
    if newest.complication is Complication.NEW:
        yield Reason.NEW_COMPLICATION
    if newest.complication is Complication.WORSE:
        yield Reason.COMPLICATION_WORSE
    if is_emergency(newest, std):
        yield Reason.EMERGENCY


def _control(newest: Reading, high: bool) -> Control:
    if newest.complication is not Complication.NO_CHANGE:
        return Control.COMPLICATION
    if newest.reaction is not Reaction.NONE:
        return Control.ADVERSE_REACTION
    return Control.UNSATISFIED if high else Control.CONTROLLED


def _advice(newest: Reading, high: int, reasons: Sequence[Reason]) -> Advice:
    if Reason.EMERGENCY in reasons:
        return Advice.REFER_NOW
    if reasons:
        return Advice.REFER
    if high or newest.reaction is not Reaction.NONE:
        return Advice.RECHECK
    return Advice.ROUTINE


def next_visit(
    advice: Advice, visited_on: date, std: Hypertension, is_workday: Callable[[date], bool]
) -> date:
    """Name the next day: a two-week limit moves earlier, a routine date later."""
    if advice is Advice.ROUTINE:
        return _shift(add_months(visited_on, std.routine_months), 1, is_workday)
    return within(visited_on, std.recheck_within_days, is_workday)


def within(start: date, days: int, is_workday: Callable[[date], bool]) -> date:
    """Return the last workday within so many days; the limit itself if none of them is worked."""
    limit = start + timedelta(days=days)
    return next(
        (day for back in range(days) if is_workday(day := limit - timedelta(days=back))), limit
    )


def _shift(day: date, step: int, is_workday: Callable[[date], bool]) -> date:
    while not is_workday(day):
        day += timedelta(days=step)
    return day


def next_attempt(
    effect: Effect, tried_on: date, retry_within_days: int, is_workday: Callable[[date], bool]
) -> date | None:
    """Name the next day after a visit without reading: none once the programme has ended (C-3)."""
    return None if effect is Effect.ENDED else within(tried_on, retry_within_days, is_workday)


def face_to_face(ways: Iterable[Way], std: Hypertension) -> int:
    """Count the visits that count towards the yearly minimum."""
    return sum(way in std.face_to_face_ways for way in ways)


def still_due(ways: Iterable[Way], std: Hypertension) -> int:
    """Count the face-to-face visits that a year's visits still lack."""
    return max(0, std.face_to_face_per_year - face_to_face(ways, std))


@dataclass(frozen=True, kw_only=True)
class FollowUpPolicy:
    """What the region lays down about follow-up work."""

    notice_days: int
    acknowledge_within_hours: int  # working hours
    working_hours: tuple[time, time]
    retry_lost_within_days: int
    overdue_after_days: int  # past the due day, then the team lead is told
    alert_again_after_hours: int  # while an emergency at home lasts and grows no worse


def acknowledge_by(
    told_at: datetime, policy: FollowUpPolicy, is_workday: Callable[[date], bool]
) -> datetime:
    """Name the instant when the team lead is told: only working hours of workdays count."""
    left = timedelta(hours=policy.acknowledge_within_hours)
    opening, closing = policy.working_hours
    day = told_at.astimezone(SHANGHAI).date()
    while True:
        opens = max(told_at, datetime.combine(day, opening, SHANGHAI))
        worked = datetime.combine(day, closing, SHANGHAI) - opens
        if is_workday(day) and worked > timedelta():
            if left <= worked:
                return opens + left
            left -= worked
        day += timedelta(days=1)
