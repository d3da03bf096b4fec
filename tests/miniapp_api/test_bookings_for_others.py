"""The family doctor's proposal and the desk's booking, through HTTP."""

from clinic_builders import a_session
from contract_builders import a_centre, a_contract, lead_of, resident_of, team_of
from people import Http, a_member_of_staff, a_resident

from backend import identity
from backend.kernel.context import Role


def seen(person: identity.Resident, **given: object) -> dict[str, object]:
    card = {"kind": "resident_card", "number": person.id_number}
    return {"name": person.name, "document": card, "original_seen": True, **given}


def test_the_resident_confirms_what_the_doctor_proposed(http: Http) -> None:
    contract, session = a_contract(), a_session()
    doctor, person = lead_of(team_of(contract)), resident_of(contract)
    wanted = {"resident_id": str(person.id), "session_id": str(session.id)}
    kept = http("POST", "/doctor/clinics/proposals", doctor, json=wanted)
    assert (kept.status_code, kept.json["state"]) == (201, "held")
    assert http("GET", "/doctor/clinics/proposals", doctor).json[0]["id"] == kept.json["id"]

    path = f"/resident/bookings/{kept.json['id']}"
    shown = http("GET", path, person).json
    assert (shown["acts"], shown["origin"]) == (["confirm", "decline"], "doctor")
    assert http("POST", f"{path}/confirmation", person).json["state"] == "booked"
    assert http("POST", f"{path}/confirmation", person).status_code == 409
    assert http("GET", "/doctor/clinics/proposals", doctor).json == []


def test_a_doctor_proposes_nothing_to_a_stranger(http: Http) -> None:
    wanted = {"resident_id": str(a_resident().id), "session_id": str(a_session().id)}
    doctor = a_member_of_staff(Role.DOCTOR)
    assert http("POST", "/doctor/clinics/proposals", doctor, json=wanted).status_code == 404


def test_the_desk_books_finds_and_cancels(http: Http) -> None:
    nurse, session, person = a_nurse(), a_session(), a_resident()
    asked = seen(person, session_id=str(session.id))
    made = http("POST", "/staff/desk/bookings", nurse, json=asked)
    assert (made.status_code, made.json["origin"]) == (201, "desk")
    found = http("POST", "/staff/desk/bookings/search", nurse, json=seen(person)).json
    assert [one["id"] for one in found] == [made.json["id"]]
    path = f"/staff/desk/bookings/{made.json['id']}/cancellation"
    assert http("POST", path, nurse, json=seen(person)).json["state"] == "cancelled"
    assert http("GET", "/resident/bookings", person).json["items"][0]["state"] == "cancelled"


def test_the_desk_sees_the_document_itself(http: Http) -> None:
    asked = seen(a_resident(), session_id=str(a_session().id), original_seen=False)
    answer = http("POST", "/staff/desk/bookings", a_nurse(), json=asked)
    assert answer.status_code == 422
    assert answer.json["errors"][0]["pointer"] == "/original_seen"


def test_everybody_may_ask_what_a_session_costs(http: Http) -> None:
    told = http("GET", f"/open/clinics/sessions/{a_session().id}/expectation").json
    assert told["price"] == {"fee_yuan": 50, "here_fen": 1000, "hospital_fen": 2500}
    assert (told["wait_minutes"], told["seen"]) == (None, 0)


def a_nurse() -> identity.Staff:
    return a_member_of_staff(Role.NURSE, "沈护士", institution=a_centre().id)
