"""What the popup is asked for, with what people did and said."""

from datetime import timedelta

import pytest
from family_builders import a_relative
from flask import Flask
from message_builders import a_message
from people import a_resident, by, by_itself

from backend import identity, messaging
from backend.kernel.clock import FixedClock
from backend.kernel.context import Scope
from backend.kernel.ids import new_id
from backend.messaging import MessageKind, Moment

BOOKING, FOLLOW_UP, SERVICE = "JIAYI-BOOKING", "JIAYI-FOLLOW-UP", "JIAYI-SERVICE"


def asked(person: identity.Resident, moment: Moment | None = None) -> list[str]:
    found = messaging.subscriptions(by(person), moment)
    assert all((one.reason is not None) == one.ask for one in found)
    return [one.template.id for one in found if one.ask]


def say(person: identity.Resident, template: str, answer: str) -> None:
    messaging.report_popup(by(person), new_id(), {template: answer})


@pytest.mark.parametrize(
    ("moment", "first"),
    [(Moment.BOOKED, BOOKING), (Moment.FOLLOWED_UP, FOLLOW_UP), (Moment.PRESCRIBED, SERVICE)],
)
def test_after_what_was_done_its_own_template_is_asked_first(
    app: Flask, moment: Moment, first: str
) -> None:
    assert asked(a_resident(), moment)[0] == first


def test_what_is_on_its_way_is_asked_for_first_that_of_a_parent_too(app: Flask) -> None:
    mother = a_resident(account=False)
    daughter = a_relative(mother, Scope.REMINDERS, until=by_itself().at + timedelta(days=90))
    a_message(mother, MessageKind.PRESCRIPTION_READY, due=by_itself().at + timedelta(days=3))
    assert asked(daughter)[0] == SERVICE


def test_who_declined_is_left_in_peace_for_a_week(app: Flask, clock: FixedClock) -> None:
    person = a_resident()
    say(person, BOOKING, "reject")
    assert BOOKING not in asked(person, Moment.BOOKED)
    clock.at += timedelta(days=7, minutes=1)
    assert asked(person, Moment.BOOKED)[0] == BOOKING


def test_who_was_barred_is_never_asked_again_until_an_accept(app: Flask, clock: FixedClock) -> None:
    person = a_resident()
    say(person, BOOKING, "ban")
    clock.at += timedelta(days=90)
    assert BOOKING not in asked(person, Moment.BOOKED)
    say(person, BOOKING, "accept")
    assert BOOKING in asked(person, Moment.BOOKED)


def test_who_has_enough_is_not_asked(app: Flask) -> None:
    person = a_resident()
    for _ in range(3):
        say(person, BOOKING, "accept")
    assert BOOKING not in asked(person, Moment.BOOKED)
