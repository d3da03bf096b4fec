"""Taking a consent back: read first, done in one call, obeyed at once."""

from datetime import timedelta

import pytest
from clinic_builders import a_roster, a_session
from conftest import MORNING
from flask import Flask
from people import Http, a_consent, a_resident, an_account, by
from privacy_builders import OVER, UNDER_WAY, Life

from backend import clinics, identity
from backend.identity import Purpose
from backend.kernel.clock import FixedClock
from backend.kernel.database import db
from backend.kernel.errors import ConsentNeeded
from jobs import relay

ME = "/resident/me"


def read(http: Http, person: identity.Resident, purpose: str = "health_data") -> dict:
    answer = http("GET", f"{ME}/consents/{purpose}/consequences", person)
    assert answer.status_code == 200
    return answer.json


def withdraw(http: Http, person: identity.Resident, purpose: str = "health_data"):
    told = {"digest": read(http, person, purpose)["digest"]}
    return http("POST", f"{ME}/consents/{purpose}/withdrawal", person, json=told)


def test_the_consequences_are_told_in_words_before(http: Http) -> None:
    life = Life()
    told = read(http, life.resident)
    words = [one["text"] for one in told["ends"]]
    assert any("签约立即结束" in text for text in words)
    assert any("的预约取消" in text for text in words)
    assert any("长处方申请立即撤回" in text for text in words)
    assert any("高血压随访停止" in text for text in words)
    assert any("1 条还没有发出的消息" in text for text in words)
    assert {row["label"] for row in told["stays"]} >= {"签约协议", "长处方和发药记录"}
    assert all(row["basis"] and row["until"] for row in told["stays"])
    assert "停止使用您的健康信息" in told["explained"]


def test_what_changed_meanwhile_is_read_again(http: Http) -> None:
    life = Life()
    digest = read(http, life.resident)["digest"]
    clinics.book(by(life.resident), a_session(a_roster(), starts_at=MORNING + timedelta(3)).id)
    body = {"digest": digest}
    answer = http("POST", f"{ME}/consents/health_data/withdrawal", life.resident, json=body)
    assert (answer.status_code, answer.json["type"][18:]) == (409, "consequences-changed")
    assert life.states["contract"] == "active"


def test_reading_and_acting_stop_at_once(http: Http) -> None:
    life = Life()
    seen = f"/doctor/contracts/{life.contract.id}"
    followup = f"/doctor/follow-ups/{life.visit.id}"
    assert http("GET", followup, life.doctor).status_code == 200
    assert withdraw(http, life.resident).status_code == 200
    assert http("GET", followup, life.doctor).status_code == 404
    assert "王桂芬" not in http("GET", seen, life.doctor).text
    refused = http("GET", "/resident/bookings", life.resident)
    assert (refused.status_code, refused.json["type"][18:]) == (403, "consent-needed")


def test_everything_ends_by_the_event(http: Http, app: Flask) -> None:
    life = Life()
    assert life.states == UNDER_WAY
    withdraw(http, life.resident)
    relay.drain()
    assert life.states == OVER
    seats = clinics.seats(life.clock, life.session_id)
    assert all(seat.is_free for seat in seats)
    relay.drain()
    assert life.states["waiting"] == 0  # nothing is written to who left


def test_agreeing_again_opens_the_record_and_revives_nothing(http: Http) -> None:
    life = Life()
    withdraw(http, life.resident)
    text = identity.consent_text(Purpose.HEALTH_DATA)
    body = {"purpose": "health_data", "version": text.version}
    assert http("POST", f"{ME}/consents", life.resident, json=body).status_code == 201
    assert life.states == OVER  # though no reaction had run yet
    assert http("GET", "/resident/bookings", life.resident).status_code == 200
    session = a_session(a_roster())
    clinics.book(by(life.resident), session.id)
    relay.drain()  # late: it finds the record open, and ends nothing that came after
    found = http("GET", "/resident/bookings", life.resident).json["items"]
    assert [row["state"] for row in found] == ["booked", "cancelled"] or {
        row["state"] for row in found
    } == {"booked", "cancelled"}


