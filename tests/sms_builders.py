"""Texts of the tests: messages whose turn by SMS has come, and phones."""

from typing import Any

from message_builders import a_message
from people import a_resident

from backend import identity
from backend.kernel.database import db
from backend.messaging import Channel, Message, MessageKind

PHONE = "13900001111"


def somebody(phone: str | None = PHONE, name: str = "韩大爷") -> identity.Resident:
    """A resident with this phone on file."""
    person = a_resident(name)
    person.phone = phone
    db.session.flush()
    return person


def a_text(
    to: identity.Resident | identity.Staff | None = None,
    kind: MessageKind = MessageKind.FOLLOW_UP_DUE,
    **facts: Any,
) -> Message:
    """A queued message by SMS, the next channel of one that WeChat did not bring."""
    first = a_message(to or somebody(), kind, **facts)
    first.state, first.reason = "failed", "no_credit"
    names = ["kind", "to_resident_id", "to_staff_id", "subject_id", "occasion", "template_id"]
    names += ["content", "page", "urgent", "due_at", "created_at"]
    copied = {name: getattr(first, name) for name in names}
    text = Message(**copied, channel=Channel.SMS, first_id=first.id)
    db.session.add(text)
    db.session.flush()
    db.session.refresh(text)
    return text
