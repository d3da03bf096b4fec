"""What family members did is shown to the person; what the person keeps from them leaves no gap."""

from datetime import date, timedelta
from typing import Any

import pytest
from clinic_builders import a_roster, a_session
from contract_builders import a_contract, an_application
from family_builders import a_guardian, a_relative
from message_builders import a_message
from people import Http, a_resident, by, by_itself
from prescription_builders import Surgery, a_drug

from backend import clinics, identity, messaging
from backend.identity.discretion_service import words
from backend.kernel import sensitive
from backend.kernel.context import Scope
from backend.kernel.events import Event
from backend.kernel.sensitive import Traits
from backend.messaging import MessageKind

MIND = "精神心理科"


@pytest.fixture
def mother() -> identity.Resident:
    return a_resident()


@pytest.fixture
def son(mother: identity.Resident) -> identity.Resident:
    return a_relative(mother, *Scope)


def a_seat(person: identity.Resident, specialty: str, days: int = 1) -> clinics.Appointment:
    begins = by_itself().at.replace(hour=1, minute=0) + timedelta(days=days)
    session = a_session(a_roster(specialty=specialty), starts_at=begins)
    return clinics.book(by(person), session.id)


def show(http: Http, person: identity.Resident, is_hidden: bool) -> Any:
    told = {"category": "mental", "is_hidden": is_hidden}
    return http("PUT", "/resident/me/sensitive-categories", person, json=told)


def test_what_a_son_did_is_shown_as_his_to_both(
    http: Http, mother: identity.Resident, son: identity.Resident
) -> None:
    session = a_session()
    wish = {"session_id": str(session.id)}
    made = http("POST", "/resident/bookings", son, json=wish, on_behalf_of=mother)
    assert (made.status_code, made.json["done_by"]) == (201, "儿子代办")
    path = f"/resident/bookings/{made.json['id']}"
    assert http("GET", path, mother).json["done_by"] == "儿子代办"
    http("POST", f"{path}/cancellation", son, on_behalf_of=mother)
    acts = http("GET", "/resident/me/proxy-acts", mother).json["items"]
    told = [(act["done_by"], act["text"]) for act in acts]
    assert told == [("儿子代办", "取消了专家门诊预约"), ("儿子代办", "预约了专家门诊")]
    refused = http("GET", "/resident/me/proxy-acts", son, on_behalf_of=mother)
    assert (refused.status_code, refused.json["type"]) == (403, "urn:jiayi:problem:not-for-proxies")
    assert http("GET", "/resident/me/proxy-acts", son).json["items"] == []


def test_what_the_person_did_is_shown_as_nobodys(http: Http, mother: identity.Resident) -> None:
    booked = a_seat(mother, "心内科")
    assert http("GET", f"/resident/bookings/{booked.id}", mother).json["done_by"] is None
    assert http("GET", "/resident/me/proxy-acts", mother).json["items"] == []


def test_who_took_a_seat_back_is_shown_beside_who_booked_it(
    http: Http, mother: identity.Resident, son: identity.Resident
) -> None:
    path = f"/resident/bookings/{a_seat(mother, '心内科').id}"
    assert http("GET", path, mother).json["ended_by"] is None
    taken_back = http("POST", f"{path}/cancellation", son, on_behalf_of=mother)
    for answer in taken_back, http("GET", path, mother):
        assert (answer.json["done_by"], answer.json["ended_by"]) == (None, "儿子代办")


def test_who_ended_a_contract_is_shown(
    http: Http, mother: identity.Resident, son: identity.Resident
) -> None:
    contract = a_contract(resident=mother)
    path = f"/resident/contracts/{contract.id}"
    reason = {"reason": "own_wish"}
    ended = http("POST", f"{path}/termination", son, json=reason, on_behalf_of=mother)
    for answer in ended, http("GET", path, mother):
        assert (answer.json["done_by"], answer.json["ended_by"]) == (None, "儿子代办")


def test_who_took_an_application_back_is_shown(
    http: Http, mother: identity.Resident, son: identity.Resident
) -> None:
    path = f"/resident/contracts/{an_application(resident=mother).id}"
    http("POST", f"{path}/withdrawal", son, on_behalf_of=mother)
    assert http("GET", path, mother).json["ended_by"] == "儿子代办"