def test_consents_are_separate(http: Http) -> None:
    life = Life()
    answer = withdraw(http, life.resident, "reminders")
    assert [one["purpose"] for one in answer.json["consents"]] == ["health_data"]
    relay.drain()
    assert life.states | {"waiting": 0} == UNDER_WAY | {"waiting": 0}
    assert http("GET", "/resident/bookings", life.resident).status_code == 200


def test_nobody_else_takes_it_back(http: Http) -> None:
    life, stranger = Life(), a_resident("陈新")
    answer = http(
        "GET",
        f"{ME}/consents/health_data/consequences",
        stranger,
        headers={"Jiayi-Person": str(life.resident.id)},
    )
    assert answer.status_code == 404


def test_an_unknown_purpose_is_not_found(http: Http) -> None:
    assert http("GET", f"{ME}/consents/all/consequences", a_resident()).status_code == 404


def test_who_said_no_is_left_in_peace(http: Http, clock: FixedClock) -> None:
    person = an_account()
    text = identity.consent_text(Purpose.REMINDERS)
    asked = {one["purpose"]: one for one in http("GET", ME, person).json["to_agree"]}
    assert asked["reminders"] == {
        "purpose": "reminders",
        "version": text.version,
        "is_renewal": False,
        "ask_again_from": None,
    }
    body = {"purpose": "reminders", "version": text.version}
    answer = http("POST", f"{ME}/consents/refusals", person, json=body)
    asked = {one["purpose"]: one for one in answer.json["to_agree"]}
    assert asked["reminders"]["ask_again_from"] == "2026-12-23"
    assert asked["health_data"]["ask_again_from"] is None
    clock.at = MORNING + timedelta(days=30)
    asked = {one["purpose"]: one for one in http("GET", ME, person).json["to_agree"]}
    assert asked["reminders"]["ask_again_from"] is None


def test_who_took_it_back_is_left_in_peace(http: Http) -> None:
    answer = withdraw(http, a_resident(), "reminders")
    (asked,) = answer.json["to_agree"]
    assert (asked["purpose"], asked["ask_again_from"]) == ("reminders", "2026-12-23")


def test_a_new_version_asks_again(http: Http) -> None:
    person = a_resident()
    db.session.query(identity.Consent).filter_by(
        resident_id=person.id, purpose=Purpose.HEALTH_DATA
    ).update({"version": "2020-01"})
    (asked,) = http("GET", ME, person).json["to_agree"]
    assert (asked["purpose"], asked["is_renewal"]) == ("health_data", True)
    assert asked["ask_again_from"] is None
    answer = http("POST", "/resident/contracts", person, json={})
    assert (answer.status_code, answer.json["type"][18:]) == (403, "consent-needed")


def person_level_routes(app: Flask) -> list[tuple[str, str]]:
    """The operations of residents that concern a person, not the account."""
    return [
        (method, rule.rule.removeprefix("/api/v1"))
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/v1/resident/")
        and not rule.rule.startswith(("/api/v1/resident/me", "/api/v1/resident/subscriptions"))
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    ]


def test_no_route_about_a_person_answers_without_the_consent(app: Flask, http: Http) -> None:
    person = a_resident()
    db.session.query(identity.Consent).filter_by(resident_id=person.id).delete()
    nobody = "00000000-0000-7000-8000-000000000000"
    tried = 0
    for method, rule in person_level_routes(app):
        path = rule.replace("<uuid:", "<")
        while "<" in path:
            path = path[: path.index("<")] + nobody + path[path.index(">") + 1 :]
        answer = http(method, path, person, json={} if method != "GET" else None)
        refused = (answer.status_code, (answer.json or {}).get("type"))
        assert refused == (403, "urn:jiayi:problem:consent-needed"), (method, path)
        tried += 1
    assert tried >= 20


def test_direct_calls_are_refused_as_well(app: Flask) -> None:
    life = Life()
    db.session.query(identity.Consent).filter_by(resident_id=life.resident_id).delete()
    ctx = by(life.resident)
    with pytest.raises(ConsentNeeded):
        clinics.book(ctx, life.session_id)
    with pytest.raises(ConsentNeeded):
        clinics.bookings(ctx, None)


def test_a_consent_on_paper_counts(app: Flask) -> None:
    person = a_resident()
    db.session.query(identity.Consent).filter_by(resident_id=person.id).delete()
    db.session.add(a_consent(person))
    db.session.flush()
    assert by(person).consent
