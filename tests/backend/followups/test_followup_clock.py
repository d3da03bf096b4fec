"""What happens by itself: falling due, going to the lead, telling people, minding contracts."""

from datetime import date, datetime, time, timedelta

import pytest
from flask import Flask
from followup_builders import (
    Patient,
    a_due_patient,
    a_patient,
    completed,
    fall_due,
    go_to,
    happened,
    leave,
    sign,
)
from message_builders import messages_about
from people import by, by_itself

from backend import contracting, followups
from backend.followups import FollowUp, Obstacle, State, Way
from backend.kernel import relay
from backend.kernel.calendar import SHANGHAI
from backend.kernel.clock import FixedClock
from backend.kernel.database import db
from backend.kernel.errors import Forbidden
from backend.kernel.lifecycle import IllegalMove


def hear(visit: FollowUp) -> list[tuple[str, object, str]]:
    """Deliver what happened; then who was written to about this follow-up, why, and its state."""
    while relay.deliver(by_itself):
        pass
    db.session.expire_all()
    return [
        (row.kind, row.to_resident_id or row.to_staff_id, row.state)
        for row in messages_about(visit.id)
    ]


def test_it_falls_due_a_week_before_and_once(app: Flask, clock: FixedClock) -> None:
    patient = a_patient()
    go_to(clock, patient.visit.due_on - timedelta(days=8))
    with pytest.raises(IllegalMove):
        fall_due(patient)
    go_to(clock, patient.visit.due_on - timedelta(days=7))
    visit = fall_due(patient)
    assert (visit.state, visit.told_at) == (State.DUE, clock.at)
    assert visit.answer_by == datetime(2027, 2, 17, 8, 30, tzinfo=SHANGHAI)
    with pytest.raises(IllegalMove):
        fall_due(patient)
    assert happened(patient).count("FollowUpFellDue") == 1


def test_the_resident_and_her_doctor_are_told_once(app: Flask, clock: FixedClock) -> None:
    patient = a_due_patient(clock)
    told = [
        ("follow_up_due", patient.resident.id, "queued"),
        ("follow_up_task", patient.visit.doctor_id, "queued"),
    ]
    assert hear(patient.visit) == told
    followups.remind_resident(by_itself(), fell_due(patient.visit))
    followups.give_task(by_itself(), fell_due(patient.visit))
    assert hear(patient.visit) == told
    assert messages_about(patient.visit.id)[0].content["date2"] == "2027年02月23日"


def fell_due(visit: FollowUp) -> followups.FollowUpFellDue:
    return followups.FollowUpFellDue(visit.resident_id, visit.id, visit.doctor_id, visit.due_on)


def test_nobody_but_the_clock_lets_it_fall_due_or_go_to_the_lead(
    app: Flask, clock: FixedClock
) -> None:
    patient = a_due_patient(clock)
    for act in (followups.fall_due, followups.escalate):
        with pytest.raises(Forbidden):
            act(by(patient.doctor), patient.visit)
    with pytest.raises(Forbidden):
        followups.follow_contract(by(patient.doctor), contract_ended(patient))


def test_unanswered_it_goes_to_the_lead_once_after_working_hours(
    app: Flask, clock: FixedClock
) -> None:
    patient = a_due_patient(clock)
    clock.at = patient.visit.answer_by - timedelta(minutes=1)
    assert followups.unanswered(by_itself()) == []
    with pytest.raises(IllegalMove):
        followups.escalate(by_itself(), patient.visit)

    clock.at += timedelta(minutes=1)
    assert followups.unanswered(by_itself()) == [patient.visit.id]
    visit = followups.escalate(by_itself(), patient.visit)
    assert (visit.state, visit.escalated_to) == (State.ESCALATED, patient.lead.id)
    assert hear(visit)[2:] == [("follow_up_escalated", patient.lead.id, "queued")]
    with pytest.raises(IllegalMove):
        followups.escalate(by_itself(), visit)

    followups.acknowledge(by(patient.lead), visit)
    assert (visit.acknowledged_by, visit.escalated_at) == (patient.lead.id, clock.at)
    assert [state for _, _, state in hear(visit)] == ["queued", "withdrawn", "withdrawn"]


def test_crossed_deliveries_tell_nobody_what_is_over(app: Flask, clock: FixedClock) -> None:
    patient = a_due_patient(clock)
    visit = patient.visit
    clock.at = visit.answer_by
    followups.escalate(by_itself(), visit)
    followups.acknowledge(by(patient.lead), visit)
    taken_on = followups.FollowUpAcknowledged(visit.resident_id, visit.id)
    followups.withdraw_task(by_itself(), taken_on)
    followups.tell_lead(by_itself(), escalated(visit))
    followups.give_task(by_itself(), fell_due(visit))
    assert messages_about(visit.id) == []

    seen = completed(patient, 128, 82)
    over = followups.FollowUpCompleted(seen.resident_id, seen.id, followups.Advice.ROUTINE)
    followups.withdraw_all(by_itself(), over)
    followups.remind_resident(by_itself(), fell_due(visit))
    assert messages_about(visit.id) == []


