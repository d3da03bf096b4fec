"""What residents and auditors read of the log, and a break-glass over HTTP."""

import time
from collections.abc import Callable
from datetime import timedelta
from statistics import median
from typing import Any
from uuid import UUID

import pytest
from audit_builders import WHY, an_emergency, stepped_up
from contract_builders import a_centre
from family_builders import a_relative
from followup_builders import Patient, a_due_patient, a_patient, a_signed_resident
from people import Http, a_member_of_staff, a_resident, by_itself
from sqlalchemy import select, update
from staffing_builders import a_consortium

from backend import network
from backend.kernel.clock import FixedClock
from backend.kernel.context import Role, Scope
from backend.kernel.database import db
from backend.kernel.disclosures import disclosure
from backend.kernel.ids import new_id
from backend.kernel.relations import Kind, Kinship, relate

LOG = "/resident/me/access-log"
OPEN = "/doctor/emergency-access"


def read(http: Http, patient: Patient, by: Any = None) -> None:
    path = f"/doctor/follow-ups/{patient.visit.id}"
    assert http("GET", path, by or patient.doctor).status_code == 200


def an_auditor(of: Patient) -> Any:
    return a_member_of_staff(Role.AUDITOR, "审计员", of.doctor.institution_id)


def test_the_resident_reads_who_saw_what_and_why(http: Http, clock: FixedClock) -> None:
    patient = a_due_patient(clock)
    clock.at = clock.at.replace(hour=9, minute=30)
    read(http, patient)
    (line,) = http("GET", LOG, patient.resident).json["items"]
    when = f"{clock.at.month}月{clock.at.day}日 09:30"
    house = line["institution_name"]
    assert line["text"] == f"{when} {house} 钱医生医生 查看了您的“随访详情”（原因：您的签约团队）"
    assert line["actor_name"] == "钱医生医生"


def test_a_page_follows_another(http: Http, clock: FixedClock) -> None:
    patient = a_patient()
    for _ in range(5):
        clock.at += timedelta(minutes=1)
        read(http, patient)
    first = http("GET", f"{LOG}?limit=3", patient.resident).json
    rest = http("GET", f"{LOG}?limit=3&after={first['next']}", patient.resident).json
    assert ([len(page["items"]) for page in (first, rest)], rest["next"]) == ([3, 2], None)
    times = [line["at"] for page in (first, rest) for line in page["items"]]
    assert times == sorted(times, reverse=True)


def test_nobody_else_reads_it(http: Http) -> None:
    patient, son = a_patient(), a_resident("王小明")
    relate(
        by_itself(),
        patient.resident_id,
        son.id,
        Kind.PROXY,
        source_id=new_id(),
        scope="book,results,sign,reminders",
        kinship=Kinship.SON,
    )
    read(http, patient)
    assert http("GET", LOG, son).json["items"] == []
    header = {"Jiayi-Person": str(patient.resident_id)}
    refused = http("GET", LOG, son, on_behalf_of=patient.resident, headers=header)
    assert (refused.status_code, refused.json["type"]) == (403, "urn:jiayi:problem:not-for-proxies")
    assert http("GET", LOG, patient.doctor).status_code == 403


def test_what_the_son_read_is_there_as_his(http: Http) -> None:
    patient, son = a_patient(), a_resident("王小明")
    relate(
        by_itself(),
        patient.resident_id,
        son.id,
        Kind.PROXY,
        source_id=new_id(),
        scope="results",
        kinship=Kinship.SON,
    )
    path = "/resident/follow-ups"
    assert http("GET", path, son, on_behalf_of=patient.resident).status_code == 200
    (line,) = http("GET", LOG, patient.resident).json["items"]
    assert line["text"].endswith("您的儿子 查看了您的“我的随访”（原因：您授权的家人）")


def test_an_auditor_reads_the_log_and_nothing_else(http: Http) -> None:
    patient = a_patient()
    auditor = an_auditor(patient)
    read(http, patient)
    (line,) = http("GET", "/auditor/disclosures", auditor).json["items"]
    assert line["resident_ids"] == [str(patient.resident_id)]
    assert (line["actor_id"], line["reasons"]) == (str(patient.doctor.id), ["applied,signed"])
    assert patient.resident.name not in str(line)
    for path in ("/doctor/residents", "/manager/contracts", "/doctor/follow-ups"):
        assert http("GET", path, auditor).status_code == 403
    for person in (patient.doctor, patient.resident, a_member_of_staff(Role.MANAGER)):
        assert http("GET", "/auditor/disclosures", person).status_code == 403


def test_what_the_auditor_read_is_written_down_too(http: Http) -> None:
    patient = a_patient()
    auditor = an_auditor(patient)
    read(http, patient)
    http("GET", "/auditor/disclosures", auditor)
    rows = db.session.execute(select(disclosure).order_by(disclosure.c.recorded_at)).all()
    assert [(row.actor_role, row.reasons) for row in rows][-1] == ("auditor", ["audit"])
    lines = http("GET", LOG, patient.resident).json["items"]
    assert any(
        "审计员审计员 查看了您的“查阅日志”（原因：审计检查）" in one["text"] for one in lines
    )


def the_consortium_of(*patients: Patient) -> UUID:
    """The houses of these patients work as one from now on; returns one more of it."""
    (house,) = a_consortium("牵头医院")
    theirs = [patient.doctor.institution_id for patient in patients]
    joined = update(network.Institution).where(network.Institution.id.in_(theirs))
    db.session.execute(joined.values(consortium_id=house.consortium_id))
    return house.id


