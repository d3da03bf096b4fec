"""What a guardian is given of a child's record: written down, and never what the child hid."""

import json
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest
from clinic_builders import a_roster, a_session
from family_builders import a_guardian
from people import Http, a_resident, by, by_itself
from privacy_builders import Life, fresh
from sqlalchemy import select

from backend import clinics, identity
from backend.kernel.database import db
from backend.kernel.disclosures import disclosure
from backend.kernel.ids import new_id
from backend.kernel.subjects import everything
from backend.privacy.rules import FOR_GUARDIANS, for_guardian
from jobs import privacy as jobs


def a_child() -> identity.Resident:
    return a_resident("小宝", date(2014, 5, 6))


def a_copy(http: Http, guardian: identity.Resident, child: identity.Resident) -> str:
    """The id of a copy that a guardian asked for, and that is made."""
    asked = http("POST", "/resident/me/exports", guardian, on_behalf_of=child)
    assert jobs.make_exports() == 1
    return str(asked.json["id"])


def lines() -> list[Any]:
    return list(db.session.execute(select(disclosure).order_by(disclosure.c.id)))


@pytest.mark.parametrize("form", ["content", "document"])
def test_a_guardians_download_is_written_down(http: Http, form: str) -> None:
    child = a_child()
    guardian = a_guardian(child)
    path = f"/resident/me/exports/{a_copy(http, guardian, child)}/{form}"
    child, guardian = fresh(child), fresh(guardian)
    before = len(lines())
    assert http("GET", path, guardian, on_behalf_of=child).status_code == 200
    (line,) = lines()[before:]
    assert (line.operation, line.resident_ids) == (f"resident.privacy.{form}", [child.id])
    assert line.reasons == ["guardian:mother"]


def test_ones_own_download_is_no_disclosure(http: Http) -> None:
    child = a_child()
    asked = http("POST", "/resident/me/exports", child)
    assert jobs.make_exports() == 1
    path = f"/resident/me/exports/{asked.json['id']}/content"
    assert http("GET", path, fresh(child)).status_code == 200
    assert lines() == []


# What a guardian's copy leaves out, each with its reason.
THE_CHILDS_OWN = {
    "account": "by which phones the child logs in",
    "session": "and where",
    "credit": "what those accounts agreed to be sent",
    "wechat_event": "what WeChat told of those accounts",
    "message_step": "of messages, some of which the child may have hidden",
    "sms_dispatch": "of the same messages",
    "call_item": "of the same messages",
    "sms_heard": "what was answered to them, by whoever held the phone",
    "phone_standing": "and that phone, whoever's it is",
    "consent_refusal": "what those accounts did not agree to",
    "data_export": "which copies the child asked for",
    "deletion_request": "by which account",
    "kept_record": "how many rows, the hidden ones among them",
    "desk_request": "which phones were reported lost or added at a desk, and by whom",
    "disclosure": "who read the record",
    "emergency_access": "who opened it, and why",
    "event": "what the child did, the choices among it",
    "relation": "who else may act, by which office",
    "mandate": "the other guardian's papers; one's own are in one's own copy",
    "sensitive_item": "what is of which category",
    "sensitive_choice": "what is hidden",
}
MIND, HEART = "精神心理科", "心内科"


@dataclass
class Ward:
    """A child with a plain seat and one of a kind that the child hid from its mother."""

    http: Http

    def __post_init__(self) -> None:
        self.child_id = a_child().id
        self.guardian_id = a_guardian(self.child).id
        self.hide()
        self.seen, self.hidden = self.a_seat(HEART, 1), self.a_seat(MIND, 2)

    @property
    def child(self) -> identity.Resident:
        return db.session.get_one(identity.Resident, self.child_id)

    @property
    def guardian(self) -> identity.Resident:
        return db.session.get_one(identity.Resident, self.guardian_id)

    def hide(self) -> None:
        told = {"category": "mental", "is_hidden": True}
        path = "/resident/me/sensitive-categories"
        assert self.http("PUT", path, self.child, json=told).status_code == 200

    def a_seat(self, specialty: str, days: int) -> str:
        begins = by_itself().at.replace(hour=1, minute=0) + timedelta(days=days)
        session = a_session(a_roster(specialty=specialty), starts_at=begins)
        return str(clinics.book(by(self.child), session.id).id)

    def told(self, path: str, person: identity.Resident) -> Any:
        return self.http("GET", path, person, on_behalf_of=self.child)


