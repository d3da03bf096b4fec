"""Messages of the tests."""

from typing import Any
from uuid import UUID

from people import a_resident, by_itself

from backend import identity, messaging
from backend.kernel.database import db
from backend.kernel.ids import new_id
from backend.messaging import Message, MessageKind, To


def a_message(
    to: identity.Resident | identity.Staff | None = None,
    kind: MessageKind = MessageKind.DEMO_NOTICE,
    **facts: Any,
) -> Message:
    """A queued message to this person, to a new resident unless said."""
    person = to or a_resident()
    subject: UUID = facts.pop("subject_id", new_id())
    values = {"number": "1"} if kind is MessageKind.DEMO_NOTICE else {}
    queue = {"occasion": "once", "values": values, **facts}
    is_staff = isinstance(person, identity.Staff)
    recipient = To.staff(person.id) if is_staff else To.resident(person.id)
    messaging.queue(by_itself(), kind, recipient, subject, **queue)
    (message,) = messages_about(subject)
    return message


def messages_about(subject_id: UUID) -> list[Message]:
    """Every message about a subject, oldest first."""
    found = db.select(Message).filter_by(subject_id=subject_id).order_by(Message.id)
    return list(db.session.execute(found).scalars())
