from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.followups.form import (
    Advice,
    Complication,
    Control,
    Effect,
    EndReason,
    Reaction,
    Reason,
    Sign,
    Symptom,
    Way,
)
from backend.followups.rules import (
    HYPERTENSION,
    FollowUpPolicy,
    Implausible,
    Reading,
    acknowledge_by,
    advise,
    face_to_face,
    next_attempt,
    next_visit,
    still_due,
)
from backend.kernel.calendar import is_workday
from backend.kernel.regions import Region

TODAY = date(2026, 11, 23)
STD = HYPERTENSION.on(TODAY)


def born(age: int) -> date:
    return date(TODAY.year - age, TODAY.month, TODAY.day)


def a_reading(systolic: int = 130, diastolic: int = 80, **more: Any) -> Reading:
    return Reading(**{"taken_on": TODAY, "systolic": systolic, "diastolic": diastolic, **more})


def judged(age: int, *readings: Reading) -> tuple[Control, Advice]:
    assessment = advise(readings, born(age), STD)
    return assessment.control, assessment.advice


CONTROLLED = (Control.CONTROLLED, Advice.ROUTINE)
FIRST_HIGH = (Control.UNSATISFIED, Advice.RECHECK)
EMERGENCY = (Control.UNSATISFIED, Advice.REFER_NOW)


@pytest.mark.parametrize(
    ("age", "systolic", "diastolic", "expected"),
    [
        (64, 139, 89, CONTROLLED),
        (64, 140, 89, FIRST_HIGH),
        (64, 139, 90, FIRST_HIGH),
        (65, 149, 89, CONTROLLED),
        (65, 150, 80, FIRST_HIGH),
        (65, 149, 90, FIRST_HIGH),
        (70, 148, 90, FIRST_HIGH),
        (50, 179, 109, FIRST_HIGH),
        (50, 180, 80, EMERGENCY),
        (50, 179, 110, EMERGENCY),
        (50, 120, 110, EMERGENCY),
        (80, 180, 80, EMERGENCY),
        (50, 150, 100, FIRST_HIGH),
        (64, 152, 94, FIRST_HIGH),
        (64, 184, 112, EMERGENCY),
    ],
)
def test_pressure_alone(
    age: int, systolic: int, diastolic: int, expected: tuple[Control, Advice]
) -> None:
    assert judged(age, a_reading(systolic, diastolic)) == expected


@pytest.mark.parametrize(
    ("born_on", "day", "control"),
    [
        (date(1961, 11, 24), date(2026, 11, 23), Control.UNSATISFIED),  # the day before 65
        (date(1961, 11, 24), date(2026, 11, 24), Control.CONTROLLED),
        (date(1960, 2, 29), date(2025, 2, 28), Control.UNSATISFIED),
        (date(1960, 2, 29), date(2025, 3, 1), Control.CONTROLLED),
    ],
)
def test_the_age_is_that_of_the_day_of_the_visit(
    born_on: date, day: date, control: Control
) -> None:
    assert advise([a_reading(145, 85, taken_on=day)], born_on, STD).control is control


def test_each_visit_of_a_streak_is_judged_at_its_own_age() -> None:
    born_on = date(1961, 11, 24)
    before = a_reading(145, 85, taken_on=date(2026, 11, 10))
    after = a_reading(152, 85, taken_on=date(2026, 11, 24))
    assert advise([before, after], born_on, STD).advice is Advice.REFER
    assert advise([replace(before, taken_on=date(2026, 11, 24)), after], born_on, STD).advice is (
        Advice.RECHECK
    )


HIGH, GOOD = a_reading(152, 94), a_reading(128, 82)


@pytest.mark.parametrize(
    ("readings", "advice", "reasons"),
    [
        ([HIGH], Advice.RECHECK, ()),
        ([HIGH, HIGH], Advice.REFER, (Reason.UNCONTROLLED_TWICE,)),
        ([HIGH, GOOD, HIGH], Advice.RECHECK, ()),
        ([HIGH, HIGH, GOOD], Advice.ROUTINE, ()),
        ([GOOD, HIGH, HIGH], Advice.REFER, (Reason.UNCONTROLLED_TWICE,)),
        ([a_reading(185, 95), HIGH], Advice.REFER, (Reason.UNCONTROLLED_TWICE,)),
        ([HIGH, a_reading(184, 112)], Advice.REFER_NOW, (Reason(1), Reason(5))),
    ],
)
def test_what_came_before_counts(
    readings: list[Reading], advice: Advice, reasons: tuple[Reason, ...]
) -> None:
    assessment = advise(readings, born(64), STD)
    assert (assessment.advice, assessment.reasons) == (advice, reasons)
    assert assessment.rule_set == "hypertension@2017-02-28"


