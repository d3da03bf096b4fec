"""A programme from enrolment to the next date: what people may do, and what follows."""

from datetime import date, timedelta
from typing import Any

import pytest
from conftest import MORNING
from contract_builders import join
from flask import Flask
from followup_builders import (
    a_due_patient,
    a_patient,
    a_signed_resident,
    completed,
    found,
    go_to,
    happened,
    sign,
)
from people import a_member_of_staff, a_resident, by, by_itself
from sqlalchemy.exc import IntegrityError

from backend import followups
from backend.followups import (
    Advice,
    AlreadyEnrolled,
    Control,
    DayOutOfRange,
    Obstacle,
    Occasion,
    Outcome,
    Source,
    State,
    TooYoung,
    Way,
)
from backend.kernel.clock import FixedClock
from backend.kernel.context import Role
from backend.kernel.database import db
from backend.kernel.errors import Forbidden, Invalid, NotFound
from backend.kernel.lifecycle import IllegalMove
from backend.kernel.paging import Wanted

TODAY = date(2026, 11, 23)
SINCE = date(2020, 5, 6)


def test_enrolment_plans_the_first_visit_a_quarter_ahead(app: Flask) -> None:
    patient = a_patient()
    visit = patient.visit
    assert (visit.state, visit.occasion) == (State.SCHEDULED, Occasion.ROUTINE)
    assert visit.due_on == date(2027, 2, 23)
    assert visit.team_id == patient.team.id
    assert happened(patient) == ["ResidentEnrolled", "FollowUpPlanned"]


def test_the_first_visit_may_be_sooner_but_not_later(app: Flask) -> None:
    patient = a_signed_resident()
    doctor = by(patient.doctor)
    with pytest.raises(DayOutOfRange):
        followups.enrol(doctor, patient.resident, SINCE, date(2027, 2, 24))
    visit = followups.enrol(doctor, patient.resident, SINCE, date(2026, 12, 1))
    assert visit.due_on == date(2026, 12, 1)


def test_nobody_is_enrolled_twice(app: Flask) -> None:
    patient = a_patient()
    with pytest.raises(AlreadyEnrolled):
        followups.enrol(by(patient.doctor), patient.resident, SINCE)
    assert len(patient.visits) == 1


def test_the_programme_is_for_adults_from_35(app: Flask) -> None:
    young = a_signed_resident(born=date(1991, 11, 24))
    with pytest.raises(TooYoung):
        followups.enrol(by(young.doctor), young.resident, SINCE)


def test_only_a_doctor_of_the_signed_team_enrols(app: Flask) -> None:
    patient = a_signed_resident()
    for person in (patient.nurse, a_member_of_staff(Role.DOCTOR, "李医生")):
        with pytest.raises(Forbidden):
            followups.enrol(by(person), patient.resident, SINCE)


@pytest.mark.parametrize("day", [date(1962, 3, 7), date(2026, 11, 24)])
def test_a_diagnosis_lies_between_birth_and_today(app: Flask, day: date) -> None:
    patient = a_signed_resident()
    with pytest.raises(Invalid):
        followups.enrol(by(patient.doctor), patient.resident, day)


def test_another_doctor_neither_sees_nor_acts(app: Flask, clock: FixedClock) -> None:
    patient = a_due_patient(clock)
    visit, stranger = patient.visit, by(a_member_of_staff(Role.DOCTOR, "李医生"))
    with pytest.raises(NotFound):
        followups.find(stranger, visit.id)
    assert followups.tasks(stranger, Wanted()).items == []
    assert followups.readings(stranger, patient.resident.id, Wanted()).items == []
    with pytest.raises(Forbidden):
        followups.acknowledge(stranger, visit)
    with pytest.raises(Forbidden):
        followups.complete(stranger, visit, found(128, 82))
    with pytest.raises(Forbidden):
        followups.miss(stranger, visit, Obstacle.NOT_REACHED, Way.PHONE)


def test_a_resident_sees_her_own_and_no_other(app: Flask) -> None:
    visit = a_patient().visit
    other = by(a_resident("李秀英"))
    with pytest.raises(NotFound):
        followups.find(other, visit.id)
    with pytest.raises(Forbidden):
        followups.answer(other, visit, 128, 82)
    assert followups.own(other, Wanted()).items == []


def test_a_pharmacist_of_the_team_sees_but_does_not_visit(app: Flask) -> None:
    patient = a_patient()
    pharmacist = a_member_of_staff(Role.PHARMACIST, "方药师")
    join(pharmacist, patient.team)
    from_team = by(pharmacist)
    assert followups.find(from_team, patient.visit.id) is patient.visit
    with pytest.raises(Forbidden):
        followups.complete(from_team, patient.visit, found(128, 82))


