"""Messages that go on to other channels, and the calls that come of it."""

from datetime import timedelta
from typing import Any

from message_builders import a_message
from people import by_itself

from backend import identity, messaging
from backend.kernel.database import db
from backend.messaging import CallItem, Channel, Message, MessageKind, Reason, State


def a_failed(
    to: identity.Resident | identity.Staff,
    kind: MessageKind = MessageKind.FOLLOW_UP_DUE,
    **facts: Any,
) -> Message:
    """A message that WeChat did not deliver, because nobody is bound."""
    return failed(a_message(to, kind, **facts), Reason.NO_ACCOUNT)


def failed(message: Message, reason: Reason) -> Message:
    """It did not arrive, for good."""
    message.state, message.reason, message.sent_at = State.FAILED, reason, None
    db.session.flush()
    return message


def sent(message: Message, hours_ago: float = 0) -> Message:
    """It went out so long ago, and nobody has read it."""
    message.state, message.reason = State.SENT, None
    message.sent_at = by_itself().at - timedelta(hours=hours_ago)
    db.session.flush()
    return message


def chain(message: Message) -> list[Message]:
    """The messages that followed one, in that order."""
    found = db.select(Message).filter_by(first_id=message.id).order_by(Message.id)
    return list(db.session.execute(found.execution_options(populate_existing=True)).scalars())


def channels(message: Message) -> list[Channel]:
    """The channels that followed."""
    return [one.channel for one in chain(message)]


def a_call(to: identity.Resident) -> CallItem:
    """A call that the house of a signed resident has to make, for the text did not arrive."""
    message = a_failed(to)
    messaging.climb(by_itself())
    for text in chain(message):
        failed(text, Reason.NOT_DELIVERED)
    messaging.climb(by_itself())
    called = db.select(CallItem).join(CallItem.message).where(Message.first_id == message.id)
    return db.session.execute(called).scalar_one()
