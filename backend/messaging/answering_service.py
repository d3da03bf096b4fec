"""What somebody says to a message: I know, I cannot come, no more of these."""

from uuid import UUID

from sqlalchemy import select

from backend.kernel.context import Context
from backend.kernel.database import db, held
from backend.kernel.policy import admitted, by_clock, permitted
from backend.messaging import answering, history, policy, wording
from backend.messaging.answer_errors import AnswerTooLate
from backend.messaging.models import Answer, Message, State, Step
from backend.messaging.wording import MUTABLE, Channel


@permitted(policy.whom_it_is_for)
def answer(ctx: Context, message: Message, said: Answer) -> Message:
    """Answer the first message of a ladder, which ends there; the same again changes nothing.

    A later answer takes an earlier one's place until what it is about begins. Raises `NotAsked`,
    `AnswerTooLate`, and `MustBeTold` where it is no such message that can be stopped.
    """
    answering.take(ctx, message, said)
    return message


@permitted(policy.whom_it_is_for)
def mark_read(ctx: Context, message: Message) -> Message:
    """Note that somebody opened it: no further channel is needed. Again is no change.

    Who opened one of a digest's members has seen the digest.
    """
    if message.read_at is None:
        message.read_at = ctx.at
        history.note([message.id], Step.READ, by=ctx.actor.id)
        answering.end_ladder(message)
        if message.digest is not None:
            mark_read(ctx, held(select(Message).where(Message.id == message.digest_id)))
    return message


@admitted(by_clock)
def answer_by_phone(
    ctx: Context, resident_id: UUID, said: Answer, at_sms: UUID | None = None
) -> bool:
    """Take an SMS of somebody for an answer to one of ours, the newest unless it is known which.

    Returns whether there was one to answer; a refusal is none to somebody who wrote an SMS.
    """
    texted = (Message.to_resident_id == resident_id) & (Message.channel == Channel.SMS)
    if at_sms is not None:
        texted &= Message.id == at_sms
    newest = select(Message.first_id).where(texted, Message.state == State.SENT)
    newest = newest.where(Message.kind.in_(_answerable(said)))
    latest = newest.order_by(Message.sent_at.desc(), Message.id.desc()).limit(1)
    first_id = db.session.execute(latest).scalar_one_or_none()
    if first_id is None:
        return False
    try:
        answering.take(ctx, held(select(Message).where(Message.id == first_id)), said)
    except AnswerTooLate:
        return False
    return True


def _answerable(said: Answer) -> list[wording.MessageKind]:
    if said is not Answer.STOP:
        return sorted(wording.answerable())
    kinds = wording.catalogue().kind.items()
    return [wording.MessageKind(name) for name, one in kinds if one.group in MUTABLE]
