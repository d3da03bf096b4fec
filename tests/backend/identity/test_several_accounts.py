"""Several accounts of one person, lost phones, and what nobody inherits."""

import math
import re
from datetime import timedelta
from typing import Any

import pytest
from mandate_builders import a_desk
from people import Http, a_resident, an_id_number, by_itself
from simulators import Simulator
from sqlalchemy import event, select
from visitors import NAME, PHONE, Visitor, kind

from backend import identity, messaging
from backend.kernel.clock import FixedClock
from backend.kernel.database import db
from backend.kernel.events import EventRow
from backend.kernel.signing import signing_keys
from jobs import relay


@pytest.fixture
def first(http: Http, wechat: Simulator) -> Visitor:
    """A verified person with one account."""
    visitor = Visitor(http, wechat).ready()
    assert visitor.verify().status_code == 200
    return visitor


def another(first: Visitor, phone: str = PHONE, openid: str = "visitor-2") -> Visitor:
    """A second WeChat user who knows the first one's name and number."""
    visitor = Visitor(first.http, first.wechat, openid, phone).ready()
    visitor.number = first.number
    return visitor


def bind_at_desk(visitor: Visitor) -> None:
    """By a nurse who saw the person with the card, and a doctor who confirms it."""
    nurse, doctor = a_desk()
    answer = at_desk(visitor, nurse, "verifications", code=visitor.desk_code())
    assert visitor.account.resident_id is None
    assert confirm(visitor, doctor, answer).status_code == 200


def at_desk(visitor: Visitor, clerk: identity.Staff, path: str, **given: Any) -> Any:
    card = {"kind": "resident_card", "number": visitor.number}
    body = {"name": NAME, "document": card, "original_seen": True, **given}
    return visitor.http("POST", f"/staff/desk/{path}", clerk, json=body)


def confirm(visitor: Visitor, clerk: identity.Staff, answer: Any) -> Any:
    path = f"/staff/desk/requests/{answer.json['waiting_id']}/witness"
    return visitor.http("POST", path, clerk)


def happened(name: str) -> list[EventRow]:
    found = select(EventRow).filter_by(name=f"identity.{name}")
    return list(db.session.execute(found).scalars())


def test_a_second_phone_with_the_number_on_file_is_the_same_person(first: Visitor) -> None:
    second = another(first)
    assert second.verify().json["resident_id"] == str(first.account.resident_id)
    assert len(db.session.execute(select(identity.Resident)).scalars().all()) == 1


def test_the_first_account_is_told_and_the_second_is_not(first: Visitor, clock: FixedClock) -> None:
    second = another(first)
    second.verify()
    db.session.commit()
    relay.drain()
    told = db.session.execute(select(messaging.Message)).scalars().one()
    assert (told.kind, told.to_account_id) == ("account_added", first.account.id)
    assert told.subject_id == second.account.id
    (claimed,) = messaging.claim(by_itself(), "a-sender", 10)
    assert claimed.openid == first.openid


def test_this_was_not_me_ends_the_later_account_at_once(first: Visitor, clock: FixedClock) -> None:
    clock.at += timedelta(minutes=1)
    second = another(first)
    second.verify()
    listed = first.ask("GET", "/accounts").json["items"]
    assert [one["is_this_one"] for one in listed] == [True, False]
    left = first.ask("POST", f"/accounts/{second.account.id}/objection").json["items"]
    assert [one["id"] for one in left] == [str(first.account.id)]
    assert second.ask("GET", "").status_code == 401
    second.log_in()
    assert second.ask("GET", "").json["level"] == "visitor"
    assert kind(second.ready().verify()) == (409, "desk-needed")
    assert first.ask("GET", "").json["level"] == "verified"
    assert [row.payload["why"] for row in happened("AccountsFreed")] == ["ended_elsewhere"]


def test_the_later_account_cannot_push_out_the_first(first: Visitor, clock: FixedClock) -> None:
    clock.at += timedelta(minutes=1)
    second = another(first)
    second.verify()
    path = f"/accounts/{first.account.id}/objection"
    assert kind(second.ask("POST", path)) == (403, "newer-account")
    assert kind(second.ask("POST", f"/accounts/{second.account.id}/objection"))[0] == 403
    assert first.ask("GET", "").json["level"] == "verified"


def test_who_was_seen_at_a_desk_pushes_out_an_impostor_who_came_first(
    first: Visitor, clock: FixedClock
) -> None:
    """Somebody else's name and number, and the own phone, are all that online needs."""
    clock.at += timedelta(days=30)
    real = another(first, "13900000009")
    bind_at_desk(real)
    resident = db.session.get_one(identity.Resident, first.account.resident_id)
    assert resident.phone == "13900000009"
    listed = real.ask("GET", "/accounts").json["items"]
    assert [one["is_this_one"] for one in listed] == [True, False]
    assert kind(first.ask("POST", f"/accounts/{real.account.id}/objection")) == (
        403,
        "newer-account",
    )
    assert real.ask("POST", f"/accounts/{first.account.id}/objection").status_code == 200
    assert first.ask("GET", "").status_code == 401
    assert real.ask("GET", "").json["level"] == "verified"


def test_of_two_that_were_seen_at_a_desk_the_first_decides(
    first: Visitor, clock: FixedClock
) -> None:
    second, third = another(first), another(first, openid="visitor-3")
    for one in (second, third):
        clock.at += timedelta(days=1)
        bind_at_desk(one)
    assert kind(third.ask("POST", f"/accounts/{second.account.id}/objection"))[0] == 403
    assert second.ask("POST", f"/accounts/{third.account.id}/objection").status_code == 200


