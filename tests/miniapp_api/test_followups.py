"""Follow-ups as the mini-program sees them: a resident's phone and a doctor's."""

from datetime import timedelta
from typing import Any

import pytest
from followup_builders import (
    EMERGENCY,
    GOOD,
    HIGH,
    Patient,
    a_due_patient,
    a_patient,
    a_signed_resident,
    go_to,
)
from people import Http, a_member_of_staff, a_resident
from sqlalchemy import select

from backend.kernel.clock import FixedClock
from backend.kernel.context import Role
from backend.kernel.database import db
from backend.kernel.disclosures import disclosure
from backend.kernel.ids import new_id


def result(http: Http, patient: Patient, body: Any) -> Any:
    path = f"/doctor/follow-ups/{patient.visit.id}/result"
    return http("POST", path, patient.doctor, json=body)


def test_the_doctor_sees_the_task_with_name_and_age(http: Http, clock: FixedClock) -> None:
    patient = a_due_patient(clock)
    answer = http("GET", "/doctor/follow-ups?state=due&due_before=2027-03-01", patient.doctor)
    (row,) = answer.json["items"]
    assert (row["resident_name"], row["age"], row["is_overdue"]) == ("王桂芬", 64, False)
    assert row["follow_up"]["acts"] == ["acknowledge", "complete", "miss"]
    shown = db.session.execute(select(disclosure.c.resident_ids)).scalars().all()
    assert shown == [[patient.resident_id]]


def test_the_task_is_taken_on_once(http: Http, clock: FixedClock) -> None:
    patient = a_due_patient(clock)
    path = f"/doctor/follow-ups/{patient.visit.id}/acknowledgement"
    first = http("POST", path, patient.nurse)
    assert (first.status_code, first.json["state"]) == (200, "acknowledged")
    assert first.json["acknowledged_by"] == str(patient.nurse.id)
    second = http("POST", path, patient.doctor)
    assert (second.status_code, second.json["type"]) == (409, "urn:jiayi:problem:illegal-move")


def test_high_twice_and_an_emergency(http: Http, clock: FixedClock) -> None:
    patient = a_due_patient(clock)
    first = result(http, patient, HIGH).json
    assert (first["advice"], first["advice_text"]) == ("recheck", "两周内复查")
    assert (first["rule_set"], first["reasons"]) == ("hypertension@2017-02-28", [])
    assert first["next"]["occasion"] == "recheck"
    assert within_two_weeks(clock, patient)

    go_to(clock, patient.visit.due_on)
    second = result(http, patient, HIGH).json
    assert (second["advice"], second["control_text"]) == ("refer", "控制不满意")
    assert second["reasons"] == [{"code": 1, "text": "连续两次出现血压控制不满意"}]

    third = result(http, patient, EMERGENCY).json
    assert (third["advice"], third["advice_text"]) == ("refer_now", "紧急转诊")
    assert [reason["code"] for reason in third["reasons"]] == [1, 5]
    assert within_two_weeks(clock, patient)


def within_two_weeks(clock: FixedClock, patient: Patient) -> bool:
    return patient.visit.due_on - clock.at.date() <= timedelta(days=14)


def test_a_result_twice_is_a_conflict(http: Http) -> None:
    patient = a_patient()
    path = f"/doctor/follow-ups/{patient.visit.id}/result"
    assert http("POST", path, patient.doctor, json=GOOD).status_code == 200
    again = http("POST", path, patient.doctor, json=GOOD)
    assert (again.status_code, again.json["type"]) == (409, "urn:jiayi:problem:illegal-move")


def test_the_whole_form_is_kept(http: Http) -> None:
    patient = a_patient()
    form = {
        **HIGH,
        "heart_rate": 76,
        "symptoms": [2, 8],
        "signs": ["eye_pain"],
        "reaction": "present",
        "complication": "new",
        "adherence": 2,
        "lifestyle": {"weight_kg": 61.5, "cigarettes": 0, "alcohol": 0.5, "salt": 3},
        "note": "按时服药，饮食偏咸",
    }
    answer = result(http, patient, form)
    assert (answer.status_code, answer.json["advice"]) == (200, "refer_now")
    assert answer.json["control"] == 4
    assert [reason["code"] for reason in answer.json["reasons"]] == [3, 5]
    path = f"/doctor/residents/{patient.resident_id}/readings"
    answer = http("GET", path, patient.nurse)
    assert answer.status_code == 200, answer.json
    (row,) = answer.json["items"]
    assert (row["symptoms"], row["signs"], row["adherence"]) == ([2, 8], ["eye_pain"], 2)


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"systolic": 301}, "/systolic"),
        ({"systolic": 90, "diastolic": 90}, "/systolic"),
        ({"way": 4}, "/way"),
        ({"symptoms": [1, 2]}, "/symptoms"),
        ({"signs": ["tired"]}, "/signs/0"),
        ({"lifestyle": {"salt": 9}}, "/lifestyle/salt"),
        ({"mood": "good"}, "/mood"),
    ],
)
def test_what_is_wrong_is_pointed_at_and_changes_nothing(
    http: Http, wrong: dict[str, Any], pointer: str
) -> None:
    patient = a_patient()
    answer = result(http, patient, {**GOOD, **wrong})
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json["errors"]] == [pointer]
    assert len(patient.visits) == 1


