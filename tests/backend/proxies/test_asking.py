"""A family member asks; whether anybody is known by that name, nobody learns."""

from datetime import timedelta

from conftest import MORNING
from flask import Flask
from mandate_builders import body
from people import Http, an_id_number, headers_of
from sqlalchemy import event as sql

from backend import identity, proxies
from backend.kernel.clock import FixedClock
from backend.kernel.crypto import keyring
from backend.kernel.database import db

PROXIES, PEOPLE = "/resident/me/proxies", "/resident/me/people"


def asked(http: Http, son: identity.Resident, **whom: str) -> object:
    return http("POST", f"{PEOPLE}/requests", son, json=body(**whom))


def test_he_asks_and_only_she_can_say_yes(
    http: Http, her: identity.Resident, son: identity.Resident
) -> None:
    assert asked(http, son, name=her.name, id_number=her.id_number or "").status_code == 201  # type: ignore[attr-defined]
    mandate = db.session.query(proxies.Mandate).one()
    assert http("GET", "/resident/bookings", son, on_behalf_of=her).status_code == 404
    path = f"{PROXIES}/{mandate.id}/confirmation"
    assert http("POST", path, son).status_code == 404
    shown = http("GET", PROXIES, her).json
    assert shown
    assert shown["items"][0]["family_member"] == "韩小军"
    assert http("POST", path, her).status_code == 200
    assert http("GET", "/resident/bookings", son, on_behalf_of=her).status_code == 200
    assert http("POST", path, her).status_code == 409


def test_he_may_name_her_by_phone(
    http: Http, her: identity.Resident, son: identity.Resident
) -> None:
    account = db.session.query(identity.Account).filter_by(resident_id=her.id).one()
    account.phone_index = keyring().index("13805720001", "phone")
    asked(http, son, name=her.name, phone="138 0572 0001")
    assert db.session.query(proxies.Mandate).one().principal_id == her.id


def test_known_and_unknown_people_get_the_same_answer_from_the_same_statements(
    http: Http, her: identity.Resident, son: identity.Resident, app: Flask
) -> None:
    def seen(name: str, number: str) -> tuple[list[str], dict[str, object]]:
        statements: list[str] = []

        def note(_c: object, _u: object, statement: str, *_: object) -> None:
            # Not what the session itself begins and forgets.
            if "mandate" in statement or "resident_document" in statement:
                statements.append(statement)

        headers = headers_of(son)
        db.session.commit()
        sent = body(name=name, id_number=number)
        sql.listen(db.engine, "before_cursor_execute", note)
        answer = http("POST", f"{PEOPLE}/requests", json=sent, headers=headers)
        sql.remove(db.engine, "before_cursor_execute", note)
        return statements, {**(answer.json or {}), "id": ""}

    seen("预热", an_id_number())
    known, unknown = seen(her.name, her.id_number or ""), seen("无此人", an_id_number())
    misnamed = seen("韩桂香", her.id_number or "")
    assert len(known[0]) >= 4
    assert known == unknown == misnamed
    principals = [row.principal_id for row in db.session.query(proxies.Mandate)]
    assert sorted(map(str, principals)) == sorted(["None", "None", "None", str(her.id)])


def test_who_was_told_no_is_unknown_for_a_month(
    http: Http, her: identity.Resident, son: identity.Resident, clock: FixedClock
) -> None:
    whom = {"name": her.name, "id_number": her.id_number or ""}
    asked(http, son, **whom)
    first = db.session.query(proxies.Mandate).one()
    assert http("DELETE", f"{PROXIES}/{first.id}", her).status_code == 200
    asked(http, son, **whom)
    assert db.session.query(proxies.Mandate).filter_by(principal_id=her.id).count() == 1
    clock.at = MORNING + timedelta(days=31)
    asked(http, son, **whom)
    assert db.session.query(proxies.Mandate).filter_by(principal_id=her.id).count() == 2


def test_five_requests_may_wait(http: Http, son: identity.Resident) -> None:
    for _ in range(5):
        assert asked(http, son, name="某某", phone="13900000000").status_code == 201  # type: ignore[attr-defined]
    assert asked(http, son, name="某某", phone="13900000000").status_code == 409  # type: ignore[attr-defined]
