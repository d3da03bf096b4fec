"""A message and those that followed it on other channels: locked in one order, ended together."""

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import aliased

from backend.kernel.database import db
from backend.messaging.models import Message

_First = aliased(Message)


def lock(which: ColumnElement[bool]) -> None:
    """Lock messages by their age: a first one is older than what followed it.

    What was added to them meanwhile is seen by the next statement, never by one that had to wait.
    """
    these = select(Message.id).where(which).order_by(Message.id)
    db.session.execute(these.with_for_update(of=Message)).all()


def is_settled() -> ColumnElement[bool]:
    """Of a further channel: what the first one said was read, answered or taken back."""
    over = _First.obsolete | _First.read_at.is_not(None) | _First.answer.is_not(None)
    return exists().where(_First.id == Message.first_id, over)
