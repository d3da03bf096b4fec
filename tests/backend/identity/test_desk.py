"""At the desk: whoever cannot be checked online is served by staff who see the document."""

from typing import Any

import pytest
from people import Http, a_member_of_staff, a_resident, an_account
from simulators import Simulator
from sqlalchemy import select, update
from visitors import NAME, Visitor, kind

from backend import identity
from backend.identity.models import DeskCode, DeskMiss, ResidentDocument
from backend.kernel.context import Role
from backend.kernel.database import db
from backend.kernel.events import EventRow

STATED = {"birth_date": "1946-05-01", "sex": "female"}
PASSPORT = {"kind": "passport", "number": "ab 12345", "country": "gbr"}
CERTIFICATE = {"kind": "birth_certificate", "number": "P330123456"}
OLD_CARD = {"kind": "old_permanent_resident_card", "number": "USA110082062801"}
NEW_CARD = {"kind": "permanent_resident_card", "number": "931840194605010028"}


class Desk:
    """A nurse at the window."""

    def __init__(self, http: Http, role: Role = Role.NURSE) -> None:
        self.http, self.clerk = http, a_member_of_staff(role)

    def ask(self, path: str, document: dict[str, str], **given: Any) -> Any:
        body = {"name": NAME, "document": document, "original_seen": True, **given}
        return self.http("POST", f"/staff/desk/{path}", self.clerk, json=body)

    def verify(self, document: dict[str, str], **given: Any) -> Any:
        return self.ask("verifications", document, **given)


@pytest.fixture
def desk(http: Http) -> Desk:
    return Desk(http)


@pytest.fixture
def visitor(http: Http, wechat: Simulator) -> Visitor:
    """Somebody of eighty who agreed to the text, and whose phone nobody vouched for."""
    new = Visitor(http, wechat)
    new.agree()
    return new


def agreed(http: Http) -> dict[str, str]:
    return {"agreed_version": http("GET", "/open/consent-texts/health-data").json["version"]}


@pytest.mark.parametrize(
    ("document", "shown"),
    [
        (PASSPORT, "A****45"),
        (CERTIFICATE, "P*******56"),
        (OLD_CARD, "USA********2801"),
    ],
)
def test_who_cannot_be_checked_online_is_served(
    desk: Desk, visitor: Visitor, document: dict[str, str], shown: str
) -> None:
    visitor.give_phone()
    given = {**document, **STATED}
    number, of = given.pop("number"), given.pop("kind")
    assert kind(visitor.verify_by(of, number, **given)) == (409, "desk-needed")
    answer = desk.verify(document, code=visitor.desk_code(), **STATED)
    assert (answer.status_code, answer.json["id_number"]) == (201, shown)
    me = visitor.ask("GET", "").json
    assert (me["level"], me["birth_date"]) == ("verified", STATED["birth_date"])
    assert (me["document_kind"], me["id_number"]) == (document["kind"], shown)


def test_the_witness_is_on_record_and_the_disclosure_too(desk: Desk, visitor: Visitor) -> None:
    served = desk.verify(PASSPORT, code=visitor.desk_code(), **STATED).json
    seen = db.session.execute(select(EventRow).filter_by(name="identity.SeenAtDesk")).scalar_one()
    assert (seen.actor_id, seen.actor_role) == (desk.clerk.id, "nurse")
    assert str(seen.resident_id) == served["resident_id"]
    assert seen.payload["institution_id"] == str(desk.clerk.institution_id)


def test_one_passport_is_one_person_whatever_its_spelling(desk: Desk, visitor: Visitor) -> None:
    one = desk.verify(PASSPORT, code=visitor.desk_code(), **STATED).json
    spelled = {**PASSPORT, "number": "ＡＢ-１２３４５", "country": "ＧＢＲ"}
    assert desk.verify(spelled, **STATED).json["resident_id"] == one["resident_id"]
    other = {**PASSPORT, "country": "USA"}
    another = desk.verify(other, **STATED, **agreed(desk.http)).json
    assert another["resident_id"] != one["resident_id"]


