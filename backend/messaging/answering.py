"""An answer to a message: kept with the first of its ladder, which ends there."""

from typing import Any
from uuid import UUID

from sqlalchemy import or_, select, update

from backend.kernel.context import Context, Role
from backend.kernel.database import db, held
from backend.kernel.events import record
from backend.kernel.policy import by_clock
from backend.messaging import history, policy, wishes, wording
from backend.messaging.answer_errors import AnswerTooLate, MustBeTold, NotAsked
from backend.messaging.answer_events import MessageAnswered
from backend.messaging.models import Answer, Message, Reason, State, Step
from backend.messaging.wording import MUTABLE


def hold(ctx: Context, message_id: UUID) -> Message:
    """A message of whoever acts, or of the person acted for, locked; raises `NotFound`.

    Of a message that went on to other channels it is the first one, which has the answer.
    """
    seen = select(Message.id, Message.first_id).where(
        policy.visible_to(ctx), Message.id == message_id, Message.due_at <= ctx.at
    )
    row = db.session.execute(seen).one_or_none()
    return held(select(Message).where(Message.id == (row and (row.first_id or row.id))))


def stands(_ctx: Context, event: MessageAnswered) -> bool:
    """Whether this is the last that was said of it; locks the message, so that it stays so.

    Who wants no more of such messages takes nothing back of what was said before.
    """
    said = select(Message.answer, Message.answered_at).where(Message.id == event.message_id)
    last = db.session.execute(said.with_for_update()).one_or_none()
    is_last = last is not None and tuple(last) == (event.answer, event.at)
    return is_last or (last is not None and last.answer is Answer.STOP)


def told_by_phone(ctx: Context, first: Message, said: Answer | None) -> None:
    """Somebody of the centre reached the person, who perhaps answered; nothing more is sent."""
    if said is not None:
        take(ctx, first, said)
        return
    first.read_at = first.read_at or ctx.at
    end_ladder(first)


def take(ctx: Context, first: Message, said: Answer) -> None:
    """Keep an answer to the first message of a ladder, and end that; the same again is no change.

    Raises `NotAsked`, `AnswerTooLate`, `MustBeTold`.
    """
    _require_asked(ctx, first, said)
    if first.answer is said:
        return
    if said is Answer.STOP:
        _mute(ctx, first)
    first.read_at = first.read_at or ctx.at
    first.answer, first.answered_at = said, ctx.at
    end_ladder(first)
    history.note([first.id], Step.ANSWERED, by=None if by_clock(ctx) else ctx.actor.id)
    if first.to_resident_id is not None:
        record(ctx, _answered(ctx, first, first.to_resident_id, said))


def _require_asked(ctx: Context, first: Message, said: Answer) -> None:
    one = wording.catalogue().kind[first.kind]
    if said is Answer.STOP:
        if one.group not in MUTABLE:
            raise MustBeTold
        return
    if not one.answers:
        raise NotAsked
    if first.obsolete or (first.expires_at is not None and first.expires_at <= ctx.at):
        raise AnswerTooLate


def _mute(ctx: Context, first: Message) -> None:
    """No more of this group for this person."""
    if first.to_resident_id is not None:
        group = wording.catalogue().kind[first.kind].group
        wishes.mute(ctx, first.to_resident_id, group)


def end_ladder(first: Message) -> None:
    """What still waits on other channels is taken back; what was sent goes no further."""
    chain = or_(Message.id == first.id, Message.first_id == first.id)
    waits = Message.state == State.QUEUED
    stopped: Any = {"state": State.WITHDRAWN, "reason": Reason.ANSWERED, "obsolete": True}
    gone = update(Message).where(chain, waits, Message.id != first.id).values(**stopped)
    ids = db.session.execute(
        gone.returning(Message.id).execution_options(synchronize_session="fetch")
    )
    history.note(list(ids.scalars()), Step.WITHDRAWN, Reason.ANSWERED)
    first.climbs = False
    rest = update(Message).where(chain, Message.climbs).values(climbs=False)
    db.session.execute(rest.execution_options(synchronize_session="fetch"))


def _answered(ctx: Context, first: Message, resident_id: UUID, said: Answer) -> MessageAnswered:
    proxy = ctx.proxy
    return MessageAnswered(
        resident_id,
        first.id,
        first.kind,
        first.subject_id,
        said,
        ctx.at,
        account_id=ctx.actor.id if ctx.actor.role is Role.RESIDENT else None,
        kinship=ctx.by_kinship,
        scopes=tuple(sorted(proxy.scopes)) if proxy else (),
        proxy_id=proxy.id if proxy else None,
        is_guardian=proxy is not None and proxy.is_guardian,
    )
