"""What comes too late is not sent, or sent in other words; either leaves a trace."""

from datetime import timedelta

import pytest
from flask import Flask
from message_builders import a_message
from people import a_resident, by_itself

from backend import messaging
from backend.kernel.clock import FixedClock
from backend.kernel.database import db
from backend.messaging import MessageKind, Reason, State, Step, history
from backend.messaging.wording import Late, catalogue

REMIND = MessageKind.VISIT_NEAR


def test_after_its_end_it_is_not_sent(app: Flask, clock: FixedClock) -> None:
    message = a_message(expires=by_itself().at + timedelta(hours=1))
    clock.at += timedelta(hours=1, seconds=1)
    assert messaging.claim(by_itself(), "s1", 10) == []
    db.session.expire_all()
    assert (message.state, message.reason) == (State.WITHDRAWN, Reason.EXPIRED)
    assert [(line.step, line.reason) for line in history.of(message.id)] == [
        (Step.DROPPED, Reason.EXPIRED)
    ]


def test_until_its_end_it_is_sent(app: Flask, clock: FixedClock) -> None:
    message = a_message(expires=by_itself().at + timedelta(hours=1))
    clock.at += timedelta(hours=1)
    assert [one.id for one in messaging.claim(by_itself(), "s1", 10)] == [message.id]


def test_what_is_of_use_for_a_moment_alone_is_dropped(app: Flask, clock: FixedClock) -> None:
    kind = MessageKind.QUEUE_NEAR
    assert catalogue().kind[kind].late is Late.DROP
    place = {"place": "示例中心"}
    far = by_itself().at + timedelta(days=9)
    message = a_message(kind=kind, values=place, expires=far)
    clock.at += timedelta(hours=2)
    assert messaging.claim(by_itself(), "s1", 10) == []
    db.session.expire_all()
    assert (message.state, message.reason) == (State.WITHDRAWN, Reason.EXPIRED)


@pytest.mark.parametrize(("hours", "is_late"), [(1, False), (13, True)])
def test_a_late_reminder_says_so(app: Flask, hours: int, is_late: bool) -> None:
    wording = catalogue().kind[REMIND]
    due = by_itself().at - timedelta(hours=hours)
    message = a_message(a_resident(), REMIND, values={"place": "示例中心"}, due=due)
    (claimed,) = messaging.claim(by_itself(), "s1", 10)
    db.session.expire_all()
    assert (str(wording.late_text) in claimed.content) == is_late
    assert (message.content["thing1"] == wording.late_text) == is_late
    assert message.content["thing3"] == "示例中心"
    assert [line.step for line in history.of(message.id)] == [Step.REWRITTEN] * is_late
