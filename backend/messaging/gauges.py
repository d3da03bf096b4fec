"""What is measured of the queue at each look: read from the database, so that it is everybody's."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import func, select

from backend.kernel.context import Context
from backend.kernel.database import db
from backend.messaging.board import READY_AT, TROUBLE, OnChannel, queue_numbers
from backend.messaging.models import Message, State
from backend.messaging.wording import Channel

Labelled = Mapping[tuple[str, ...], float]

HOUR, LATELY = timedelta(hours=1), timedelta(minutes=10)
WITHIN_S = (1, 5, 30, 300)


def waiting(channels: list[OnChannel]) -> Labelled:
    """How many wait, by channel: due, later, being sent."""
    return {
        (str(one.channel), name): float(number)
        for one in channels
        for name, number in (("due", one.due), ("later", one.later), ("sending", one.sending))
    }


def held_back(channels: list[OnChannel]) -> Labelled:
    """How many wait that were tried, by channel and what the last try said."""
    return {
        (str(one.channel), str(reason)): float(number)
        for one in channels
        for reason, number in one.held_back.items()
    }


def oldest(at: datetime, channels: list[OnChannel]) -> Labelled:
    """Seconds since the one waiting longest fell due, by channel."""
    return {
        (str(one.channel),): (at - one.oldest_due_at).total_seconds() if one.oldest_due_at else 0.0
        for one in channels
    }


def channels(ctx: Context) -> list[OnChannel]:
    """The numbers that the three above are made of, asked once."""
    return list(queue_numbers(ctx).channels)


def settled(at: datetime) -> Labelled:
    """What was sent in the last hour, and what fell due in it and failed or is in doubt."""
    of = (Message.channel, Message.state, Message.reason)
    sent = select(*of, func.count()).where(Message.sent_at > at - HOUR)
    recent = Message.due_at > at - HOUR
    trouble = select(*of, func.count()).where(Message.state.in_(TROUBLE), recent)
    rows = [row for asked in (sent, trouble) for row in db.session.execute(asked.group_by(*of))]
    return {
        (str(channel), str(state), str(reason or "")): float(number)
        for channel, state, reason, number in rows
    }


def handed_over(at: datetime) -> Labelled:
    """Of the last ten minutes' messages how many went within so many seconds of their time."""
    late = func.extract("epoch", Message.sent_at - READY_AT)
    counts = [func.count().filter(late <= seconds) for seconds in WITHIN_S]
    lately = (Message.sent_at > at - LATELY) & (Message.state == State.SENT)
    row = db.session.execute(select(*counts, func.count()).where(lately)).one()
    names = [*map(str, WITHIN_S), "any"]
    return {(name,): float(number) for name, number in zip(names, row, strict=True)}


def oldest_due_s(ctx: Context) -> float:
    """How long the message waiting longest at this business instant has been due, in seconds.

    Calls wait for people, for hours, and say nothing of the senders.
    """
    sent = [one for one in channels(ctx) if one.channel is not Channel.CALL]
    return max(oldest(ctx.at, sent).values(), default=0.0)