def test_who_took_a_request_for_drugs_back_is_shown(http: Http) -> None:
    surgery = Surgery()
    son = a_relative(surgery.resident, *Scope)
    path = f"/resident/prescriptions/{surgery.requested().id}"
    gone = http("POST", f"{path}/withdrawal", son, on_behalf_of=surgery.resident)
    for answer in gone, http("GET", path, surgery.resident):
        assert (answer.json["done_by"], answer.json["ended_by"]) == (None, "儿子代办")


def test_who_asked_for_drugs_is_shown_to_the_doctor_too(http: Http) -> None:
    surgery = Surgery()
    son = a_relative(surgery.resident, *Scope)
    wish = {"drugs": [surgery.drug.code], "days": 56, "institution_id": str(surgery.centre.id)}
    asked = "/resident/prescription-requests"
    made = http("POST", asked, son, json=wish, on_behalf_of=surgery.resident).json
    path = f"/prescriptions/{made['id']}"
    assert http("GET", f"/resident{path}", surgery.resident).json["done_by"] == "儿子代办"
    assert http("GET", f"/doctor{path}", surgery.doctor).json["done_by"] == "儿子代办"


def test_what_the_person_ended_is_shown_as_nobodys(http: Http, mother: identity.Resident) -> None:
    path = f"/resident/bookings/{a_seat(mother, '心内科').id}"
    assert http("POST", f"{path}/cancellation", mother).json["ended_by"] is None


def test_every_act_that_is_worded_is_one_that_happens() -> None:
    assert set(words()) <= set(Event.kinds)


def test_every_wish_about_own_data_is_worded() -> None:
    wishes = {name for name in Event.kinds if name.startswith("privacy.")}
    ours = {"ExportReady", "ResidentDied", "DeathReported", "DeathUndone"}
    assert {name for name in wishes if name.split(".")[1] not in ours} <= set(words())


def test_what_is_kept_from_family_is_in_no_list_and_on_no_page(
    http: Http, mother: identity.Resident, son: identity.Resident
) -> None:
    hidden = a_seat(mother, MIND, days=2)
    seen = [a_seat(mother, "心内科", days=1), a_seat(mother, "骨科", days=3)]
    wanted = [str(seen[1].id), str(seen[0].id)]
    answer = http("GET", "/resident/bookings", son, on_behalf_of=mother)
    assert [row["id"] for row in answer.json["items"]] == wanted
    first = http("GET", "/resident/bookings?limit=1", son, on_behalf_of=mother).json
    rest = http(
        "GET", f"/resident/bookings?limit=1&after={first['next']}", son, on_behalf_of=mother
    ).json
    assert [first["items"][0]["id"], rest["items"][0]["id"]] == wanted
    assert rest["next"] is None
    path = f"/resident/bookings/{hidden.id}"
    assert http("GET", path, son, on_behalf_of=mother).status_code == 404
    assert http("POST", f"{path}/cancellation", son, on_behalf_of=mother).status_code == 404
    assert len(http("GET", "/resident/bookings", mother).json["items"]) == 3


def test_messages_about_what_is_kept_are_kept(
    http: Http, mother: identity.Resident, son: identity.Resident
) -> None:
    hidden, seen = a_seat(mother, MIND, days=2), a_seat(mother, "心内科")
    for subject in (hidden.id, seen.id):
        a_message(mother, subject_id=subject)
    hers = http("GET", "/resident/messages", mother).json["items"]
    his = http("GET", "/resident/messages", son, on_behalf_of=mother).json["items"]
    assert (len(hers), len(his)) == (2, 1)
    assert messaging.about(hidden.id)[0].kind is MessageKind.DEMO_NOTICE