def test_a_day_that_cannot_be_names_the_clause(http: Http) -> None:
    answer = result(http, a_patient(), {**GOOD, "taken_on": "2026-11-24"})
    assert (answer.status_code, answer.json["type"]) == (422, "urn:jiayi:problem:day-out-of-range")
    assert "国家基本公共卫生服务规范" in answer.json["clause"]


def test_an_attempt_leads_to_another(http: Http) -> None:
    patient = a_patient()
    path = f"/doctor/follow-ups/{patient.visit.id}/attempt"
    answer = http("POST", path, patient.nurse, json={"obstacle": "not_reached", "way": 3})
    assert answer.status_code == 200
    assert answer.json["follow_up"]["outcome"] == "not_reached"
    assert answer.json["next"]["occasion_text"] == "再次联系"
    seen = http("POST", path, patient.nurse, json={"obstacle": "seen", "way": 3})
    assert seen.status_code == 422


def test_after_a_death_nobody_calls_again(http: Http) -> None:
    patient = a_patient()
    path = f"/doctor/follow-ups/{patient.visit.id}/attempt"
    answer = http("POST", path, patient.doctor, json={"obstacle": "died", "way": 3})
    assert answer.json["next"] is None


def test_the_resident_sees_hers_and_answers_from_home(http: Http) -> None:
    patient = a_patient()
    (row,) = http("GET", "/resident/follow-ups", patient.resident).json["items"]
    assert (row["state_text"], row["acts"]) == ("已安排", ["answer"])
    path = f"/resident/follow-ups/{row['id']}"
    assert http("GET", path, patient.resident).json == row

    body = {"systolic": 152, "diastolic": 94, "heart_rate": 70, "symptoms": [2]}
    headers = {"Idempotency-Key": "home-reading-1"}
    first, again = (
        http("POST", f"{path}/answer", patient.resident, json=body, headers=dict(headers))
        for _ in range(2)
    )
    assert (first.status_code, first.json["is_urgent"]) == (201, False)
    assert again.data == first.data
    (kept,) = http("GET", "/resident/readings", patient.resident).json["items"]
    assert (kept["source_text"], kept["systolic"]) == ("家庭自测", 152)
    task = http("GET", f"/doctor/follow-ups/{row['id']}", patient.doctor).json
    assert [reading["systolic"] for reading in task["answers"]] == [152]
    assert task["follow_up"]["state"] == "scheduled"


def test_a_very_high_reading_at_home_asks_for_help_at_once(http: Http) -> None:
    patient = a_patient()
    path = f"/resident/follow-ups/{patient.visit.id}/answer"
    answer = http("POST", path, patient.resident, json={"systolic": 184, "diastolic": 112})
    assert answer.json["is_urgent"] is True
    assert "120" in answer.json["text"]
    assert "这个血压很高" in answer.json["text"]


def test_help_is_asked_for_what_is_there(http: Http) -> None:
    patient = a_patient()
    path = f"/resident/follow-ups/{patient.visit.id}/answer"
    body = {"systolic": 128, "diastolic": 82, "symptoms": [6]}
    answer = http("POST", path, patient.resident, json=body)
    assert answer.json["is_urgent"] is True
    assert "血压很高" not in answer.json["text"]
    assert "您说的不适" in answer.json["text"]
    assert "正在通知" in answer.json["text"]  # nobody has been reached yet


def test_the_resident_reads_what_to_do(http: Http) -> None:
    patient = a_patient()
    visit = patient.visit
    result(http, patient, HIGH)
    told = http("GET", f"/resident/follow-ups/{visit.id}", patient.resident).json
    assert "复查" in told["advice_text"]
    assert told["advice_text"].endswith("。")


def test_strangers_are_told_nothing(http: Http) -> None:
    patient = a_patient()
    doctor, resident = a_member_of_staff(Role.DOCTOR, "李医生"), a_resident("李秀英")
    visit = f"follow-ups/{patient.visit.id}"
    for method, path, person, body in [
        ("GET", f"/doctor/{visit}", doctor, None),
        ("POST", f"/doctor/{visit}/acknowledgement", doctor, None),
        ("POST", f"/doctor/{visit}/result", doctor, GOOD),
        ("GET", f"/doctor/residents/{patient.resident_id}/readings", doctor, None),
        ("GET", f"/resident/{visit}", resident, None),
        ("POST", f"/resident/{visit}/answer", resident, {"systolic": 128, "diastolic": 82}),
        ("GET", f"/doctor/follow-ups/{new_id()}", patient.doctor, None),
    ]:
        assert http(method, path, person, json=body).status_code == 404, path
    assert http("GET", "/doctor/follow-ups", doctor).json["items"] == []


def test_the_doctor_enrols_and_sees_the_first_date(http: Http) -> None:
    patient = a_signed_resident()
    path = f"/doctor/residents/{patient.resident_id}/enrolments"
    body = {"diagnosed_on": "2020-05-06"}
    first = http("POST", path, patient.doctor, json=body)
    assert (first.status_code, first.json["due_on"]) == (201, "2027-02-23")
    again = http("POST", path, patient.doctor, json=body)
    assert (again.status_code, again.json["type"]) == (409, "urn:jiayi:problem:already-enrolled")
    assert http("POST", path, patient.nurse, json=body).status_code == 403
