"""What a person calls wrong is looked into; what was there before stays on record."""

from typing import Any

import pytest
from people import Http, a_member_of_staff, a_resident
from privacy_builders import Life

from backend import followups, identity
from backend.kernel.context import Role
from backend.kernel.database import db
from backend.messaging import Message, MessageKind
from jobs import relay

ME = "/resident/me/corrections"


def ask(http: Http, life: Life, **told: Any):
    plain = {"subject": "phone", "wanted": "138 0572 0002", "because": "换号了"}
    return http("POST", ME, life.resident, json=plain | told)


def answer_of(http: Http, life: Life, wish: str, how: str, **told: Any):
    return http("POST", f"/staff/corrections/{wish}/{how}", life.doctor, json=told)


@pytest.mark.parametrize(
    ("subject", "wanted", "told", "before", "after"),
    [
        ("phone", "138 0572 0002", {"document_seen": True}, "13805720001", "13805720002"),
        ("community", "海岛社区", {}, None, "海岛社区"),
        ("name", "王桂芳", {"document_seen": True}, "王桂芬", "王桂芳"),
    ],
)
def test_it_is_put_right_with_history(
    http: Http, subject: str, wanted: str, told: dict, before: str | None, after: str
) -> None:
    life = Life()
    wish = ask(http, life, subject=subject, wanted=wanted).json
    assert (wish["state"], wish["before"], wish["answered_by"]) == ("asked", before, "2026-12-08")
    assert answer_of(http, life, wish["id"], "acceptance", **told).status_code == 200
    person = db.session.get_one(identity.Resident, life.resident_id)
    assert getattr(person, subject) == after
    (shown,) = http("GET", ME, life.resident).json["items"]
    assert (shown["state"], shown["before"], shown["wanted"]) == ("corrected", before, after)


@pytest.mark.parametrize("told", [{"subject": "name", "wanted": "王桂芳"}, {}])
def test_a_name_or_a_phone_needs_the_document_on_the_desk(http: Http, told: dict) -> None:
    life = Life()
    wish = ask(http, life, **told).json["id"]
    answer = answer_of(http, life, wish, "acceptance")
    assert answer.json["errors"][0]["pointer"] == "/document_seen"


@pytest.mark.parametrize(
    ("how", "told"), [("acceptance", {"document_seen": True}), ("refusal", {"answer": "不一致"})]
)
def test_the_person_hears_of_an_answer_and_not_what_it_says(
    http: Http, how: str, told: dict
) -> None:
    life = Life()
    wish = ask(http, life).json["id"]
    answer_of(http, life, wish, how, **told)
    relay.drain()
    (message,) = db.session.query(Message).filter_by(kind=MessageKind.CORRECTION_ANSWERED)
    assert (message.to_resident_id, str(message.subject_id)) == (life.resident_id, wish)
    assert message.content["thing1"] == "您的更正申请有了答复，请点开查看"


def test_who_took_a_wish_back_is_told_nothing(http: Http) -> None:
    life = Life()
    wish = ask(http, life).json["id"]
    assert http("POST", f"{ME}/{wish}/withdrawal", life.resident).status_code == 200
    relay.drain()
    told = db.session.query(Message).filter_by(kind=MessageKind.CORRECTION_ANSWERED)
    assert told.count() == 0


def test_a_refusal_says_why_and_where_to_complain(http: Http) -> None:
    life = Life()
    wish = ask(http, life).json["id"]
    answer_of(http, life, wish, "refusal", answer="与运营商登记不一致")
    (shown,) = http("GET", ME, life.resident).json["items"]
    assert (shown["state"], shown["answer"]) == ("refused", "与运营商登记不一致")
    assert "12345" in shown["complaints"]
    assert answer_of(http, life, wish, "acceptance").status_code == 409


def test_a_reading_is_not_overwritten(http: Http) -> None:
    life = Life()
    life.visited()
    reading = db.session.query(followups.Measurement).filter_by(resident_id=life.resident_id).one()
    wish = ask(
        http,
        life,
        subject="reading",
        subject_id=str(reading.id),
        wanted="当时是142",
        because="看错了",
    ).json
    assert wish["before"].endswith("血压 152/94")
    answer_of(http, life, wish["id"], "acceptance")
    db.session.refresh(reading)
    (shown,) = http("GET", "/resident/readings", life.resident).json["items"]
    assert (shown["systolic"], shown["remarks"]) == (152, ["当时是142"])


@pytest.mark.parametrize(
    ("told", "pointer"),
    [
        ({"wanted": "12345"}, "/wanted"),
        ({"subject": "name", "wanted": "123"}, "/wanted"),
        ({"subject": "reading"}, "/subject_id"),
        ({"subject_id": "00000000-0000-7000-8000-000000000000"}, "/subject_id"),
        (
            {"subject": "reading", "subject_id": "00000000-0000-7000-8000-000000000000"},
            "/subject_id",
        ),
    ],
)
def test_what_cannot_be_is_pointed_at(http: Http, told: dict, pointer: str) -> None:
    answer = ask(http, Life(), **told)
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, pointer)


def test_without_a_contract_a_house_is_named(http: Http) -> None:
    told = {"subject": "phone", "wanted": "13805720002", "because": "换号了"}
    answer = http("POST", ME, a_resident(), json=told)
    assert answer.json["errors"][0]["pointer"] == "/institution_id"


def test_the_same_wish_waits_once_and_can_be_taken_back(http: Http) -> None:
    life = Life()
    wish = ask(http, life).json["id"]
    assert ask(http, life).json["type"][18:] == "already-asked"
    assert http("POST", f"{ME}/{wish}/withdrawal", life.resident).json["state"] == "withdrawn"
    assert ask(http, life).status_code == 201


def test_another_house_knows_nothing_of_it(http: Http) -> None:
    life = Life()
    wish = ask(http, life).json["id"]
    elsewhere = a_member_of_staff(Role.DOCTOR, "外院医生")
    assert http("GET", "/staff/corrections", elsewhere).json["items"] == []
    answer = http("POST", f"/staff/corrections/{wish}/acceptance", elsewhere, json={})
    assert answer.status_code == 404