@pytest.mark.parametrize("who", ["doctor", "nurse", "lead"])
def test_one_of_the_team_takes_it_on_once(app: Flask, clock: FixedClock, who: str) -> None:
    patient = a_due_patient(clock)
    person = getattr(patient, who)
    visit = followups.acknowledge(by(person), patient.visit)
    assert (visit.state, visit.acknowledged_by) == (State.ACKNOWLEDGED, person.id)
    with pytest.raises(IllegalMove):
        followups.acknowledge(by(patient.doctor), visit)


def test_what_is_only_planned_cannot_be_taken_on(app: Flask) -> None:
    patient = a_patient()
    assert followups.Act.ACKNOWLEDGE not in patient.visit.acts
    with pytest.raises(IllegalMove):
        followups.acknowledge(by(patient.doctor), patient.visit)
    assert completed(patient, 128, 82).state is State.DONE  # who walks in is seen all the same


def test_high_then_high_then_emergency(app: Flask, clock: FixedClock) -> None:
    patient = a_due_patient(clock)
    first = completed(patient, 152, 94)
    assert (first.advice, first.control) == (Advice.RECHECK, Control.UNSATISFIED)
    assert first.rule_set == "hypertension@2017-02-28"
    then = patient.visit
    assert (then.occasion, then.follows_id) == (Occasion.RECHECK, first.id)
    assert timedelta() < then.due_on - by_itself().today <= timedelta(days=14)

    go_to(clock, then.due_on)
    second = completed(patient, 150, 92)
    assert (second.advice, second.reasons) == (Advice.REFER, [1])

    go_to(clock, patient.visit.due_on)
    third = completed(patient, 184, 112)
    assert (third.advice, third.reasons) == (Advice.REFER_NOW, [1, 5])
    assert patient.visit.due_on - by_itself().today <= timedelta(days=14)
    assert happened(patient)[-3:] == ["FollowUpCompleted", "EmergencyFound", "FollowUpPlanned"]


def test_a_controlled_reading_leads_to_the_next_quarter(app: Flask) -> None:
    patient = a_patient()
    assert completed(patient, 128, 82).advice is Advice.ROUTINE
    assert (patient.visit.occasion, patient.visit.due_on) == (Occasion.ROUTINE, date(2027, 2, 23))


def test_a_result_is_written_down_once(app: Flask) -> None:
    patient = a_patient()
    visit = completed(patient, 128, 82)
    with pytest.raises(IllegalMove):
        followups.complete(by(patient.doctor), visit, found(128, 82))
    assert len(patient.visits) == 2


@pytest.mark.parametrize("wrong", [{"systolic": 80, "diastolic": 120}, {"symptoms": {1, 2}}])
def test_what_contradicts_itself_is_refused(app: Flask, wrong: dict[str, Any]) -> None:
    patient = a_patient()
    with pytest.raises(Invalid):
        completed(patient, **{"systolic": 130, "diastolic": 80, **wrong})
    assert patient.visit.state is State.SCHEDULED


def test_a_visit_may_be_written_down_later(app: Flask, clock: FixedClock) -> None:
    patient = a_patient()
    go_to(clock, date(2026, 12, 3))
    doctor = by(patient.doctor)
    for day in (date(2026, 12, 4), date(2026, 11, 22), date(1, 1, 1)):
        with pytest.raises(DayOutOfRange):
            followups.complete(doctor, patient.visit, found(152, 94), day)
    followups.complete(doctor, patient.visit, found(152, 94), date(2026, 12, 1))
    assert patient.visit.due_on == date(2026, 12, 15)


def test_a_reading_from_home_is_shown_and_classifies_nothing(app: Flask) -> None:
    patient = a_patient()
    visit = patient.visit
    row = followups.answer(by(patient.resident), visit, 152, 94, heart_rate=72)
    assert (row.source, visit.state) == (Source.HOME, State.SCHEDULED)
    assert [kept.id for kept in followups.answers(by(patient.nurse), visit)] == [row.id]
    assert completed(patient, 152, 94).advice is Advice.RECHECK  # not the second in a row
    with pytest.raises(IllegalMove):
        followups.answer(by(patient.resident), visit, 128, 82)


def test_an_emergency_at_home_is_told_at_once_and_again_after_hours(
    app: Flask, clock: FixedClock
) -> None:
    patient = a_patient()
    for minutes, alerts in [(0, 1), (5, 1), (239, 1), (241, 2), (300, 2), (482, 3)]:
        clock.at = MORNING + timedelta(minutes=minutes)
        followups.answer(by(patient.resident), patient.visit, 184, 112)
        assert happened(patient).count("EmergencyFound") == alerts, minutes


