"""监护: parents act for a child; at 14 the child has a say, at 18 it ends; no job is needed."""

from datetime import date, datetime, timedelta

import pytest
from mandate_builders import a_desk, a_guardian_of, again, code_of, document
from people import Http, a_resident, by_itself

from backend import identity, messaging, proxies
from backend.identity import GUARDIANSHIP
from backend.kernel.calendar import SHANGHAI
from backend.kernel.clock import FixedClock
from backend.kernel.context import Kinship
from backend.kernel.database import db
from backend.proxies.models import EndReason, State
from backend.proxies.rules import ALL, KEPT_FROM_FOURTEEN, guardian_spans

LAW = GUARDIANSHIP.on(date(2026, 11, 23))
SECOND = timedelta(seconds=1)


def midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=SHANGHAI)


BIRTHDAYS = [
    (date(2012, 11, 24), date(2026, 11, 24), date(2030, 11, 24)),
    (date(2012, 2, 29), date(2026, 3, 1), date(2030, 3, 1)),  # both years are common
    (date(2014, 2, 28), date(2028, 2, 28), date(2032, 2, 28)),  # both years are leap years
    (date(2010, 2, 28), date(2024, 2, 28), date(2028, 2, 28)),
    (date(2010, 3, 1), date(2024, 3, 1), date(2028, 3, 1)),
    (date(2020, 2, 29), date(2034, 3, 1), date(2038, 3, 1)),
    (date(2011, 12, 31), date(2025, 12, 31), date(2029, 12, 31)),
    (date(2013, 1, 1), date(2027, 1, 1), date(2031, 1, 1)),
]


@pytest.mark.parametrize(("born", "fourteen", "eighteen"), BIRTHDAYS)
def test_ages_begin_on_the_birthday(born: date, fourteen: date, eighteen: date) -> None:
    assert (LAW.narrowed_on(born), LAW.ended_on(born)) == (fourteen, eighteen)
    assert not LAW.has_a_say(born, fourteen - timedelta(days=1))
    assert LAW.has_a_say(born, fourteen)
    assert not LAW.is_adult(born, eighteen - timedelta(days=1))
    assert LAW.is_adult(born, eighteen)


@pytest.mark.parametrize(("born", "fourteen", "eighteen"), BIRTHDAYS)
def test_spans_follow_one_another_without_a_gap(born: date, fourteen: date, eighteen: date) -> None:
    first, second = guardian_spans(born, midnight(born), LAW)
    assert (first.since, first.until, first.scopes) == (midnight(born), midnight(fourteen), ALL)
    assert (second.since, second.until) == (midnight(fourteen), midnight(eighteen))
    assert second.scopes == KEPT_FROM_FOURTEEN
    (late,) = guardian_spans(born, midnight(fourteen), LAW)
    assert late.scopes == KEPT_FROM_FOURTEEN
    assert guardian_spans(born, midnight(eighteen), LAW) == []


@pytest.mark.parametrize("born", [date(2012, 11, 24), date(2013, 2, 28), date(2016, 2, 29)])
def test_at_fourteen_and_eighteen_in_shanghai_to_the_second(
    http: Http, clock: FixedClock, born: date
) -> None:
    child, mother = a_resident("李小满", born), a_resident("李敏", date(1988, 6, 1))
    a_guardian_of(child, mother)

    def may(at: datetime) -> tuple[int, int]:
        clock.at = at
        return tuple(  # type: ignore[return-value]
            http("GET", path, mother, on_behalf_of=child).status_code
            for path in ("/resident/bookings", "/resident/readings")
        )

    fourteen, eighteen = midnight(LAW.narrowed_on(born)), midnight(LAW.ended_on(born))
    assert may(fourteen - SECOND) == (200, 200)
    assert may(fourteen) == (200, 403)
    assert may(eighteen - SECOND) == (200, 403)
    assert may(eighteen) == (404, 404)


def test_the_child_of_fourteen_lets_the_mother_read_again(http: Http, clock: FixedClock) -> None:
    child, mother = a_resident("李小满", date(2012, 11, 24)), a_resident("李敏", date(1988, 6, 1))
    mandate = a_guardian_of(child, mother)
    path, more = (
        f"/resident/me/proxies/{mandate.id}/scopes",
        {"scopes": ["book", "results", "reminders"]},
    )
    early = http("PUT", path, child, json=more)
    assert (early.status_code, code_of(early)) == (403, "guardian-fixed")
    clock.at += timedelta(days=1)
    assert http("GET", "/resident/readings", mother, on_behalf_of=child).status_code == 403
    assert http("PUT", path, mother, json=more, on_behalf_of=child).status_code == 403
    assert http("PUT", path, child, json=more).status_code == 200
    assert http("GET", "/resident/readings", mother, on_behalf_of=child).status_code == 200
    less = http("PUT", path, child, json={"scopes": ["book"]})
    assert (less.status_code, code_of(less)) == (403, "guardian-fixed")


def test_a_guardian_is_not_the_childs_to_revoke(http: Http) -> None:
    child = a_resident("李小满", date(2011, 1, 1))
    mandate = a_guardian_of(child)
    answer = http("DELETE", f"/resident/me/proxies/{mandate.id}", child)
    assert (answer.status_code, code_of(answer)) == (403, "guardian-fixed")