@pytest.mark.parametrize(
    ("given", "pointers"),
    [
        ({}, {"/birth_date", "/sex"}),
        ({**STATED, "birth_date": "2027-01-01"}, {"/birth_date"}),
        ({**STATED, "document": {**PASSPORT, "country": "XX"}}, {"/document/country"}),
        ({**STATED, "document": {**PASSPORT, "number": "A1"}}, {"/document/number"}),
        ({**STATED, "document": {"kind": "passport"}}, {"/document/number"}),
        ({**STATED, "document": {**NEW_CARD, "kind": "resident_card"}}, {"/document/kind"}),
        ({"document": NEW_CARD, "birth_date": "1946-05-02"}, {"/birth_date"}),
        ({"document": NEW_CARD, "sex": "male"}, {"/sex"}),
        ({**STATED, "original_seen": False}, {"/original_seen"}),
        ({**STATED, "code": "123"}, {"/code"}),
        ({**STATED, "age": 80}, {"/age"}),
    ],
)
def test_what_is_wrong_is_pointed_at(desk: Desk, given: dict[str, Any], pointers: set[str]) -> None:
    answer = desk.verify(**({"document": PASSPORT} | given))
    assert kind(answer) == (422, "invalid")
    assert {error["pointer"] for error in answer.json["errors"]} == pointers


def test_a_code_is_good_once_and_for_ten_minutes(desk: Desk, visitor: Visitor) -> None:
    first, second = visitor.desk_code(), visitor.desk_code()
    assert len(second) == 8
    assert second.isdigit()
    assert kind(desk.verify(PASSPORT, code=first, **STATED)) == (409, "desk-code-unknown")
    assert desk.verify(PASSPORT, code=second, **STATED).status_code == 201
    assert kind(desk.verify(PASSPORT, code=second, **STATED)) == (409, "desk-code-unknown")


def test_a_code_that_is_over_is_not_known(desk: Desk, visitor: Visitor) -> None:
    code = visitor.desk_code()
    kept = db.session.execute(select(DeskCode)).scalar_one()
    db.session.execute(update(DeskCode).values(expires_at=kept.expires_at.replace(year=2020)))
    assert kind(desk.verify(PASSPORT, code=code, **STATED)) == (409, "desk-code-unknown")


def test_who_is_verified_needs_no_code(visitor: Visitor) -> None:
    visitor.give_phone()
    assert visitor.verify().status_code == 200
    assert kind(visitor.ask("POST", "/desk-codes")) == (409, "already-verified")


def test_a_code_needs_the_consent_first(http: Http) -> None:
    assert kind(http("POST", "/resident/me/desk-codes", an_account())) == (403, "consent-needed")


def test_who_guesses_codes_is_stopped_and_others_are_not(desk: Desk, visitor: Visitor) -> None:
    code = visitor.desk_code()
    for _ in range(10):
        assert kind(desk.verify(PASSPORT, code="00000000", **STATED))[0] == 409
    assert db.session.query(DeskMiss).count() == 10
    assert kind(desk.verify(PASSPORT, code=code, **STATED)) == (429, "too-many")
    assert Desk(desk.http).verify(PASSPORT, code=code, **STATED).status_code == 201


def test_a_name_that_differs_from_the_one_on_file_is_refused_and_the_code_stays(
    desk: Desk, visitor: Visitor
) -> None:
    desk.verify(PASSPORT, **STATED, **agreed(desk.http))
    code = visitor.desk_code()
    wrong = desk.verify(PASSPORT, name="赵六", code=code, **STATED)
    assert kind(wrong) == (409, "name-differs")
    assert desk.verify(PASSPORT, code=code, **STATED).status_code == 201


@pytest.mark.parametrize("path", ["documents", "lost-phones"])
def test_nobody_is_found_alike_whether_on_file_or_not(desk: Desk, path: str) -> None:
    desk.verify(PASSPORT, **STATED, **agreed(desk.http))
    further = {"further": OLD_CARD} if path == "documents" else {}
    unknown = desk.ask(path, {**PASSPORT, "number": "ZZ99999"}, **STATED, **further)
    misnamed = desk.ask(path, PASSPORT, name="赵六", **STATED, **further)
    assert kind(unknown) == (404, "nobody-found")
    assert unknown.data == misnamed.data


