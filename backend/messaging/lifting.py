"""What the send fence holds back, and how an operator lets it go."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select, update

from backend.kernel import ticks
from backend.kernel.context import Context
from backend.kernel.database import db
from backend.kernel.events import Delivery, DeliveryState, EventRow, record
from backend.messaging import history
from backend.messaging.errors import FenceIsDown, NotCaughtUp
from backend.messaging.events import SendFenceLifted
from backend.messaging.fence import HERE, Because, send_fence
from backend.messaging.models import Message, Reason, State, Step
from backend.messaging.rules import MessagingPolicy, after_quiet
from backend.messaging.wording import Channel, MessageKind

CATCH_UP = timedelta(minutes=1)
ITS_JOB = "messaging.note_catch_up"
BATCH = 5000


@dataclass(frozen=True, slots=True)
class Held:
    """How many messages of a kind the fence holds back, and since when the oldest is due."""

    kind: MessageKind
    channel: Channel
    number: int
    oldest_due_at: datetime


@dataclass(frozen=True, slots=True)
class Cut:
    """What was due `until` then may have been sent; so may what was queued anew from `since` on.

    Of the latter some may wait for the end of the quiet hours, `quiet`.
    """

    since: datetime
    until: datetime
    quiet: datetime


@dataclass(frozen=True, slots=True)
class Fence:
    """Whether it is up, why, since when; `cut_at` is until when what was due may have been sent."""

    because: Because | None
    raised_at: datetime | None
    cut_at: datetime | None
    caught_up_at: datetime | None
    held: Sequence[Held]


def look(ctx: Context) -> Fence:
    """How it stands, and what it holds back; for operators."""
    row = db.session.execute(select(send_fence)).one()
    until = row.caught_up_at or row.cut_at
    held = db.session.execute(_held(_cut(ctx, row.cut_at, until))).all() if until else []
    found = [Held(*one) for one in held]
    return Fence(row.because, row.raised_at, row.cut_at, row.caught_up_at, found)


def _held(cut: Cut) -> Any:
    of = (Message.kind, Message.channel)
    counted = select(*of, func.count(), func.min(Message.due_at)).where(_in_doubt(cut))
    return counted.group_by(*of).order_by(*of)


def _cut(ctx: Context, since: datetime, until: datetime) -> Cut:
    policy = ctx.region.section("messaging", MessagingPolicy)
    return Cut(since, until, after_quiet(until, policy))


def _in_doubt(cut: Cut) -> ColumnElement[bool]:
    """What may have been sent in the lost time; a sender that lives settles what it holds.

    A call to be made by the centre is none of it: people see whom they called.
    """
    orphaned = and_(Message.state == State.SENDING, Message.lease_until < func.now())
    is_open = or_(Message.state == State.QUEUED, orphaned)
    ready = func.coalesce(Message.wait_until, Message.due_at) <= cut.until
    anew = and_(Message.created_at.between(cut.since, cut.until), Message.due_at <= cut.quiet)
    return and_(is_open, or_(ready, anew), Message.channel != Channel.CALL)


def note_catch_up(ctx: Context) -> bool:
    """Note when what happens by itself has been done anew for the lost time; whether just now.

    Reminders that the sweeps and reactions queued again until then may have been sent before.
    Another process may still be at a sweep while the one that asks has come to its end.
    """
    behind = exists().where(
        Delivery.state == DeliveryState.PENDING,
        EventRow.id == Delivery.event_id,
        EventRow.recorded_at < send_fence.c.raised_at,
    )
    caught_up = (
        update(send_fence)
        .where(send_fence.c.caught_up_at.is_(None), send_fence.c.raised_at < func.now() - CATCH_UP)
        .where(~behind, ~ticks.some_at_work(send_fence.c.raised_at, ITS_JOB))
        .values(caught_up_at=ctx.at)
        .returning(send_fence.c.one)
    )
    return db.session.execute(caught_up).first() is not None


def cut(ctx: Context, *, now: bool = False) -> Cut:
    """What may have been sent; raises `FenceIsDown`, `NotCaughtUp`.

    With `now` the jobs are not waited for, and everything due until this moment is in doubt.
    """
    row = db.session.execute(select(send_fence)).one()
    if row.raised_at is None:
        raise FenceIsDown
    if row.caught_up_at is None and not now:
        raise NotCaughtUp
    return _cut(ctx, row.cut_at, ctx.at if now else row.caught_up_at)


def set_aside(cut: Cut, but: Collection[MessageKind] = ()) -> int:
    """Declare some of what may have been sent in doubt, except these kinds; returns how many.

    It goes on to no further channel: that one may have been used in the lost time as well.
    """
    these = (_in_doubt(cut), Message.kind.not_in(but))
    # One that somebody is just changing is waited for: passed over, it would be sent again.
    some = select(Message.id).where(*these).order_by(Message.id).limit(BATCH)
    doubtful = {"state": State.UNKNOWN, "reason": Reason.RESTORED, "climbs": False}
    free = dict.fromkeys(["lease_token", "lease_until"])
    gone = update(Message).where(Message.id.in_(some.with_for_update()))
    wanted = gone.values(**doubtful, **free).returning(Message.id)
    ids = db.session.execute(wanted.execution_options(synchronize_session=False)).scalars().all()
    history.note(ids, Step.SETTLED, Reason.RESTORED)
    return len(ids)


def lift(ctx: Context, operator: str, in_doubt: int, sent_again: Collection[MessageKind]) -> None:
    """Let go what is left; raises `FenceIsDown`."""
    down = dict.fromkeys(["because", "raised_at", "cut_at", "caught_up_at"])
    is_up = send_fence.c.raised_at.is_not(None)
    lifted = update(send_fence).where(is_up).values(**down, identity=HERE)
    if db.session.execute(lifted.returning(send_fence.c.one)).first() is None:
        raise FenceIsDown
    record(ctx, SendFenceLifted(operator, in_doubt, tuple(map(str, sorted(sent_again)))))
