"""What operators are told of one message, and may do to it."""

from datetime import timedelta

import pytest
from flask import Flask
from message_builders import a_message
from people import a_resident, by, by_itself
from sqlalchemy import text

from backend import messaging
from backend.kernel.clock import FixedClock
from backend.kernel.database import db
from backend.kernel.entry import now
from backend.kernel.errors import Conflict, Forbidden
from backend.messaging import Message, MessageKind, Outcome, Reason, Result, State
from backend.messaging.reasons import words_of


def told(message: Message) -> str:
    return messaging.why(now(), message.id).verdict


def settled(outcome: Outcome) -> None:
    claimed = messaging.claim(now(), "s-1", 10)
    messaging.settle(now().at, [Result(one.id, one.token, outcome) for one in claimed])
    db.session.expire_all()


REFUSED = Outcome(State.FAILED, Reason.BAD_PAGE, counted=True, errcode=41030, rid="r-1")


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_words_and_something_to_do(reason: Reason) -> None:
    found = words_of(reason)
    assert found.words != str(reason)
    assert found.todo


def test_what_waits_says_for_what(app: Flask, clock: FixedClock) -> None:
    assert "下一轮" in told(a_message())
    later = now().at + timedelta(hours=2)
    assert "还没到时间" in told(a_message(due=later))
    waits = a_message(kind=MessageKind.RUN_OUT)
    clock.at = clock.at.replace(hour=23)
    assert "安静时段" in told(waits)
    messaging.fence.raise_by_hand(by_itself())
    assert "发送闸" in told(waits)


def test_what_failed_says_why_what_to_do_and_how_it_went(app: Flask) -> None:
    message = a_message()
    settled(REFUSED)
    story = messaging.why(now(), message.id)
    assert "41030" in story.verdict
    assert "发布" in (story.todo or "")
    assert story.may_replay
    assert story.channels[0]["rid"] == "r-1"
    assert [line.words[:5] for line in story.steps] == ["微信：排队"]


def test_nobody_is_named(app: Flask) -> None:
    person = a_resident("慕容测试")
    message = a_message(person)
    settled(REFUSED)
    assert "慕容" not in repr(messaging.why(now(), message.id))
    assert str(person.id) not in repr(messaging.why(now(), message.id))


def test_what_failed_is_sent_once_more_and_leaves_a_trace(app: Flask) -> None:
    message = a_message()
    settled(REFUSED)
    again = messaging.replay(by_itself(), message.id, "op")
    assert (again.state, again.reason) == (State.QUEUED, None)
    settled(Outcome(State.SENT, counted=True, errcode=0))
    assert (message.state, message.attempts) == (State.SENT, 2)
    lines = [line.words for line in messaging.why(now(), message.id).steps]
    assert any("人工重发" in words for words in lines)
    recorded = text("SELECT payload FROM event WHERE name = 'messaging.MessageReplayed'")
    assert db.session.execute(recorded).scalar_one()["operator"] == "op"


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        (Outcome(State.SENT, counted=True, errcode=0), "只有失败"),
        (Outcome(State.UNKNOWN, Reason.NO_ANSWER, counted=True), "可能已经送达"),
        (Outcome(State.FAILED, Reason.NO_CREDIT, counted=True, errcode=43101), "没有用"),
    ],
)
def test_what_would_come_twice_or_cannot_help_is_not_sent_again(
    app: Flask, outcome: Outcome, words: str
) -> None:
    message = a_message()
    settled(outcome)
    with pytest.raises(Conflict, match=words.replace("没有用", "重发不会有用")):
        messaging.replay(by_itself(), message.id, "op")


def test_what_went_on_to_another_channel_is_not_sent_again(app: Flask) -> None:
    person = a_resident()
    message = a_message(person)
    settled(REFUSED)
    onward = a_message(person, occasion="next")
    onward.first_id = message.id
    db.session.flush()
    with pytest.raises(Conflict, match="另一个渠道"):
        messaging.replay(by_itself(), message.id, "op")


def test_what_waits_is_taken_back_once(app: Flask) -> None:
    message = a_message()
    assert messaging.cancel(by_itself(), message.id, "op").reason is Reason.CANCELLED
    settled(Outcome(State.SENT, counted=True, errcode=0))
    assert message.state is State.WITHDRAWN
    with pytest.raises(Conflict):
        messaging.cancel(by_itself(), message.id, "op")


def test_nobody_but_the_operator_does_that(app: Flask) -> None:
    person = a_resident()
    message = a_message(person)
    for act in (messaging.replay, messaging.cancel):
        with pytest.raises(Forbidden):
            act(by(person), message.id, "op")
