"""From a WeChat code to a verified resident, against a server that speaks WeChat's protocol."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import simulators
from flask import Flask
from people import Http, a_member_of_staff, a_resident
from simulators import Simulator
from sqlalchemy import select
from visitors import NAME, PHONE, Visitor, kind

from backend import identity
from backend.identity import gateway, queries
from backend.identity.tokens import LIFETIME_S
from backend.kernel import cache
from backend.kernel.clock import FixedClock
from backend.kernel.context import Role
from backend.kernel.database import db
from backend.kernel.errors import Unavailable
from backend.kernel.events import EventRow


@pytest.fixture
def visitor(http: Http, wechat: Simulator) -> Visitor:
    return Visitor(http, wechat)


def test_the_whole_way(visitor: Visitor) -> None:
    assert visitor.session["level"] == "visitor"
    assert visitor.session["expires_in"] == LIFETIME_S
    assert kind(visitor.verify()) == (403, "phone-needed")
    assert visitor.give_phone().json["phone"] == "138****1234"
    assert kind(visitor.verify()) == (403, "consent-needed")
    assert visitor.agree().json["consents"][0]["purpose"] == "health_data"
    me = visitor.verify().json
    assert (me["level"], me["name"], me["birth_date"]) == ("verified", NAME, "1962-03-08")
    assert db.session.execute(select(EventRow.name)).scalars().all() == [
        "identity.ConsentGiven",
        "identity.ResidentVerified",
    ]
    assert kind(visitor.verify()) == (409, "already-verified")


def test_no_health_data_is_kept_before_consent(visitor: Visitor) -> None:
    visitor.give_phone()
    visitor.verify()
    assert db.session.execute(select(identity.Resident)).first() is None


def test_a_login_code_works_once(http: Http, wechat: Simulator) -> None:
    code = {"code": wechat.code(wechat.user("somebody"))}
    assert http("POST", "/open/resident-sessions", json=code).status_code == 201
    assert kind(http("POST", "/open/resident-sessions", json=code)) == (401, "code-expired")


def test_the_same_person_keeps_the_same_account(http: Http, wechat: Simulator) -> None:
    for _ in range(2):
        code = {"code": wechat.code(wechat.user("somebody"))}
        http("POST", "/open/resident-sessions", json=code)
    assert len(db.session.execute(select(identity.Account)).scalars().all()) == 1


def test_a_blocked_user_is_told_what_to_do(http: Http, wechat: Simulator) -> None:
    code = {"code": wechat.code(wechat.user("rogue", blocked=True))}
    assert kind(http("POST", "/open/resident-sessions", json=code)) == (403, "wechat-blocked")


@pytest.mark.parametrize(("fault", "times", "status"), [
    ("busy", 1, 201),
    ("busy", 9, 503),
    ("http500", 1, 503),
    ("truncated", 1, 503),
])  # fmt: skip
def test_a_troubled_wechat_loses_nothing(
    http: Http, wechat: Simulator, fault: str, times: int, status: int
) -> None:
    wechat.user("somebody")
    wechat.fault(fault, "/sns/jscode2session", times=times)
    code = {"code": wechat.code("somebody")}
    assert http("POST", "/open/resident-sessions", json=code).status_code == status


def test_a_stale_access_token_is_replaced_once(visitor: Visitor) -> None:
    visitor.wechat.fault("token", "/wxa/business/getuserphonenumber")
    assert visitor.give_phone().status_code == 200


def test_a_token_that_is_always_refused_is_not_asked_for_ever(visitor: Visitor) -> None:
    visitor.wechat.fault("token", "/wxa/business/getuserphonenumber", times=50)
    assert visitor.give_phone().status_code == 503
    calls = visitor.wechat.control("GET", "stats")["calls"]["/wxa/business/getuserphonenumber"]
    assert calls == {"40001": 2}


@pytest.mark.parametrize(("name", "number", "pointer"), [
    (NAME, "11010519491231002Y", "/id_number"),
    (NAME, "110105194912310021", "/id_number"),
    (NAME, "99", "/id_number"),
    ("王\u202e", "11010519491231002X", "/name"),
])  # fmt: skip
def test_what_cannot_be_right_is_pointed_at(
    visitor: Visitor, name: str, number: str, pointer: str
) -> None:
    visitor.give_phone()
    visitor.agree()
    answer = visitor.verify(name, number)
    assert kind(answer) == (422, "invalid")
    assert [error["pointer"] for error in answer.json["errors"]] == [pointer]


def test_a_name_that_does_not_fit_the_number(visitor: Visitor) -> None:
    visitor.give_phone()
    visitor.agree()
    assert kind(visitor.verify("李桂芬")) == (409, "identity-mismatch")


def test_a_person_on_file_without_account_is_found_by_number_and_phone(visitor: Visitor) -> None:
    on_file = a_resident(NAME, account=False)
    on_file.phone, visitor.number = PHONE, on_file.id_number
    visitor.wechat.control("POST", "people", [{"name": NAME, "id_number": visitor.number}])
    visitor.give_phone()
    visitor.agree()
    assert visitor.verify().status_code == 200
    assert len(db.session.execute(select(identity.Resident)).scalars().all()) == 1


def test_somebody_elses_record_is_not_inherited(visitor: Visitor) -> None:
    holder = a_resident(NAME)
    visitor.wechat.control("POST", "people", [{"name": NAME, "id_number": holder.id_number}])
    visitor.give_phone()
    visitor.agree()
    assert kind(visitor.verify(number=holder.id_number)) == (409, "desk-needed")


def test_a_text_that_changed_must_be_read_again(visitor: Visitor) -> None:
    stale = {"purpose": "health_data", "version": "1999-01"}
    assert kind(visitor.ask("POST", "/consents", stale)) == (409, "text-changed")


def test_who_left_logs_in_no_more(
    app: Flask, http: Http, wechat: Simulator, clock: FixedClock
) -> None:
    doctor = a_member_of_staff(Role.DOCTOR)
    doctor.left_at = clock.at + timedelta(hours=1)
    openid = identity.openid_of_staff(doctor.id)
    assert openid is not None
    wechat.user(openid)
    codes = [{"code": wechat.code(openid)} for _ in range(2)]
    assert http("POST", "/open/staff-sessions", json=codes[0]).status_code == 201
    clock.at = clock.at + timedelta(hours=1)
    assert kind(http("POST", "/open/staff-sessions", json=codes[1])) == (403, "not-staff")


def test_staff_log_in_with_their_bound_wechat(app: Flask, http: Http, wechat: Simulator) -> None:
    doctor = a_member_of_staff(Role.DOCTOR)
    openid = identity.openid_of_staff(doctor.id)
    wechat.user(openid)
    code = {"code": wechat.code(openid)}
    assert http("POST", "/open/staff-sessions", json=code).status_code == 201
    stranger = {"code": wechat.code(wechat.user("stranger"))}
    assert kind(http("POST", "/open/staff-sessions", json=stranger)) == (403, "not-staff")


def test_a_consent_is_taken_back(visitor: Visitor) -> None:
    visitor.give_phone()
    (given,) = visitor.agree().json["consents"]
    assert given["purpose"] == "health_data"
    assert given["version"]
    read = visitor.ask("GET", "/consents/health_data/consequences").json
    assert (read["ends"], read["stays"]) == ([], [])
    told = {"digest": read["digest"]}
    answer = visitor.ask("POST", "/consents/health_data/withdrawal", told)
    assert (answer.status_code, answer.json["consents"]) == (200, [])
    again = visitor.ask("POST", "/consents/health_data/withdrawal", told)
    assert (again.status_code, again.json["type"]) == (409, "urn:jiayi:problem:no-such-consent")
    assert kind(visitor.verify()) == (403, "consent-needed")


def test_a_new_text_asks_again(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    visitor.give_phone()
    visitor.agree()
    newer = replace(queries.consent_text(identity.Purpose.HEALTH_DATA), version="2099-01")
    monkeypatch.setattr(queries, "consent_text", lambda _: newer)
    assert kind(visitor.verify()) == (403, "consent-needed")


@pytest.mark.parametrize(
    "answer",
    [{}, {"openid": None}, {"openid": []}, {"errcode": "x"}, {"errcode": None}, {"openid": ""}],
)
def test_an_answer_that_makes_no_sense_is_no_failure_of_ours(
    app: Flask, monkeypatch: pytest.MonkeyPatch, answer: dict[str, Any]
) -> None:
    monkeypatch.setattr(gateway, "_asked", lambda *_, **__: answer)
    server = gateway.WeChatServer(app.extensions["settings"])
    with pytest.raises(Unavailable):
        server.identity("a-code")
    cache.drop(f"wechat:{simulators.APPID}:access_token")
    for path in ("phone", "access_token"):
        with pytest.raises(Unavailable):
            getattr(gateway.WeChatServer(app.extensions["settings"]), path)("x")


def test_those_who_wait_for_a_token_do_not_time_out_in_turn(app: Flask, wechat: Simulator) -> None:
    cache.drop(f"wechat:{simulators.APPID}:access_token")
    wechat.fault("http500", "/cgi-bin/stable_token", times=9)

    def ask(_: int) -> str:
        with app.app_context():
            try:
                return str(app.extensions["wechat"].access_token())
            except Unavailable:
                return "away"

    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(ask, range(8))) == {"away"}
    calls = wechat.control("GET", "stats")["calls"]["/cgi-bin/stable_token"]
    assert sum(calls.values()) == 1


def test_a_wechat_that_hangs_holds_few_threads(
    app: Flask, wechat: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hang(*_: Any, **__: Any) -> dict[str, Any]:
        time.sleep(2)
        return {}

    monkeypatch.setattr(gateway, "_asked", hang)

    def ask(_: int) -> float:
        began = time.monotonic()
        with pytest.raises(Unavailable):
            app.extensions["wechat"].identity("a-code")
        return time.monotonic() - began

    with ThreadPoolExecutor(12) as threads:
        took = sorted(threads.map(ask, range(12)))
    assert sum(each < 1.5 for each in took) == 8