@pytest.mark.parametrize(
    ("then", "alerts"),
    [
        ({"systolic": 184, "diastolic": 112}, 1),
        ({"systolic": 130, "diastolic": 80}, 1),
        ({"systolic": 185, "diastolic": 112}, 2),
        ({"systolic": 184, "diastolic": 113}, 2),
        ({"systolic": 184, "diastolic": 112, "symptoms": {6}}, 2),
        ({"systolic": 184, "diastolic": 112, "symptoms": {2}}, 1),
    ],
)
def test_an_emergency_that_grows_worse_is_told_again(
    app: Flask, then: dict[str, Any], alerts: int
) -> None:
    patient = a_patient()
    symptoms = frozenset(map(followups.Symptom, then.pop("symptoms", ())))
    she = by(patient.resident)
    followups.answer(she, patient.visit, 184, 112)
    followups.answer(she, patient.visit, **then, symptoms=symptoms)
    assert happened(patient).count("EmergencyFound") == alerts


@pytest.mark.parametrize("obstacle", ["not_reached", "wrong_number", "refused"])
def test_who_was_not_seen_is_tried_again_within_two_weeks(app: Flask, obstacle: str) -> None:
    patient = a_patient()
    nurse = by(patient.nurse)
    visit = followups.miss(nurse, patient.visit, Obstacle(obstacle), Way.PHONE, note="两次未接")
    assert (visit.state, visit.outcome) == (State.MISSED, Outcome(obstacle))
    assert visit.advice is None
    again = patient.visit
    assert (again.occasion, again.due_on) == (Occasion.RETRY, date(2026, 12, 7))


@pytest.mark.parametrize(
    ("obstacle", "says_so", "reason"),
    [("died", False, 1), ("moved", False, 2), ("not_reached", True, 3), ("refused", True, 4)],
)
def test_the_programme_ends_for_a_reason(
    app: Flask, obstacle: str, says_so: bool, reason: int
) -> None:
    patient = a_patient()
    doctor = by(patient.doctor)
    why = Obstacle(obstacle)
    visit = followups.miss(doctor, patient.visit, why, Way.PHONE, ends_programme=says_so)
    enrolment = db.session.get_one(followups.Enrolment, visit.enrolment_id)
    assert (enrolment.state, enrolment.end_reason) == ("ended", reason)
    assert len(patient.visits) == 1
    found_dead = ["FoundDead"] if obstacle == "died" else []
    assert happened(patient)[-2 - len(found_dead) :] == [
        "FollowUpMissed",
        *found_dead,
        "EnrolmentEnded",
    ]


def test_who_came_back_is_enrolled_anew(app: Flask) -> None:
    patient = a_patient()
    doctor = by(patient.doctor)
    followups.miss(doctor, patient.visit, Obstacle.MOVED, Way.PHONE)
    assert followups.enrol(doctor, patient.resident, SINCE).state is State.SCHEDULED


def test_a_second_open_visit_is_impossible(app: Flask) -> None:
    visit = a_patient().visit
    twin = followups.FollowUp(
        enrolment_id=visit.enrolment_id,
        resident_id=visit.resident_id,
        programme=visit.programme,
        team_id=visit.team_id,
        doctor_id=visit.doctor_id,
        occasion=visit.occasion,
        due_on=visit.due_on,
    )
    db.session.add(twin)
    with pytest.raises(IntegrityError, match="uq_followup_open"):
        db.session.flush()


def test_done_without_an_outcome_is_impossible(app: Flask) -> None:
    visit = a_patient().visit
    visit.state = State.DONE
    with pytest.raises(IntegrityError, match="ck_followup"):
        db.session.flush()


def test_the_list_begins_with_the_longest_overdue(app: Flask, clock: FixedClock) -> None:
    patient = a_patient()
    second = a_resident("李秀英", date(1950, 1, 2))
    sign(second, patient.team, patient.doctor)
    followups.enrol(by(patient.doctor), second, SINCE, date(2026, 12, 1))
    go_to(clock, date(2027, 1, 4))
    rows = followups.tasks(by(patient.nurse), Wanted()).items
    assert [(row.name, row.age, row.is_overdue) for row in rows] == [
        ("李秀英", 77, True),
        ("王桂芬", 64, False),
    ]
    early = followups.tasks(by(patient.nurse), Wanted(), due_before=date(2027, 1, 1)).items
    assert [row.name for row in early] == ["李秀英"]
    assert followups.tasks(by(patient.nurse), Wanted(), State.DONE).items == []
