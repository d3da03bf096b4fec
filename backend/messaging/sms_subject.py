"""What is held of a person's texts, and how it ends."""

from typing import Any
from uuid import UUID

from sqlalchemy import delete, exists, select
from sqlalchemy.orm import aliased

from backend.kernel.database import db
from backend.kernel.subjects import Records, rows_of, told
from backend.messaging.models import Message
from backend.messaging.sms_models import PhoneStanding, SmsDispatch, SmsHeard

_INTERNAL = ["key", "state", "next_at", "looks", "failures", "error"]


def texts_of(messages: Any) -> Records:
    """Where these messages went as texts, what came back, and how their phones stand."""
    phones = select(SmsDispatch.phone_index).where(SmsDispatch.message_id.in_(messages))
    return {
        "sms_dispatch": told(rows_of(SmsDispatch, SmsDispatch.message_id.in_(messages))),
        "sms_heard": told(rows_of(SmsHeard, SmsHeard.message_id.in_(messages)), without=_INTERNAL),
        "phone_standing": told(rows_of(PhoneStanding, PhoneStanding.phone_index.in_(phones))),
    }


def forget_phones_of(resident_id: UUID) -> None:
    """What came from phones that were this person's alone; before the messages are forgotten.

    That the holder wants no texts any more stays: it is kept under a number nobody can read.
    """
    theirs = select(SmsDispatch.phone_index).join(Message, Message.id == SmsDispatch.message_id)
    phones = theirs.where(Message.to_resident_id == resident_id)
    shared, other = aliased(SmsDispatch), aliased(Message)
    is_shared = exists().where(
        shared.phone_index == SmsHeard.phone_index,
        other.id == shared.message_id,
        other.to_resident_id.is_distinct_from(resident_id),
    )
    gone = delete(SmsHeard).where(SmsHeard.phone_index.in_(phones), SmsHeard.message_id.is_(None))
    db.session.execute(gone.where(~is_shared).execution_options(synchronize_session=False))
