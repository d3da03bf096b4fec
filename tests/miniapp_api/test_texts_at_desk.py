"""Who does not use the app has texts switched on again at the desk."""

from conftest import MORNING
from contract_builders import a_centre
from people import Http, a_member_of_staff
from sms_builders import PHONE, somebody

from backend import identity
from backend.kernel.context import Role
from backend.kernel.database import db
from backend.messaging import PhoneStanding
from backend.messaging.sms_desk import phone_index


def a_nurse() -> identity.Staff:
    return a_member_of_staff(Role.NURSE, "俞小满", institution=a_centre().id)


def seen(person: identity.Resident) -> dict[str, object]:
    card = {"kind": "resident_card", "number": person.id_number}
    return {"name": person.name, "document": card, "original_seen": True}


def test_a_stop_and_a_dead_number_are_seen_and_lifted_where_the_person_asks(http: Http) -> None:
    nurse, person = a_nurse(), somebody()
    stopped = {"stopped_at": MORNING, "dead_at": MORNING, "failures": 3}
    db.session.add(PhoneStanding(phone_index=phone_index(PHONE), **stopped))
    db.session.flush()
    shown = http("POST", "/staff/desk/texts/search", nurse, json=seen(person)).json
    assert (shown["has_phone"], shown["is_wanted"], shown["is_reachable"]) == (True, False, False)
    again = http("POST", "/staff/desk/texts/restoration", nurse, json=seen(person)).json
    assert (again["is_wanted"], again["is_reachable"]) == (True, True)
    assert db.session.query(PhoneStanding.failures).scalar() == 0


def test_without_a_number_there_is_nothing_to_restore(http: Http) -> None:
    told = seen(somebody(phone=None))
    answer = http("POST", "/staff/desk/texts/restoration", a_nurse(), json=told)
    assert (answer.status_code, answer.json["type"][18:]) == (409, "no-phone")