def escalated(visit: FollowUp) -> followups.FollowUpEscalated:
    assert visit.escalated_to is not None
    return followups.FollowUpEscalated(
        visit.resident_id, visit.id, visit.escalated_to, visit.due_on
    )


def test_who_was_taken_on_is_reminded_of_the_day_all_the_same(
    app: Flask, clock: FixedClock
) -> None:
    patient = a_due_patient(clock)
    followups.acknowledge(by(patient.nurse), patient.visit)
    followups.remind_resident(by_itself(), fell_due(patient.visit))
    assert [row.kind for row in messages_about(patient.visit.id)] == ["follow_up_due"]


def led_by(patient: Patient) -> FollowUp:
    """Her follow-up, for which the team's lead answers, after its working hours."""
    patient.visit.doctor_id = patient.lead.id
    return patient.visit


def test_where_the_lead_did_not_answer_another_of_the_team_is_asked(
    app: Flask, clock: FixedClock
) -> None:
    patient = a_due_patient(clock)
    visit = led_by(patient)
    clock.at = visit.answer_by
    assert followups.escalate(by_itself(), visit).escalated_to == patient.doctor.id

    other = a_due_patient(clock)
    other.doctor.left_at = clock.at
    visit = led_by(other)
    clock.at = visit.answer_by
    assert followups.escalate(by_itself(), visit).escalated_to == other.nurse.id


def test_where_there_is_nobody_else_the_lead_is_asked_again(app: Flask, clock: FixedClock) -> None:
    patient = a_due_patient(clock)
    patient.doctor.left_at = patient.nurse.left_at = clock.at
    visit = led_by(patient)
    clock.at = visit.answer_by
    assert followups.escalate(by_itself(), visit).escalated_to == patient.lead.id
    assert hear(visit)[-1] == ("follow_up_escalated", patient.lead.id, "queued")


def test_what_was_taken_on_in_time_goes_to_nobody(app: Flask, clock: FixedClock) -> None:
    patient = a_due_patient(clock)
    followups.acknowledge(by(patient.nurse), patient.visit)
    clock.at += timedelta(days=30)
    assert followups.unanswered(by_itself()) == []
    with pytest.raises(IllegalMove):
        followups.escalate(by_itself(), patient.visit)


def test_an_emergency_reaches_everybody_of_the_team(app: Flask, clock: FixedClock) -> None:
    patient = a_due_patient(clock)
    hear(patient.visit)
    visit = completed(patient, 184, 112)
    heard = hear(visit)
    assert {state for kind, _, state in heard if kind != "emergency_alert"} == {"withdrawn"}
    alerted = {(to, state) for kind, to, state in heard if kind == "emergency_alert"}
    team = (patient.lead, patient.doctor, patient.nurse)
    assert alerted == {(person.id, "queued") for person in team}


def test_nobody_is_reminded_of_what_is_over(app: Flask, clock: FixedClock) -> None:
    patient = a_due_patient(clock)
    visit = patient.visit
    hear(visit)
    followups.miss(by(patient.nurse), visit, Obstacle.NOT_REACHED, Way.PHONE)
    assert {state for _, _, state in hear(visit)} == {"withdrawn"}


def settle(patient: Patient) -> None:
    """What the relay does after any change of a contract, here also once too often."""
    for _ in range(2):
        followups.follow_contract(by_itself(), contract_ended(patient))


def contract_ended(patient: Patient) -> contracting.ContractEnded:
    reason = contracting.EndReason.MOVED
    return contracting.ContractEnded(
        patient.resident_id, patient.contract.id, patient.team.id, reason
    )


def test_without_a_contract_the_plan_waits_and_then_goes_on(app: Flask, clock: FixedClock) -> None:
    patient = a_patient()
    planned = patient.visit.due_on
    leave(patient)
    settle(patient)
    assert [visit.state for visit in patient.visits] == [State.CANCELLED]

    go_to(clock, date(2026, 12, 20))
    sign(patient.resident, patient.team, patient.doctor)
    settle(patient)
    assert [visit.state for visit in patient.visits] == [State.CANCELLED, State.SCHEDULED]
    assert patient.visit.due_on == planned
    assert happened(patient)[-4:] == [
        "FollowUpCancelled",
        "EnrolmentSuspended",
        "EnrolmentResumed",
        "FollowUpPlanned",
    ]


def test_a_plan_whose_day_has_passed_goes_on_the_next_workday(
    app: Flask, clock: FixedClock
) -> None:
    patient = a_patient()
    leave(patient)
    settle(patient)
    go_to(clock, date(2027, 3, 6), time(10))  # a Saturday
    sign(patient.resident, patient.team, patient.doctor)
    settle(patient)
    assert patient.visit.due_on == date(2027, 3, 8)


def test_a_new_team_answers_for_the_open_visit(app: Flask) -> None:
    patient, other = a_patient(), a_patient()
    leave(patient)
    sign(patient.resident, other.team, other.doctor)
    settle(patient)
    assert patient.visit.team_id == other.team.id
    assert len(patient.visits) == 1


def test_the_end_of_the_contract_reaches_the_plan_by_itself(app: Flask) -> None:
    patient = a_patient()
    hear(patient.visit)
    leave(patient)
    hear(patient.visit)
    assert patient.visit.state is State.CANCELLED