def test_no_refusal_tells_a_son_of_what_is_kept_from_him(
    http: Http, mother: identity.Resident, son: identity.Resident
) -> None:
    """That she is booked already, and that she is not, sound the same."""
    hers = a_seat(mother, MIND)
    other = a_session(a_roster(specialty=MIND))
    for session_id in (hers.session_id, other.id):
        wish = {"session_id": str(session_id)}
        answer = http("POST", "/resident/bookings", son, json=wish, on_behalf_of=mother)
        assert (answer.status_code, answer.json["type"]) == (
            403,
            "urn:jiayi:problem:not-for-proxies",
        )


def test_no_repetition_tells_a_son_of_what_is_kept_since(
    http: Http, mother: identity.Resident, son: identity.Resident
) -> None:
    show(http, mother, is_hidden=False)
    session = a_session(a_roster(specialty=MIND))
    seat = {"json": {"session_id": str(session.id)}, "headers": {"Idempotency-Key": "one-seat"}}
    made = http("POST", "/resident/bookings", son, on_behalf_of=mother, **seat)
    assert made.status_code == 201
    show(http, mother, is_hidden=True)
    again = http("POST", "/resident/bookings", son, on_behalf_of=mother, **seat)
    assert (again.status_code, made.json["id"] in again.text) == (404, False)
    show(http, mother, is_hidden=False)
    again = http("POST", "/resident/bookings", son, on_behalf_of=mother, **seat)
    assert (again.status_code, again.data) == (201, made.data)


def heard(
    http: Http, son: identity.Resident, mother: identity.Resident, wish: Any
) -> tuple[int, Any]:
    """What a relative is told, but for the number of the request."""
    answer = http("POST", "/resident/bookings", son, json=wish, on_behalf_of=mother)
    return answer.status_code, {
        k: v for k, v in answer.json.items() if k not in {"instance", "request_id"}
    }


def test_a_hidden_obstacle_sounds_like_any_other(
    http: Http, mother: identity.Resident, son: identity.Resident
) -> None:
    """A hidden booking at that hour, a visible one, the same session, a full day, no more."""
    hers, seen = a_seat(mother, MIND, days=1), a_seat(mother, "骨科", days=2)
    told = []
    for other in (hers, seen):
        clash = a_session(
            a_roster(specialty="心内科"), starts_at=other.starts_at, capacity=1, hours=0.1
        )
        told.append(heard(http, son, mother, {"session_id": str(clash.id)}))
    told.append(heard(http, son, mother, {"session_id": str(seen.session_id)}))
    for hour in (4, 6):
        full = by_itself().at.replace(hour=hour) + timedelta(days=3)
        clinics.book(by(mother), a_session(a_roster(specialty=MIND), starts_at=full).id)
    for day in (3, 4):
        free = by_itself().at.replace(hour=8) + timedelta(days=day)
        extra = a_session(a_roster(specialty="心内科"), starts_at=free)
        told.append(heard(http, son, mother, {"session_id": str(extra.id)}))
    status, problem = told[0]
    assert (status, problem["type"]) == (409, "urn:jiayi:problem:not-now")
    assert not any(sign.isdigit() for sign in problem["title"] + problem["detail"])
    assert [one for one in told if one != told[0]] == []


def test_the_person_is_told_what_is_in_the_way(http: Http, mother: identity.Resident) -> None:
    wish = {"session_id": str(a_seat(mother, MIND).session_id)}
    answer = http("POST", "/resident/bookings", mother, json=wish)
    assert answer.json["type"] == "urn:jiayi:problem:already-booked"


def test_a_hidden_prescription_sounds_like_a_visible_one(http: Http) -> None:
    told = []
    for atc in ("N05AH03", "C08CA01"):
        surgery = Surgery(drug=a_drug("某药片", atc=atc))
        surgery.requested(28)
        son = a_relative(surgery.resident, *Scope)
        wish = {"drugs": [a_drug().code], "days": 28, "institution_id": str(surgery.centre.id)}
        path = "/resident/prescription-requests"
        answer = http("POST", path, son, json=wish, on_behalf_of=surgery.resident)
        told.append([answer.status_code, *(answer.json[k] for k in ("type", "title", "detail"))])
    assert told[0] == told[1]
    assert told[0][:2] == [409, "urn:jiayi:problem:not-now"]


