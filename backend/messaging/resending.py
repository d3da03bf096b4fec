"""What is in doubt and may be sent once more: where a second one takes nothing from anybody."""

from datetime import timedelta

from sqlalchemy import exists, func, update
from sqlalchemy.orm import aliased

from backend.kernel.context import Context
from backend.kernel.database import db
from backend.messaging import history
from backend.messaging.models import Message, Reason, State, Step
from backend.messaging.wording import Channel, Consent, InDoubt, MessageKind, catalogue

# So long WeChat may still tell by an event what became of it.
WAIT = timedelta(minutes=10)
MOST = 2
_Next = aliased(Message)


def resendable() -> list[MessageKind]:
    """The kinds that say so, of templates agreed to for long [长期订阅] alone."""
    known = catalogue()
    return [
        kind
        for kind in MessageKind
        if known.kind[kind].in_doubt is InDoubt.RESEND
        and known.template_of(kind).kind is Consent.LONG_TERM
    ]


def resend_doubtful(ctx: Context) -> int:
    """Queue again, once, what has been in doubt for ten minutes; returns how many.

    By WeChat alone: a text that may have arrived is not sent again. Not what a lifted fence set
    aside, nor what has gone on to the next channel meanwhile.
    """
    doubtful = (Message.state == State.UNKNOWN) & Message.kind.in_(resendable())
    by_wechat = Message.channel.in_([Channel.WECHAT, Channel.FAMILY])
    untold = Message.reason.is_distinct_from(Reason.RESTORED)
    went_on = exists().where(_Next.first_id == func.coalesce(Message.first_id, Message.id))
    went_on = went_on.where(_Next.created_at > Message.created_at)
    still = Message.expires_at.is_(None) | (Message.expires_at > ctx.at)
    again = (
        update(Message)
        .where(
            doubtful, untold, ~went_on, by_wechat, still, ~Message.obsolete, Message.attempts < MOST
        )
        .where(Message.next_at <= func.now() - WAIT)
        .values(state=State.QUEUED, reason=None, next_at=func.now())
        .returning(Message.id)
        .execution_options(synchronize_session=False)
    )
    found = list(db.session.execute(again).scalars())
    history.note(found, Step.REPLAYED, Reason.NO_ANSWER)
    return len(found)
