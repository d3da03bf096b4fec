"""窗口代办授权: two members of staff, never one; the person stands there with a document."""

from datetime import date, timedelta

import pytest
from conftest import MORNING
from mandate_builders import a_desk, a_mandate, again, body, code_of, document
from people import Http, a_member_of_staff, a_resident

from backend import identity, proxies
from backend.kernel.clock import FixedClock
from backend.kernel.context import Role
from backend.kernel.database import db
from backend.proxies.models import EndReason, State

DESK = "/staff/desk/proxies"


def recorded(http: Http, by: identity.Staff, *sides: identity.Resident, **more: object) -> str:
    person, member = map(document, sides)
    sent = body(person=person, family_member=member) | more
    answer = http("POST", DESK, by, json=sent)
    assert answer.status_code == 201, answer.json
    assert answer.json
    return str(answer.json["id"])


def acts(http: Http, member: identity.Resident, person: identity.Resident) -> bool:
    status = http("GET", "/resident/bookings", member, on_behalf_of=person).status_code
    assert status in {200, 404}
    return status == 200


def test_what_one_records_counts_once_another_has_witnessed_it(
    http: Http, her: identity.Resident, son: identity.Resident
) -> None:
    nurse, doctor = a_desk()
    mandate = recorded(http, nurse, her, son)
    assert not acts(http, son, her)
    answer = http("POST", f"{DESK}/{mandate}/witness", doctor)
    assert answer.status_code == 200
    assert answer.json
    assert "韩*军" in answer.json["slip"]
    assert "2027-05-31" in answer.json["slip"]
    assert acts(http, son, her)


def test_nobody_witnesses_the_own_record(
    http: Http, her: identity.Resident, son: identity.Resident
) -> None:
    nurse, _ = a_desk()
    answer = http("POST", f"{DESK}/{recorded(http, nurse, her, son)}/witness", nurse)
    assert (answer.status_code, code_of(answer)) == (403, "same-hands")
    assert not acts(http, son, her)


def test_the_database_itself_refuses_one_pair_of_hands(
    http: Http, her: identity.Resident, son: identity.Resident
) -> None:
    nurse, _ = a_desk()
    mandate = db.session.get_one(proxies.Mandate, recorded(http, nurse, her, son))
    mandate.witnessed_by = nurse.id
    with pytest.raises(Exception, match="ck_mandate_two_witnesses"):
        db.session.flush()


def test_staff_who_would_gain_by_it_stand_aside(
    http: Http, her: identity.Resident, son: identity.Resident
) -> None:
    nurse, doctor = a_desk()
    for colleague in (nurse, doctor):
        account = db.session.query(identity.Account).filter_by(staff_id=colleague.id).one()
        account.resident_id = son.id
        db.session.flush()
        if colleague is nurse:
            sent = body(person=document(her), family_member=document(son))
            answer = http("POST", DESK, nurse, json=sent)
        else:
            answer = http("POST", f"{DESK}/{recorded(http, nurse, her, son)}/witness", doctor)
        assert (answer.status_code, code_of(answer)) == (403, "same-hands")
        account.resident_id = None


def test_a_colleague_of_another_house_knows_nothing_of_it(
    http: Http, her: identity.Resident, son: identity.Resident
) -> None:
    nurse, _ = a_desk()
    mandate = recorded(http, nurse, her, son)
    _, elsewhere = a_desk()
    assert http("POST", f"{DESK}/{mandate}/witness", elsewhere).status_code == 404
    shown = http("GET", DESK, elsewhere).json
    assert shown
    assert shown["items"] == []


@pytest.mark.parametrize("role", [Role.SPECIALIST, Role.PHARMACIST, Role.AUDITOR])
def test_not_everybody_sits_at_a_desk(
    http: Http, her: identity.Resident, son: identity.Resident, role: Role
) -> None:
    other = a_member_of_staff(role, institution=a_desk()[0].institution_id)
    sent = body(person=document(her), family_member=document(son))
    assert http("POST", DESK, other, json=sent).status_code == 403


