"""What happened to a message beside what its row tells: lines that are only ever added."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from backend.kernel.database import db
from backend.kernel.ids import new_id
from backend.messaging.models import MessageStep, Reason, Step


def note(
    message_ids: Iterable[UUID], step: Step, reason: Reason | None = None, by: UUID | None = None
) -> None:
    """Add one line to the history of each message; `by` is who did it, nobody for the clock."""
    line = {"step": step, "reason": reason, "by_id": by}
    lines = [{"id": new_id(), "message_id": one, **line} for one in message_ids]
    if lines:
        db.session.execute(insert(MessageStep), lines)


def of(message_id: UUID) -> Sequence[MessageStep]:
    """The lines of one message, oldest first."""
    found = select(MessageStep).where(MessageStep.message_id == message_id)
    return db.session.execute(found.order_by(MessageStep.at, MessageStep.id)).scalars().all()