def test_both_parents_stand_for_themselves(http: Http) -> None:
    child = a_resident("李小满", date(2018, 6, 1), account=False)
    mother, father = a_resident("李敏", date(1988, 6, 1)), a_resident("周建", date(1987, 1, 1))
    hers = a_guardian_of(child, mother)
    his = a_guardian_of(child, father, Kinship.FATHER)
    for parent, own, other in [(mother, hers, his), (father, his, hers)]:
        answer = http("GET", "/resident/bookings", parent, on_behalf_of=child)
        assert answer.headers["Jiayi-Kinship"] == own.kinship
        assert http("DELETE", f"/resident/me/people/{other.id}", parent).status_code == 404
        seen = http("GET", "/resident/me/proxies", parent, on_behalf_of=child)
        assert (seen.status_code, code_of(seen)) == (403, "not-for-proxies")
    assert http("DELETE", f"/resident/me/people/{hers.id}", mother).status_code == 204
    assert http("GET", "/resident/bookings", father, on_behalf_of=child).status_code == 200
    assert http("GET", "/resident/bookings", mother, on_behalf_of=child).status_code == 404


def test_a_guardian_appoints_nobody(http: Http) -> None:
    child, mother = a_resident("李小满", date(2018, 6, 1)), a_resident("李敏", date(1988, 6, 1))
    a_guardian_of(child, mother)
    sent = {"name": "外婆", "kinship": "other", "scopes": ["book"], "ends_on": "2027-01-01"}
    answer = http("POST", "/resident/me/proxies/invitations", mother, json=sent, on_behalf_of=child)
    assert (answer.status_code, code_of(answer)) == (403, "not-for-proxies")


def agree(http: Http, who: identity.Resident, whose: identity.Resident) -> int:
    text = identity.consent_text(identity.Purpose.HEALTH_DATA)
    sent = {"purpose": "health_data", "version": text.version}
    return http("POST", "/resident/me/consents", who, json=sent, on_behalf_of=whose).status_code


def test_a_mother_agrees_for_a_child_until_the_child_has_to(http: Http, clock: FixedClock) -> None:
    child, mother = a_resident("李小满", date(2012, 11, 24)), a_resident("李敏", date(1988, 6, 1))
    db.session.query(identity.Consent).filter_by(resident_id=child.id).delete()
    a_guardian_of(child, mother)
    assert http("GET", "/resident/readings", mother, on_behalf_of=child).status_code == 403
    assert agree(http, mother, child) == 201
    assert http("GET", "/resident/readings", mother, on_behalf_of=child).status_code == 200
    assert http("GET", "/resident/readings", child).status_code == 200
    clock.at += timedelta(days=1)
    refused = http("GET", "/resident/readings", child)
    assert (refused.status_code, code_of(refused)) == (403, "consent-needed")
    # What the mother keeps goes on as before; she cannot renew for the child.
    assert http("GET", "/resident/bookings", mother, on_behalf_of=child).status_code == 200
    assert agree(http, mother, child) == 403
    assert agree(http, child, child) == 201
    assert http("GET", "/resident/readings", child).status_code == 200


PAPERS = {"proof": "birth_certificate", "proof_number": "T330012345", "kinship": "father"}


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"kinship": "son"}, "kinship-not-fit"),
        ({"kinship": "sibling"}, "kinship-not-fit"),
        ({"proof": "own_document"}, "proof-needed"),
    ],
)
def test_a_guardian_is_proved_by_an_original(http: Http, more: dict[str, str], code: str) -> None:
    nurse, _ = a_desk()
    sides = {
        "person": document(a_resident("李小满", date(2020, 2, 29))),
        "family_member": document(a_resident("李敏", date(1988, 6, 1))),
    }
    answer = http("POST", "/staff/desk/guardians", nurse, json=sides | PAPERS | more)
    assert (answer.status_code, code_of(answer)) == (422, code)


def test_a_grown_child_has_no_guardian_and_a_child_is_none(http: Http) -> None:
    nurse, _ = a_desk()
    grown, child = a_resident("大人", date(2008, 11, 23)), a_resident("孩子", date(2015, 1, 1))
    for person, member, code in [(grown, grown, "not-for-oneself"), (child, child, None)]:
        sides = {"person": document(person), "family_member": document(member)}
        answer = http("POST", "/staff/desk/guardians", nurse, json=sides | PAPERS)
        assert code_of(answer) == (code or "not-for-oneself")
    other = a_resident("家长", date(1980, 1, 1))
    for person, member, code in [(grown, other, "not-a-minor"), (other, child, "adults-only")]:
        sides = {"person": document(person), "family_member": document(member)}
        answer = http("POST", "/staff/desk/guardians", nurse, json=sides | PAPERS)
        assert (answer.status_code, code_of(answer)) == (422, code)


def test_the_proofs_number_is_kept_sealed(http: Http) -> None:
    mandate = a_guardian_of(a_resident("李小满", date(2020, 2, 29)))
    assert mandate.proof_number == "330523-0042"
    assert b"330523-0042" not in (mandate.proof_number_sealed or b"")


def test_the_sweep_only_tells(http: Http, clock: FixedClock) -> None:
    child = a_resident("李小满", date(2012, 11, 24))
    mandate = a_guardian_of(child)
    assert proxies.tell_narrowed(by_itself()) == 0
    clock.at += timedelta(days=1)
    assert proxies.tell_narrowed(by_itself()) == 1
    assert proxies.tell_narrowed(by_itself()) == 0
    clock.at = midnight(date(2030, 11, 24))
    assert proxies.expire(by_itself()) == 1
    ended = again(mandate)
    assert (ended.state, ended.end_reason) == (State.ENDED, EndReason.CAME_OF_AGE)
    assert proxies.expire(by_itself()) == 0
    child_, guardian = ended.sides
    narrowed = proxies.GuardianNarrowed(child_, ended.id, guardian)
    proxies.tell_of_the_say(by_itself(), narrowed)
    assert len(messaging.about(ended.id)) == 2