def test_without_a_phone_a_person_is_registered_with_consent_on_paper(desk: Desk) -> None:
    assert kind(desk.verify(PASSPORT, **STATED)) == (403, "consent-needed")
    stale = {"agreed_version": "1999-01"}
    assert kind(desk.verify(PASSPORT, **STATED, **stale)) == (409, "text-changed")
    served = desk.verify(PASSPORT, **STATED, **agreed(desk.http))
    assert (served.status_code, served.json["phone"]) == (201, None)
    given = db.session.execute(select(identity.Consent)).scalar_one()
    assert (given.channel, str(given.resident_id)) == ("desk", served.json["resident_id"])


def test_a_foreigner_with_the_old_and_the_new_card_is_one_person(
    desk: Desk, visitor: Visitor
) -> None:
    one = desk.verify(OLD_CARD, **STATED, **agreed(desk.http)).json
    both = desk.ask("documents", OLD_CARD, further=NEW_CARD, **STATED)
    assert (both.status_code, both.json["resident_id"]) == (201, one["resident_id"])
    again = desk.ask("documents", OLD_CARD, further=NEW_CARD, **STATED)
    assert again.status_code == 201
    later = desk.verify(NEW_CARD, code=visitor.desk_code())
    assert later.json["resident_id"] == one["resident_id"]
    kept = db.session.execute(select(ResidentDocument)).scalars().all()
    assert sorted(row.number or "" for row in kept) == ["", NEW_CARD["number"]]


def test_a_document_of_somebody_else_is_not_added(desk: Desk) -> None:
    desk.verify(OLD_CARD, **STATED, **agreed(desk.http))
    desk.verify(PASSPORT, **STATED, **agreed(desk.http))
    answer = desk.ask("documents", OLD_CARD, further=PASSPORT, **STATED)
    assert kind(answer) == (409, "document-taken")


def test_somebody_on_file_with_a_card_gets_it_online_where_the_number_allows(
    desk: Desk, visitor: Visitor
) -> None:
    """Permits and the new foreign cards carry a number that the provider knows."""
    visitor.give_phone()
    visitor.known(NAME, NEW_CARD["number"])
    me = visitor.verify_by(**NEW_CARD).json
    assert (me["level"], me["document_kind"]) == ("verified", "permanent_resident_card")


@pytest.mark.parametrize("role", [Role.PHARMACIST, Role.SPECIALIST, Role.AUDITOR])
def test_only_those_at_the_desk_serve(http: Http, role: Role) -> None:
    assert kind(Desk(http, role).verify(PASSPORT, **STATED)) == (403, "forbidden")


def test_nobody_is_the_witness_of_the_own_account(desk: Desk, visitor: Visitor) -> None:
    visitor.account.staff_id = None
    own = db.session.query(identity.Account).filter_by(staff_id=desk.clerk.id).one()
    own.staff_id = None
    db.session.flush()
    visitor.account.staff_id = desk.clerk.id
    answer = desk.verify(PASSPORT, code=visitor.desk_code(), **STATED)
    assert kind(answer) == (403, "own-account")


def test_a_closed_record_is_not_opened(desk: Desk, visitor: Visitor) -> None:
    resident = a_resident(NAME, account=False)
    resident.died_on = resident.birth_date
    card = {"kind": "resident_card", "number": resident.id_number or ""}
    answer = desk.verify(card, code=visitor.desk_code())
    assert kind(answer) == (403, "person-closed")


def test_no_number_is_readable_in_the_database(desk: Desk, visitor: Visitor) -> None:
    desk.verify(PASSPORT, **STATED, **agreed(desk.http))
    code = visitor.desk_code()
    desk.ask("documents", PASSPORT, further=OLD_CARD, **STATED)
    for table in ("resident", "resident_document", "desk_code", "event"):
        rows = db.session.execute(db.text(f"SELECT t::text FROM {table} t")).scalars()
        assert not any(secret in row for row in rows for secret in ("AB12345", "USA11", code))