def test_the_person_decides_and_it_holds_at_once(
    http: Http, mother: identity.Resident, son: identity.Resident
) -> None:
    path = f"/resident/bookings/{a_seat(mother, MIND).id}"
    assert http("GET", path, son, on_behalf_of=mother).status_code == 404
    shown = {row["category"]: row for row in show(http, mother, False).json["items"]}
    assert (shown["mental"]["is_hidden"], shown["mental"]["is_chosen"]) == (False, True)
    assert http("GET", path, son, on_behalf_of=mother).status_code == 200
    show(http, mother, True)
    assert http("GET", path, son, on_behalf_of=mother).status_code == 404


def test_nobody_else_decides_it_and_no_category_is_made_up(
    http: Http, mother: identity.Resident, son: identity.Resident
) -> None:
    path = "/resident/me/sensitive-categories"
    told = {"category": "mental", "is_hidden": False}
    refused = http("PUT", path, son, json=told, on_behalf_of=mother)
    assert refused.status_code == 403
    assert http("GET", path, son, on_behalf_of=mother).status_code == 403
    made_up = told | {"category": "astrology"}
    assert http("PUT", path, mother, json=made_up).status_code == 422


def test_a_guardian_sees_what_the_child_did_not_hide(http: Http) -> None:
    child = a_resident("王小宝", date(2010, 5, 1))
    parent = a_guardian(child)
    path = f"/resident/bookings/{a_seat(child, MIND).id}"
    assert http("GET", path, parent, on_behalf_of=child).status_code == 200
    show(http, child, True)
    assert http("GET", path, parent, on_behalf_of=child).status_code == 404


def test_a_prescription_is_kept_for_its_drugs_and_for_its_diagnoses(http: Http) -> None:
    surgery = Surgery(drug=a_drug("奥氮平片", atc="N05AH03"))
    son = a_relative(surgery.resident, *Scope)
    wish = {"drugs": [surgery.drug.code], "days": 28, "institution_id": str(surgery.centre.id)}
    path = "/resident/prescription-requests"
    refused = http("POST", path, son, json=wish, on_behalf_of=surgery.resident)
    assert (refused.status_code, refused.json["type"]) == (403, "urn:jiayi:problem:not-for-proxies")

    hers = surgery.requested(28)
    one = f"/resident/prescriptions/{hers.id}"
    assert http("GET", one, surgery.resident).status_code == 200
    assert http("GET", one, son, on_behalf_of=surgery.resident).status_code == 404
    assert http("POST", f"{one}/withdrawal", son, on_behalf_of=surgery.resident).status_code == 404

    ordinary = Surgery()
    daughter = a_relative(ordinary.resident, *Scope)
    asked = ordinary.requested(28)
    one = f"/resident/prescriptions/{asked.id}"
    assert http("GET", one, daughter, on_behalf_of=ordinary.resident).status_code == 200
    about = Traits(diagnoses=["F32.1"])
    sensitive.mark(by(ordinary.doctor), ordinary.resident.id, [asked.id], about)
    assert http("GET", one, daughter, on_behalf_of=ordinary.resident).status_code == 404


@pytest.mark.parametrize(
    ("traits", "categories"),
    [
        (Traits(specialty="心内科"), []),
        (Traits(specialty="心理科"), ["mental"]),
        (Traits(specialty="皮肤性病科"), ["reproductive"]),
        (Traits(specialty="皮肤科"), []),
        (Traits(diagnoses=["I10"]), []),
        (Traits(diagnoses=["I10", "F20.0"]), ["mental"]),
        (Traits(diagnoses=["F52.2"]), ["mental", "reproductive"]),
        (Traits(diagnoses=["B20"]), ["infectious"]),
        (Traits(diagnoses=["Z21"]), ["infectious"]),
        (Traits(diagnoses=["A54.9"]), ["reproductive"]),
        (Traits(drugs=["N06AB04"]), ["mental"]),
        (Traits(drugs=["C08CA01"]), []),
        (Traits(programme="hypertension"), []),
        (Traits(), []),
    ],
)
def test_what_belongs_to_a_category(app: object, traits: Traits, categories: list[str]) -> None:
    assert sensitive.categories_of(by_itself(), traits) == categories
