"""The way of a long prescription over HTTP, and what is refused on it."""

from typing import Any

import pytest
from people import Http
from prescription_builders import Surgery, a_drug

REQUESTS = "/resident/prescription-requests"


@pytest.fixture
def surgery(http: Http) -> Surgery:
    return Surgery()


def wish(surgery: Surgery, **facts: Any) -> dict[str, Any]:
    house = str(surgery.centre.id)
    return {"drugs": [surgery.drug.code], "days": 56, "institution_id": house, **facts}


def draft(surgery: Surgery, days: int = 56, **facts: Any) -> dict[str, Any]:
    told = {"dose": 1, "times_per_day": 1, "usage": "口服，每日一次，每次1片"}
    line = {"drug": surgery.drug.code, "quantity": days, **told}
    found = {"stable": True, "adherent": True, "plan_fits": True, "educated": True}
    return {
        "diagnoses": ["I10.x00"],
        "days": days,
        "lines": [line],
        "assessment": {**found, "note": "血压平稳。"},
        **facts,
    }


def requested(http: Http, surgery: Surgery) -> dict[str, Any]:
    answer = http("POST", REQUESTS, surgery.resident, json=wish(surgery))
    assert answer.status_code == 201, answer.json
    found: dict[str, Any] = answer.json
    return found


def confirmed(http: Http, surgery: Surgery) -> str:
    found = requested(http, surgery)
    path = f"/resident/prescriptions/{found['id']}/confirmation"
    body = {"digest": found["to_confirm"]["digest"]}
    assert http("POST", path, surgery.resident, json=body).status_code == 200
    return str(found["id"])


def test_from_the_wish_to_the_drugs(http: Http, surgery: Surgery) -> None:
    path = f"/doctor/prescriptions/{confirmed(http, surgery)}"
    issued = http("POST", f"{path}/issue", surgery.doctor, json=draft(surgery))
    assert (issued.status_code, issued.json["state"]) == (200, "issued")
    assert issued.json["resident"]["name"] == "王桂芬"
    passed = http("POST", f"{path}/review", surgery.pharmacist, json={})
    assert (passed.status_code, passed.json["acts"]) == (200, ["dispense"])
    seen_by = {"doctor": surgery.doctor, "resident": surgery.resident}
    acts = {
        audience: http("GET", path.replace("doctor", audience), person).json["acts"]
        for audience, person in seen_by.items()
    }
    assert acts == {"doctor": ["terminate"], "resident": ["withdraw"]}
    body = {"collector": {"kind": "self"}}
    handed = http("POST", f"{path}/dispensing", surgery.pharmacist, json=body)
    assert (handed.status_code, handed.json["runs_out_on"]) == (200, "2027-01-18")
    again = http("POST", f"{path}/dispensing", surgery.pharmacist, json=body)
    assert (again.status_code, again.json["type"]) == (409, "urn:jiayi:problem:illegal-move")
    mine = http("GET", "/resident/prescriptions?state=in_use", surgery.resident)
    assert [item["lines"][0]["dispensed"] for item in mine.json["items"]] == [56]


def test_without_confirmation_and_assessment_every_clause_answers(
    http: Http, surgery: Surgery
) -> None:
    path = f"/doctor/prescriptions/{requested(http, surgery)['id']}/issue"
    found = {"stable": True, "adherent": True, "plan_fits": True, "educated": False}
    answer = http("POST", path, surgery.doctor, json=draft(surgery, assessment=found))
    assert (answer.status_code, answer.json["clause"]) == (422, "LP-4")
    assert {error["pointer"] for error in answer.json["errors"]} == {
        "/days",
        "/assessment/note",
        "/assessment/educated",
    }


def test_more_days_than_the_region_allows_are_refused(http: Http, surgery: Surgery) -> None:
    answer = http("POST", REQUESTS, surgery.resident, json=wish(surgery, days=85))
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "/days")
    path = f"/doctor/prescriptions/{confirmed(http, surgery)}/issue"
    answer = http("POST", path, surgery.doctor, json=draft(surgery, 85))
    assert (answer.status_code, answer.json["clause"]) == (422, "LP-3")


def test_an_unknown_drug_is_pointed_at(http: Http, surgery: Surgery) -> None:
    body = wish(surgery, drugs=[surgery.drug.code, "EX-NONE"])
    answer = http("POST", REQUESTS, surgery.resident, json=body)
    assert (answer.status_code, answer.json["type"]) == (422, "urn:jiayi:problem:unknown-drug")
    assert answer.json["errors"][0]["pointer"] == "/drugs/1"
    body = draft(surgery)
    body["lines"][0]["drug"] = "EX-NONE"
    path = f"/doctor/prescriptions/{requested(http, surgery)['id']}/issue"
    answer = http("POST", path, surgery.doctor, json=body)
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "/lines/0/drug")


def test_strangers_get_404_and_colleagues_403(http: Http, surgery: Surgery) -> None:
    number, other = confirmed(http, surgery), Surgery()
    for path, stranger in (
        (f"/resident/prescriptions/{number}", other.resident),
        (f"/doctor/prescriptions/{number}", other.doctor),
        (f"/doctor/prescriptions/{number}", surgery.pharmacist),
    ):
        assert http("GET", path, stranger).status_code == 404
    review = f"/doctor/prescriptions/{number}/review"
    assert http("POST", review, surgery.doctor, json={}).status_code == 403
    assert http("GET", f"/doctor/prescriptions/{number}", surgery.resident).status_code == 403


def test_a_wish_repeated_with_its_key_is_one(http: Http, surgery: Surgery) -> None:
    key = {"Idempotency-Key": "wish-0123456789"}
    answers = [
        http("POST", REQUESTS, surgery.resident, json=wish(surgery), headers=dict(key))
        for _ in range(2)
    ]
    assert answers[0].get_data() == answers[1].get_data()
    second = http("POST", REQUESTS, surgery.resident, json=wish(surgery))
    assert (second.status_code, second.json["type"]) == (409, "urn:jiayi:problem:prescription-open")


def test_another_house_must_exist(http: Http, surgery: Surgery) -> None:
    body = wish(surgery, institution_id="00000000-0000-7000-8000-000000000000")
    answer = http("POST", REQUESTS, surgery.resident, json=body)
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "/institution_id")


def test_the_formulary_is_searched_literally(http: Http, surgery: Surgery) -> None:
    a_drug("盐酸二甲双胍片"), a_drug("已停用的药", is_listed=False)
    found = http("GET", "/resident/formulary?search=二甲", surgery.resident)
    assert [drug["name"] for drug in found.json["items"]] == ["盐酸二甲双胍片"]
    assert http("GET", "/doctor/formulary?search=盐%25胍", surgery.doctor).json["items"] == []
    listed = http("GET", "/doctor/formulary", surgery.doctor).json["items"]
    assert "已停用的药" not in {drug["name"] for drug in listed}


def test_the_doctor_refuses_with_a_reason_the_resident_reads(http: Http, surgery: Surgery) -> None:
    number = requested(http, surgery)["id"]
    body = {"reason": "最近血压不稳，请先来复诊。"}
    refused = http("POST", f"/doctor/prescriptions/{number}/refusal", surgery.doctor, json=body)
    assert refused.json["state"] == "refused"
    seen = http("GET", f"/resident/prescriptions/{number}", surgery.resident)
    assert (seen.json["end_note"], seen.json["to_confirm"]) == (body["reason"], None)
