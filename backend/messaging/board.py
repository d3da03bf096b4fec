"""The queue as a whole: what waits, what went, what is in trouble; numbers, and nobody's name."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, union_all

from backend.kernel.calendar import begins_at
from backend.kernel.context import Context
from backend.kernel.database import db
from backend.kernel.paging import Page, Wanted, page
from backend.messaging import fence
from backend.messaging.lifting import Fence, look
from backend.messaging.models import Message, Reason, State
from backend.messaging.wording import Channel

REMEMBERED = timedelta(days=7)
WAITING = (State.QUEUED, State.SENDING)
TROUBLE = (State.FAILED, State.UNKNOWN)
READY_AT = func.coalesce(Message.wait_until, Message.due_at)


@dataclass(frozen=True, slots=True)
class OnChannel:
    """One channel: due and later are waiting, the rest was today's or of the last seven days.

    `held_back`: of the waiting ones those that were tried, by what the last try said.
    """

    channel: Channel
    held_back: Mapping[Reason, int]
    due: int
    later: int
    sending: int
    sent_today: int
    failed: int
    in_doubt: int
    oldest_due_at: datetime | None


@dataclass(frozen=True, slots=True)
class Queue:
    """What waits now, what was sent since midnight, what failed or is in doubt for seven days."""

    states: Mapping[State, int]
    reasons: Mapping[Reason, int]
    due: int
    oldest_due_at: datetime | None
    channels: Sequence[OnChannel]
    fence: Fence | None


def queue_numbers(ctx: Context) -> Queue:
    """The queue in numbers; every row counted is found by an index made for it."""
    waiting = db.session.execute(_waiting(ctx.at)).all()
    ended = db.session.execute(_ended(ctx)).all()
    channels = [_on(channel, waiting, ended) for channel in Channel]
    oldest = [one.oldest_due_at for one in channels if one.oldest_due_at is not None]
    return Queue(
        states=_summed((row.state, row.number) for row in [*waiting, *ended]),
        reasons=_by_reason(ended),
        due=sum(one.due + one.sending for one in channels),
        oldest_due_at=min(oldest, default=None),
        channels=channels,
        fence=look(ctx) if fence.stands() else None,
    )


def _waiting(at: datetime) -> Any:
    is_due = at >= READY_AT
    return (
        select(
            Message.channel,
            Message.state,
            Message.reason,
            func.count().label("number"),
            func.count().filter(is_due).label("due"),
            func.min(READY_AT).filter(is_due).label("oldest"),
        )
        .where(Message.state.in_(WAITING))
        .group_by(Message.channel, Message.state, Message.reason)
    )


def _ended(ctx: Context) -> Any:
    """What was sent since midnight; what fell due in seven days and failed or is in doubt."""
    facts = (Message.channel, Message.state, Message.reason, func.count().label("number"))
    group = (Message.channel, Message.state, Message.reason)
    sent = select(*facts).where(Message.sent_at >= begins_at(ctx.today)).group_by(*group)
    since = Message.due_at >= ctx.at - REMEMBERED
    trouble = select(*facts).where(Message.state.in_(TROUBLE), since).group_by(*group)
    return union_all(sent, trouble)


def _on(channel: Channel, waiting: Iterable[Any], ended: Iterable[Any]) -> OnChannel:
    here = [row for row in waiting if row.channel is channel]
    queued = [row for row in here if row.state is State.QUEUED]
    over = _summed((row.state, row.number) for row in ended if row.channel is channel)
    oldest = [row.oldest for row in here if row.oldest is not None]
    return OnChannel(
        channel=channel,
        held_back={row.reason: row.number for row in queued if row.reason is not None},
        due=sum(row.due for row in queued),
        later=sum(row.number - row.due for row in queued),
        sending=sum(row.number for row in here if row.state is State.SENDING),
        sent_today=over[State.SENT],
        failed=over[State.FAILED],
        in_doubt=over[State.UNKNOWN],
        oldest_due_at=min(oldest, default=None),
    )


def _summed(found: Iterable[tuple[State, int]]) -> dict[State, int]:
    states: dict[State, int] = dict.fromkeys(State, 0)
    for state, number in found:
        states[state] += number
    return states


def _by_reason(ended: Iterable[Any]) -> dict[Reason, int]:
    reasons: dict[Reason, int] = {}
    for row in ended:
        if row.reason is not None and row.state in TROUBLE:
            reasons[row.reason] = reasons.get(row.reason, 0) + row.number
    return reasons


def troubles(wanted: Wanted, reason: Reason | None = None) -> Page[Message]:
    """What failed or is in doubt, the newest first; of one reason where named."""
    found = select(Message).where(Message.state.in_(TROUBLE))
    if reason is not None:
        found = found.where(Message.reason == reason)
    return page(found, [Message.due_at, Message.id], wanted, newest_first=True)