def test_an_account_of_somebody_else_is_not_even_known(first: Visitor) -> None:
    stranger = a_resident("赵六")
    theirs = db.session.query(identity.Account).filter_by(resident_id=stranger.id).one()
    answer = first.ask("POST", f"/accounts/{theirs.id}/objection")
    assert kind(answer) == (404, "not-found")


@pytest.mark.parametrize("phone", ["13900000001", None])
def test_another_phone_than_the_one_on_file_must_come_to_the_desk(
    first: Visitor, phone: str | None
) -> None:
    if phone is None:
        db.session.get_one(identity.Resident, first.account.resident_id).phone = None
    second = another(first, phone or PHONE)
    assert kind(second.verify()) == (409, "desk-needed")
    assert second.account.resident_id is None


def test_a_recycled_number_inherits_nothing(first: Visitor) -> None:
    """The operator gave the number to a stranger, who is verified as who he is."""
    stranger = Visitor(first.http, first.wechat, "visitor-3").ready()
    stranger.known("赵六", stranger.number)
    assert stranger.ask("GET", "").json["name"] is None
    assert kind(stranger.verify("赵六", first.number)) == (409, "identity-mismatch")
    me = stranger.verify("赵六").json
    assert me["name"] == "赵六"
    assert me["resident_id"] != str(first.account.resident_id)
    assert first.ask("GET", "").json["name"] == NAME


def test_the_name_on_file_must_fit_as_well(first: Visitor) -> None:
    """The number was keyed in wrong for somebody else: the phone alone does not give him away."""
    db.session.get_one(identity.Resident, first.account.resident_id).name = "赵六"
    assert kind(another(first).verify()) == (409, "desk-needed")


def test_a_new_openid_inherits_nothing(first: Visitor) -> None:
    """The same phone, registered with WeChat anew: another openid, an account with nothing."""
    again = Visitor(first.http, first.wechat, "visitor-1-again")
    me = again.ask("GET", "").json
    assert (me["level"], me["phone"], me["consents"]) == ("visitor", None, [])
    headers = {
        "Authorization": f"Bearer {again.session['access_token']}",
        "Jiayi-Person": str(first.account.resident_id),
    }
    answer = again.http("GET", "/resident/contracts", headers=headers)
    assert kind(answer) == (404, "not-your-person")


def test_the_number_on_file_follows_the_account(first: Visitor) -> None:
    first.wechat.user(first.openid, phone="13900000002")
    assert first.give_phone().json["phone"] == "139****0002"
    second = another(first, PHONE)
    assert kind(second.verify()) == (409, "desk-needed")


def test_a_lost_phone_gives_nothing_any_more(first: Visitor, wechat: Simulator) -> None:
    nurse, doctor = a_desk()
    resident_id = first.account.resident_id
    assert confirm(first, doctor, at_desk(first, nurse, "lost-phones")).status_code == 200
    assert first.ask("GET", "").status_code == 401
    first.log_in()
    assert first.ask("GET", "").json["level"] == "visitor"
    # Whoever found it knows the name and the number on the card beside it, and the SIM is in.
    assert kind(first.ready().verify()) == (409, "desk-needed")
    new = another(first, "13900000003")
    assert kind(new.verify()) == (409, "desk-needed")
    answer = at_desk(new, doctor, "verifications", code=new.desk_code())
    assert answer.json["resident_id"] == str(resident_id)
    assert new.ask("GET", "").json["level"] != "verified"
    assert confirm(new, nurse, answer).status_code == 200
    assert new.ask("GET", "").json["level"] == "verified"
    assert db.session.get_one(identity.Resident, resident_id).phone == "13900000003"
    (freed,) = happened("AccountsFreed")
    assert (freed.actor_id, freed.payload["why"]) == (doctor.id, "phone_lost")


def test_known_and_unknown_people_get_the_same_answer(first: Visitor) -> None:
    """With a wrong name nothing tells whether a number is on file: words, status, statements.

    Signing keys are read anew every two seconds, whoever asks; here for one of the two alone.
    """
    asking = Visitor(first.http, first.wechat, "visitor-4", "13900000004").ready()
    answers: list[Any] = []
    statements: list[list[str]] = []
    engine = db.engine

    def note(_link: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if "FROM signing_key" not in statement:
            statements[-1].append(re.sub(r"savepoint_\d+", "savepoint", statement))

    event.listen(engine, "before_cursor_execute", note)
    for number in (first.number, an_id_number(), first.number, an_id_number()):
        statements.append([])
        if number == first.number:
            signing_keys()._read_at = -math.inf
        answers.append(asking.verify("赵六", number))
    event.remove(engine, "before_cursor_execute", note)
    assert {kind(answer) for answer in answers} == {(409, "identity-mismatch")}
    assert len({answer.data for answer in answers}) == 1
    assert [each for each in statements if each != statements[0]] == []


@pytest.mark.parametrize("known", [True, False])
def test_a_document_that_nobody_checks_online_is_never_looked_up(
    first: Visitor, known: bool
) -> None:
    if known:
        resident = db.session.get_one(identity.Resident, first.account.resident_id)
        resident.id_number = "GBR:AB12345"
    asking = Visitor(first.http, first.wechat, "visitor-5", "13900000005").ready()
    stated = {"birth_date": "1962-03-08", "sex": "female"}
    answer = asking.verify_by("passport", "AB12345", country="GBR", **stated)
    assert kind(answer) == (409, "desk-needed")