REACTS = a_reading(reaction=Reaction.PRESENT)


@pytest.mark.parametrize(
    ("readings", "control", "advice", "reasons"),
    [
        ([REACTS], 3, Advice.RECHECK, ()),
        ([REACTS, REACTS], 3, Advice.REFER, (2,)),
        ([REACTS, GOOD, REACTS], 3, Advice.RECHECK, ()),
        ([a_reading(reaction=Reaction.HARD_TO_CONTROL)], 3, Advice.REFER, (2,)),
        ([a_reading(complication=Complication.NEW)], 4, Advice.REFER, (3,)),
        ([a_reading(complication=Complication.WORSE)], 4, Advice.REFER, (4,)),
        ([a_reading(150, 95, reaction=Reaction.PRESENT)], 3, Advice.RECHECK, ()),
        ([HIGH, REACTS], 3, Advice.RECHECK, ()),
        (
            [a_reading(150, 95, reaction=Reaction.PRESENT, complication=Complication.NEW)],
            4,
            Advice.REFER,
            (3,),
        ),
        ([a_reading(190, 95, complication=Complication.WORSE)], 4, Advice.REFER_NOW, (4, 5)),
    ],
)
def test_the_most_serious_class_wins(
    readings: list[Reading], control: int, advice: Advice, reasons: tuple[int, ...]
) -> None:
    assessment = advise(readings, born(64), STD)
    assert (assessment.control, assessment.advice) == (Control(control), advice)
    assert assessment.reasons == tuple(map(Reason, reasons))


@pytest.mark.parametrize("sign", Sign)
def test_every_sign_of_emergency_refers_at_once(sign: Sign) -> None:
    assessment = advise([a_reading(signs=frozenset({sign}))], born(50), STD)
    assert assessment.advice is Advice.REFER_NOW
    assert assessment.reasons == (Reason.EMERGENCY,)


@pytest.mark.parametrize("symptom", Symptom)
def test_symptoms_of_the_form_refer_only_where_the_standard_names_them(symptom: Symptom) -> None:
    _, advice = judged(50, a_reading(symptoms=frozenset({symptom})))
    assert advice is (Advice.REFER_NOW if symptom in (3, 6) else Advice.ROUTINE)


@pytest.mark.parametrize(
    ("systolic", "diastolic", "advice"),
    [
        (139, 89, Advice.ROUTINE),
        (140, 80, Advice.REFER_NOW),
        (130, 90, Advice.REFER_NOW),
    ],
)
def test_pregnant_with_pressure_above_normal_is_an_emergency(
    systolic: int, diastolic: int, advice: Advice
) -> None:
    reading = a_reading(systolic, diastolic, pregnant_or_lactating=True)
    assert judged(36, reading)[1] is advice


@pytest.mark.parametrize(
    ("advice", "visited", "then"),
    [
        (Advice.ROUTINE, date(2026, 6, 23), date(2026, 9, 23)),
        (Advice.ROUTINE, date(2026, 7, 1), date(2026, 10, 8)),  # 国庆 → next workday
        (Advice.ROUTINE, date(2026, 11, 30), date(2027, 3, 1)),  # 28 February 2027 is a Sunday
        (Advice.ROUTINE, date(2025, 11, 30), date(2026, 2, 28)),  # a Saturday that is worked
        (Advice.RECHECK, date(2026, 11, 23), date(2026, 12, 7)),
        (Advice.REFER, date(2026, 11, 21), date(2026, 12, 4)),  # Saturday → the Friday before
        (Advice.REFER_NOW, date(2026, 9, 20), date(2026, 9, 30)),  # 4 October → before 国庆
        (Advice.RECHECK, date(2026, 2, 9), date(2026, 2, 14)),  # 23 February → before 春节
    ],
)
def test_two_weeks_move_earlier_and_a_routine_date_later(
    advice: Advice, visited: date, then: date
) -> None:
    assert next_visit(advice, visited, STD, is_workday) == then


def test_without_a_workday_in_two_weeks_the_limit_itself_stands() -> None:
    assert next_visit(Advice.RECHECK, TODAY, STD, lambda _: False) == TODAY + timedelta(days=14)