def test_every_table_is_a_guardians_or_has_a_reason(app: Any) -> None:
    told = set(everything(by_itself(), Life().resident_id))
    assert told == FOR_GUARDIANS | THE_CHILDS_OWN.keys()
    assert FOR_GUARDIANS & THE_CHILDS_OWN.keys() == set()


def test_a_guardians_copy_holds_nothing_hidden_and_no_traces(http: Http) -> None:
    ward = Ward(http)
    export_id = a_copy(http, ward.guardian, ward.child)
    content = ward.told(f"/resident/me/exports/{export_id}/content", ward.guardian)
    assert ward.hidden not in content.text
    assert MIND not in content.text
    records = json.loads(content.data)["records"]
    assert [row["id"] for row in records["booking"]] == [ward.seen]
    assert records.keys() & THE_CHILDS_OWN.keys() == set()


def test_what_the_child_hides_later_closes_the_copy(http: Http, clock: Any) -> None:
    ward = Ward(http)
    export_id = a_copy(http, ward.guardian, ward.child)
    path = f"/resident/me/exports/{export_id}/document"
    assert ward.told(path, ward.guardian).status_code == 200
    clock.at += timedelta(minutes=1)
    ward.hide()
    answer = ward.told(path, ward.guardian)
    assert (answer.status_code, answer.json["type"][18:]) == (409, "export-not-ready")


def test_a_guardian_fetches_own_copies_alone(http: Http) -> None:
    ward = Ward(http)
    theirs = a_copy(http, a_guardian(ward.child), ward.child)
    asked = http("POST", "/resident/me/exports", ward.child).json["id"]
    for export_id in (asked, theirs):
        path = f"/resident/me/exports/{export_id}/content"
        assert ward.told(path, ward.guardian).status_code == 404
    assert ward.told("/resident/me/exports", ward.guardian).json["items"] == []
    shown = http("GET", "/resident/me/exports", ward.child).json["items"]
    assert {row["id"] for row in shown} == {asked, theirs}


@pytest.mark.parametrize("act", ["consents/health_data", "deletion"])
def test_consequences_tell_nothing_hidden(http: Http, act: str) -> None:
    ward = Ward(http)
    path = f"/resident/me/{act}/consequences"
    to_child, to_guardian = ward.told(path, ward.child), ward.told(path, ward.guardian)
    ends = {row["subject_id"] for row in to_guardian.json["ends"]}
    assert (ward.seen in ends, ward.hidden in ends) == (True, False)
    assert ward.hidden in {row["subject_id"] for row in to_child.json["ends"]}
    assert MIND not in to_guardian.text
    way, act_path = "POST", path.removesuffix("/consequences")
    act_path += "/withdrawal" if act != "deletion" else ""
    body = {"digest": to_guardian.json["digest"]}
    done = http(way, act_path, ward.guardian, on_behalf_of=ward.child, json=body)
    assert done.status_code < 300


def test_what_hangs_on_something_hidden_goes_with_it() -> None:
    hidden, visit, reading, note = (new_id() for _ in range(4))
    records = {
        "followup": [{"id": str(visit), "about": {"ids": [str(hidden)]}}],
        "measurement": [{"id": str(reading), "followup_id": str(visit)}, {"id": "another"}],
        "measurement_note": [{"id": str(note), "measurement_id": str(reading)}],
        "session": [{"id": "a login"}],
    }
    left = for_guardian(records, [hidden])
    assert left == {"followup": [], "measurement": [{"id": "another"}], "measurement_note": []}