def test_an_auditor_reads_of_the_own_consortium_alone(http: Http) -> None:
    patient, stranger = a_patient(), a_patient()
    lead = the_consortium_of(patient)
    for one in (patient, stranger):
        read(http, one)
        son = a_relative(one.resident, *Scope)
        http("GET", "/resident/follow-ups", son, on_behalf_of=one.resident)
        an_emergency(one.doctor, a_resident())
    auditor = a_member_of_staff(Role.AUDITOR, "审计员", lead)
    lines = http("GET", "/auditor/disclosures", auditor).json["items"]
    assert [line["resident_ids"] for line in lines] == [[str(patient.resident_id)]] * 2
    (access,) = http("GET", "/auditor/emergency-accesses", auditor).json["items"]
    assert access["staff_id"] == str(patient.doctor.id)
    alone = a_member_of_staff(Role.AUDITOR, "审计员", a_centre().id)
    assert http("GET", "/auditor/disclosures", alone).json["items"] == []


@pytest.mark.parametrize(
    "narrow",
    [
        lambda p: f"resident_id={p.resident_id}",
        lambda p: f"actor_id={p.doctor.id}&first=2026-11-23&last=2026-11-23",
        lambda p: f"institution_id={p.doctor.institution_id}&operation=doctor.followups.task",
    ],
)
def test_an_auditor_narrows_it(http: Http, narrow: Callable[[Patient], str]) -> None:
    wanted, other = a_patient(), a_patient()
    read(http, wanted)
    read(http, other)
    auditor = a_member_of_staff(Role.AUDITOR, "审计员", the_consortium_of(wanted, other))
    found = http("GET", f"/auditor/disclosures?{narrow(wanted)}", auditor).json["items"]
    assert [line["actor_id"] for line in found] == [str(wanted.doctor.id)]


def test_an_auditor_sees_how_the_chain_stands(http: Http) -> None:
    patient = a_patient()
    read(http, patient)
    chain = http("GET", "/auditor/chain", an_auditor(patient)).json
    assert (chain["number"], chain["root"], chain["waiting"]) == (0, "00" * 32, 1)


def begin(http: Http, doctor: Any, **told: Any) -> Any:
    body = {"kind": "unconscious", "reason": WHY, **told}
    return http("POST", OPEN, json=body, headers=stepped_up(doctor))


def test_break_glass_from_the_door_to_the_log(http: Http, clock: FixedClock) -> None:
    patient = a_patient()
    doctor = a_member_of_staff(Role.DOCTOR, "陈", a_signed_resident().team.institution_id)
    number = patient.resident.id_number
    answer = begin(http, doctor, name=patient.resident.name, id_number=number)
    assert answer.status_code == 201, answer.json
    path = f"/doctor/residents/{patient.resident_id}/readings"
    clock.at += timedelta(minutes=1)
    assert http("GET", path, doctor).status_code == 200
    first, second = http("GET", LOG, patient.resident).json["items"][::-1]
    assert "陈医生 办理了您的“紧急调阅”" in first["text"]
    assert f"（原因：紧急调阅：{WHY}）" in second["text"]
    assert [one["id"] for one in http("GET", OPEN, doctor).json["items"]] == [answer.json["id"]]
    manager = a_member_of_staff(Role.MANAGER, "管理员", doctor.institution_id)
    (listed,) = http("GET", "/manager/emergency-accesses", manager).json["items"]
    assert listed["acts"] == ["review"]
    said = {"verdict": "justified", "note": "抢救记录属实"}
    path = f"/manager/emergency-accesses/{listed['id']}/review"
    assert http("POST", path, manager, json=said).json["state"] == "reviewed"
    assert http("POST", path, manager, json=said).status_code == 409


def test_without_the_second_factor_there_is_none(http: Http) -> None:
    patient, doctor = a_patient(), a_member_of_staff(Role.DOCTOR)
    body = {"kind": "critical", "reason": WHY, "resident_id": str(patient.resident_id)}
    refused = http("POST", OPEN, doctor, json=body)
    assert (refused.status_code, refused.json["type"]) == (
        403,
        "urn:jiayi:problem:step-up-needed",
    )


@pytest.mark.parametrize(
    "told",
    [
        {"reason": "太短", "resident_id": str(UUID(int=1))},
        {"name": "王桂芬"},
        {"id_number": "11010519491231002X"},
        {},
        {"resident_id": str(UUID(int=1)), "name": "王桂芬", "id_number": "11010519491231002X"},
        {"resident_id": str(UUID(int=1)), "kind": "curious"},
    ],
)
def test_what_is_wrong_is_pointed_at(http: Http, told: dict[str, str]) -> None:
    assert begin(http, a_member_of_staff(Role.DOCTOR), **told).status_code == 422


def test_unknown_and_unmatched_are_one_answer_in_one_time(http: Http) -> None:
    known = a_resident("李秀英")
    gone = a_resident("没登记", account=False)
    number = gone.id_number
    db.session.execute(db.text("DELETE FROM consent WHERE resident_id = :id"), {"id": gone.id})
    db.session.delete(gone)
    db.session.flush()
    doctor = a_member_of_staff(Role.DOCTOR)
    headers, answers, took = stepped_up(doctor), set(), dict[str, list[float]](known=[], unknown=[])
    for _ in range(15):
        for kind, asked in (("known", known.id_number), ("unknown", number)):
            body = {"kind": "critical", "reason": WHY, "name": "王桂芬", "id_number": asked}
            began = time.perf_counter()
            answer = http("POST", OPEN, json=body, headers=headers)
            took[kind].append(time.perf_counter() - began)
            answers.add((answer.status_code, answer.text))
    assert len(answers) == 1
    assert 0.5 < median(took["known"]) / median(took["unknown"]) < 2