def test_nobody_is_visited_after_the_programme_ended() -> None:
    assert next_attempt(Effect.ENDED, TODAY, 14, is_workday) is None
    assert next_attempt(Effect.TEMPORARILY_LOST, TODAY, 14, is_workday) == date(2026, 12, 7)


def test_the_telephone_does_not_count_towards_the_year() -> None:
    ways = [Way.CLINIC, Way.PHONE, Way.HOME, Way.PHONE]
    assert face_to_face(ways, STD) == 2
    assert still_due(ways, STD) == 2
    assert still_due([Way.CLINIC] * 5, STD) == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"systolic": 39},
        {"systolic": 301},
        {"diastolic": 19},
        {"systolic": 80, "diastolic": 120},
        {"systolic": 90, "diastolic": 90},
        {"symptoms": frozenset({Symptom.NONE, Symptom.NUMB_LIMBS})},
    ],
)
def test_what_cannot_be_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(Implausible):
        a_reading(**wrong)


def test_every_code_has_its_chinese_name() -> None:
    coded = [*Symptom, *Sign, *Control, *Advice, *Reason, *Way, *EndReason]
    assert all(code.label for code in coded)
    assert Symptom.NUMB_LIMBS.label == "四肢发麻"
    assert Reason.EMERGENCY.label == "危急情况"


readings = st.builds(
    a_reading,
    st.integers(100, 260),
    st.integers(40, 99),
    symptoms=st.frozensets(st.sampled_from(list(Symptom)[1:]), max_size=2),
    signs=st.frozensets(st.sampled_from(Sign), max_size=1),
    pregnant_or_lactating=st.booleans(),
    reaction=st.sampled_from(Reaction),
    complication=st.sampled_from(Complication),
)
ages = st.integers(18, 100)


@given(ages, st.lists(readings, max_size=4), readings, st.integers(0, 40), st.integers(0, 40))
def test_a_higher_reading_never_gives_a_milder_advice(
    age: int, before: list[Reading], newest: Reading, more: int, extra: int
) -> None:
    higher = replace(
        newest, systolic=newest.systolic + max(more, extra), diastolic=newest.diastolic + extra
    )
    low, high = (advise([*before, last], born(age), STD) for last in (newest, higher))
    assert high.advice.severity >= low.advice.severity
    assert high.control >= low.control


@given(ages, st.lists(readings, min_size=2, max_size=5))
def test_a_worse_past_never_gives_a_milder_advice(age: int, series: list[Reading]) -> None:
    worse = [a_reading(190, 100, reaction=Reaction.PRESENT), *series[1:]]
    assert (
        advise(worse, born(age), STD).advice.severity
        >= advise(series, born(age), STD).advice.severity
    )


@given(ages, st.lists(readings, min_size=1, max_size=5))
def test_a_referral_always_says_why_and_nothing_else_does(age: int, series: list[Reading]) -> None:
    assessment = advise(series, born(age), STD)
    assert bool(assessment.reasons) == (assessment.advice in (Advice.REFER, Advice.REFER_NOW))


@given(st.sampled_from(Advice), st.dates(date(2017, 3, 1), date(2040, 1, 1)))
def test_the_next_visit_lies_ahead_on_a_workday_within_its_limit(
    advice: Advice, visited: date
) -> None:
    then = next_visit(advice, visited, STD, is_workday)
    assert visited < then
    assert is_workday(then)
    assert advice is Advice.ROUTINE or (then - visited).days <= 14


POLICY = Region.load("huzhou").section("followups", FollowUpPolicy)


@pytest.mark.parametrize(
    ("told", "by"),
    [
        ("2026-11-23 08:00", "2026-11-23 16:00"),
        ("2026-11-23 09:00", "2026-11-23 17:00"),
        ("2026-11-23 10:00", "2026-11-24 09:00"),
        ("2026-11-23 06:00", "2026-11-23 16:00"),
        ("2026-11-23 19:00", "2026-11-24 16:00"),
        ("2026-11-27 16:00", "2026-11-30 15:00"),  # over a week-end
        ("2026-09-30 16:00", "2026-10-08 15:00"),  # over 国庆
    ],
)
def test_only_working_hours_count_until_the_team_lead_is_told(told: str, by: str) -> None:
    told_at, by_then = (datetime.fromisoformat(f"{text}+08:00") for text in (told, by))
    assert acknowledge_by(told_at, POLICY, is_workday) == by_then
    assert acknowledge_by(told_at.astimezone(UTC), POLICY, is_workday) == by_then
