"""Calling people whom nothing else reached, and saying honestly what came of it."""

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from backend import identity
from backend.kernel.clock import real_time
from backend.kernel.context import Context
from backend.kernel.database import db, held
from backend.kernel.events import record
from backend.kernel.ids import new_id
from backend.kernel.policy import permitted
from backend.messaging import answering, call_policy, call_queries, history
from backend.messaging.answer_errors import CallNotTaken, CallTaken
from backend.messaging.answer_events import FoundDeadByPhone
from backend.messaging.call_models import CallItem, CallResult
from backend.messaging.call_queries import Call
from backend.messaging.ladder_rules import ladder_of
from backend.messaging.models import Answer, Message, Reason, State, Step
from backend.messaging.rules import MessagingPolicy, after_quiet
from backend.messaging.sms_desk import phone_index
from backend.messaging.sms_models import PhoneStanding

IN_VAIN = {
    CallResult.WRONG_NUMBER: Reason.WRONG_NUMBER,
    CallResult.REFUSED: Reason.REFUSED,
    CallResult.MOVED: Reason.MOVED_AWAY,
}


@permitted(call_policy.who_calls)
def take_call(ctx: Context, item: CallItem) -> Call:
    """Have a call alone for the region's minutes of real time; raises `CallTaken`."""
    now = real_time()
    if item.taken_until is not None and item.taken_until > now and item.taken_by != ctx.actor.id:
        raise CallTaken
    item.taken_by = ctx.actor.id
    item.taken_until = now + timedelta(minutes=ladder_of(ctx.region).call_taken_minutes)
    return call_queries.line(item)


@permitted(call_policy.who_calls)
def record_call(
    ctx: Context, item: CallItem, result: CallResult, said: Answer | None = None
) -> CallItem:
    """Write down what came of a call that was taken; `said` is what the person answered.

    It counts against nobody. Nobody answered: it is listed again after some hours, at most the
    region's times, and then goes on to the next channel. Raises `CallNotTaken`, and what
    `answering.take` raises.
    """
    if item.taken_by != ctx.actor.id:
        raise CallNotTaken
    item.tries += 1
    item.taken_by = item.taken_until = None
    match result:
        case CallResult.REACHED:
            _reached(ctx, item, said)
        case CallResult.NO_ANSWER:
            _nobody(ctx, item)
        case CallResult.DIED:
            _died(ctx, item)
        case _:
            if result is CallResult.WRONG_NUMBER:
                _note_wrong(ctx, item)
            _end(ctx, item, result, State.FAILED, IN_VAIN[result])
    return item


def _reached(ctx: Context, item: CallItem, said: Answer | None) -> None:
    """The person knows: the ladder ends."""
    item.message.sent_at = ctx.at
    _end(ctx, item, CallResult.REACHED, State.SENT, None)
    first = held(select(Message).where(Message.id == (item.message.first_id or item.message_id)))
    answering.told_by_phone(ctx, first, said)


def _nobody(ctx: Context, item: CallItem) -> None:
    policy = ladder_of(ctx.region)
    if item.tries >= policy.call_tries:
        _end(ctx, item, CallResult.NO_ANSWER, State.FAILED, Reason.NO_REPLY)
        return
    again = ctx.at + timedelta(hours=policy.call_again_hours)
    quiet = ctx.region.section("messaging", MessagingPolicy)
    item.message.wait_until = after_quiet(again, quiet)
    history.note([item.message_id], Step.TRIED, Reason.NO_REPLY, by=ctx.actor.id)


def _note_wrong(ctx: Context, item: CallItem) -> None:
    """No text goes to this number either, until WeChat vouches for it anew."""
    numbers = identity.phones_of([one for one in [item.resident_id] if one], [])
    for number in numbers.values():
        row = insert(PhoneStanding).values(
            id=new_id(), phone_index=phone_index(number), dead_at=ctx.at
        )
        dead = {"dead_at": ctx.at}
        db.session.execute(row.on_conflict_do_update(index_elements=["phone_index"], set_=dead))


def _died(ctx: Context, item: CallItem) -> None:
    """A second hand confirms it; until then nothing more is told."""
    _end(ctx, item, CallResult.DIED, State.WITHDRAWN, Reason.UNWELCOME)
    item.message.obsolete = True
    resident_id = item.resident_id
    if resident_id is not None:
        house = item.institution_id
        record(ctx, FoundDeadByPhone(resident_id, item.id, ctx.actor.id, house, ctx.today))


def _end(
    ctx: Context, item: CallItem, result: CallResult, state: State, reason: Reason | None
) -> None:
    item.outcome, item.ended_at, item.ended_by = result, ctx.at, ctx.actor.id
    item.message.state, item.message.reason = state, reason
    history.note([item.message_id], Step.SETTLED, reason, by=ctx.actor.id)
