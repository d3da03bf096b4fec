"""Who has no phone is reminded through the family, and through nobody whom they did not name."""

from datetime import date, timedelta

import pytest
from flask import Flask
from mandate_builders import a_desk, a_guardian_of, document, present, terms
from message_builders import a_message
from people import Http, a_resident, by, by_itself

from backend import identity, messaging, proxies
from backend.kernel import sensitive
from backend.kernel.clock import FixedClock
from backend.kernel.context import Scope
from backend.kernel.database import db


@pytest.fixture
def old(app: Flask) -> identity.Resident:
    """Somebody without a phone."""
    return a_resident("韩守义", date(1938, 5, 21), account=False)


def lets(old: identity.Resident, son: identity.Resident, *scopes: Scope) -> proxies.Mandate:
    nurse, doctor = a_desk()
    made = proxies.record_proxy(by(nurse), present(old), present(son), terms(*scopes))
    return proxies.witness(by(doctor), made)


def openid_of(person: identity.Resident) -> str:
    return db.session.query(identity.Account).filter_by(resident_id=person.id).one().openid


def sent_to() -> list[str]:
    db.session.flush()
    return [each.openid for each in messaging.claim(by_itself(), "s1", 10)]


def test_the_son_gets_what_his_father_cannot(
    old: identity.Resident, son: identity.Resident
) -> None:
    lets(old, son, Scope.REMINDERS)
    a_message(old)
    assert sent_to() == [openid_of(son)]


def test_not_who_was_let_do_other_things(old: identity.Resident, son: identity.Resident) -> None:
    lets(old, son, Scope.BOOK)
    message = a_message(old)
    assert sent_to() == []
    assert message.reason is messaging.Reason.NO_ACCOUNT


def test_not_who_was_ended_before_it_is_sent(
    http: Http, old: identity.Resident, son: identity.Resident
) -> None:
    mandate = lets(old, son)
    a_message(old)
    nurse, _ = a_desk()
    path = f"/staff/desk/proxies/{mandate.id}/revocation"
    assert http("POST", path, nurse, json={"person": document(old)}).status_code == 200
    assert sent_to() == []


def test_not_after_the_last_day(
    old: identity.Resident, son: identity.Resident, clock: FixedClock
) -> None:
    lets(old, son)
    a_message(old)
    clock.at += timedelta(days=200)
    assert sent_to() == []


def test_one_of_two_gets_it_once(old: identity.Resident, son: identity.Resident) -> None:
    lets(old, son)
    lets(old, a_resident("韩小红", date(1982, 1, 1)))
    a_message(old)
    assert len(sent_to()) == 1


def test_who_has_a_phone_gets_it_alone(her: identity.Resident, son: identity.Resident) -> None:
    lets(her, son)
    a_message(her)
    assert sent_to() == [openid_of(her)]


def a_message_on_sleep(person: identity.Resident) -> messaging.Message:
    """About something of a category that the region keeps from family members."""
    message = a_message(person)
    traits = sensitive.Traits(specialty="睡眠医学科")
    sensitive.mark(by_itself(), person.id, [message.subject_id], traits)
    return message


def says(person: identity.Resident, *, is_hidden: bool) -> None:
    sensitive.choose(by_itself(), person.id, "mental", is_hidden)


def test_what_the_region_keeps_from_family_is_sent_to_nobody(
    old: identity.Resident, son: identity.Resident
) -> None:
    lets(old, son, Scope.REMINDERS)
    message = a_message_on_sleep(old)
    assert sent_to() == []
    assert message.reason is messaging.Reason.NO_ACCOUNT


def test_what_the_father_shows_is_sent_to_the_son(
    old: identity.Resident, son: identity.Resident
) -> None:
    lets(old, son, Scope.REMINDERS)
    says(old, is_hidden=False)
    a_message_on_sleep(old)
    assert sent_to() == [openid_of(son)]


def test_a_guardian_is_told_what_the_child_did_not_hide(app: Flask) -> None:
    child = a_resident("韩小宝", date(2015, 3, 4), account=False)
    mother = a_resident("李敏", date(1988, 6, 1))
    a_guardian_of(child, mother)
    a_message_on_sleep(child)
    assert sent_to() == [openid_of(mother)]


def test_a_guardian_is_not_told_what_the_child_hid(app: Flask) -> None:
    child = a_resident("韩小宝", date(2015, 3, 4), account=False)
    a_guardian_of(child)
    says(child, is_hidden=True)
    a_message_on_sleep(child)
    assert sent_to() == []


def test_the_person_is_told_what_is_kept_from_family(
    her: identity.Resident, son: identity.Resident
) -> None:
    lets(her, son)
    a_message_on_sleep(her)
    assert sent_to() == [openid_of(her)]