@pytest.mark.parametrize(("hours", "status"), [(23, 200), (24, 409)])
def test_a_witness_is_found_within_a_day(
    http: Http,
    her: identity.Resident,
    son: identity.Resident,
    clock: FixedClock,
    hours: int,
    status: int,
) -> None:
    nurse, doctor = a_desk()
    mandate = recorded(http, nurse, her, son)
    clock.at = MORNING + timedelta(hours=hours)
    assert http("POST", f"{DESK}/{mandate}/witness", doctor).status_code == status


def test_colleagues_see_what_waits_with_masked_names(
    http: Http, her: identity.Resident, son: identity.Resident
) -> None:
    nurse, doctor = a_desk()
    recorded(http, nurse, her, son)
    shown = http("GET", DESK, doctor).json
    assert shown
    (item,) = shown["items"]
    assert (item["person"], item["family_member"]) == ("韩*兰", "韩*军")


def test_the_desk_ends_it_for_who_stands_there(
    http: Http, her: identity.Resident, son: identity.Resident
) -> None:
    """Whatever house it is, and whether or not she has a phone."""
    mandate = a_mandate(her, son)
    nurse, _ = a_desk()
    found = http("POST", f"{DESK}/search", nurse, json={"person": document(her)}).json
    assert found
    assert [one["id"] for one in found["items"]] == [str(mandate.id)]
    path = f"{DESK}/{mandate.id}/revocation"
    wrong = http("POST", path, nurse, json={"person": document(a_resident("某某"))})
    assert wrong.status_code == 404
    answer = http("POST", path, nurse, json={"person": document(her)})
    assert answer.status_code == 200
    assert answer.json
    assert "已停止" in answer.json["slip"]
    assert again(mandate).end_reason is EndReason.REVOKED
    assert not acts(http, son, her)


def test_a_person_nobody_knows_is_sent_to_be_verified_first(
    http: Http, her: identity.Resident
) -> None:
    nurse, _ = a_desk()
    sent = body(person=document(her), family_member={**document(her), "name": "别人"})
    answer = http("POST", DESK, nurse, json=sent)
    assert (answer.status_code, code_of(answer)) == (404, "nobody-found")
    sent = body(
        person=document(her),
        family_member={**document(her), "document": {"kind": "resident_card", "number": "123"}},
    )
    answer = http("POST", DESK, nurse, json=sent)
    assert answer.json
    assert answer.json["errors"][0]["pointer"] == "/family_member/document/number"


def test_nobody_is_recorded_for_oneself_nor_a_child_as_if_grown(
    http: Http, her: identity.Resident, son: identity.Resident
) -> None:
    nurse, _ = a_desk()
    child = a_resident("周小宝", date(2015, 5, 5))
    for person, code in [(son, "not-for-oneself"), (child, "adults-only")]:
        sent = body(person=document(person), family_member=document(son))
        answer = http("POST", DESK, nurse, json=sent)
        assert (answer.status_code, code_of(answer)) == (422, code)


def test_widening_at_a_desk_needs_the_witness_again(
    http: Http, her: identity.Resident, son: identity.Resident
) -> None:
    nurse, doctor = a_desk()
    first = recorded(http, nurse, her, son, scopes=["book"])
    http("POST", f"{DESK}/{first}/witness", doctor)
    second = recorded(http, nurse, her, son, scopes=["book", "sign"])
    assert http("GET", "/resident/contracts", son, on_behalf_of=her).status_code == 403
    http("POST", f"{DESK}/{second}/witness", doctor)
    assert http("GET", "/resident/contracts", son, on_behalf_of=her).status_code == 200
    old = db.session.get_one(proxies.Mandate, first)
    assert (old.state, old.end_reason) == (State.ENDED, EndReason.REPLACED)


def test_a_manager_sees_numbers_alone(
    http: Http, her: identity.Resident, son: identity.Resident
) -> None:
    nurse, manager = a_desk(Role.NURSE, Role.MANAGER)
    recorded(http, nurse, her, son)
    answer = http("GET", "/manager/proxies/counts", manager)
    assert answer.json == {"recorded": 1, "active": 0, "ended": 0, "lapsed": 0}
