"""Texts of the tests: messages whose turn by SMS has come, and phones."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from conftest import MORNING
from message_builders import a_message
from people import a_resident, by_itself
from sqlalchemy import text as sql

from backend import identity, messaging
from backend.kernel.context import Context
from backend.kernel.database import db
from backend.messaging import (
    Channel,
    Message,
    MessageKind,
    Reason,
    Sms,
    SmsDispatch,
    State,
    candidates,
    prepare_sms,
)
from backend.messaging.sms_callback_service import _items, _keep, _read
from backend.messaging.sms_desk import phone_index
from backend.messaging.sms_models import Heard

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


def chosen(ctx: Context, text: Message) -> list[candidates.Candidate]:
    return candidates.one(replace(ctx, at=ctx.at + timedelta(days=1)), Channel.SMS, text.id)


def prepared(*texts: Message, ctx: Context | None = None) -> dict[object, Sms]:
    ctx = ctx or by_itself()
    found = prepare_sms(ctx, [one for text in texts for one in chosen(ctx, text)])
    for text in texts:
        db.session.refresh(text)
    return dict(found)


def a_sent_text(state: State = State.SENT, serial: str | None = "s-1", **facts: Any) -> Message:
    """A text in the hands of the provider."""
    message = a_text(**facts)
    message.state = state
    message.sent_at = MORNING if state is State.SENT else None
    message.reason = Reason.NO_ANSWER if state is State.UNKNOWN else None
    number = _phone_of(message)
    db.session.add(
        SmsDispatch(
            message_id=message.id, phone_index=phone_index(number), at=MORNING, serial_no=serial
        )
    )
    db.session.flush()
    return message


def _phone_of(message: Message) -> str:
    return identity.phones_of([message.to_resident_id], [])[message.to_resident_id]


def heard(kind: Heard, *items: dict[str, Any]) -> int:
    return _keep(_read(by_itself(), kind, _items(json.dumps(items).encode())))


def receipt(sid: str = "s-1", status: str = "SUCCESS", words: str = "", **more: Any) -> int:
    told = {"mobile": PHONE, "nationcode": "86", "sid": sid, "report_status": status}
    told |= {"errmsg": "X", "description": words, "user_receive_time": "2026-11-23 09:31:00"}
    return heard(Heard.RECEIPT, told | more)


def reply(words: str, at: datetime = MORNING, phone: str = PHONE) -> int:
    time = int(at.timestamp())
    told = {"mobile": phone, "nationcode": "86", "sign": "家医示例", "text": words, "time": time}
    return heard(Heard.REPLY, told)


def applied() -> None:
    db.session.execute(sql("UPDATE sms_heard SET next_at = now()"))
    db.session.expire_all()
    messaging.apply_heard(by_itself(), 100)
    db.session.flush()
    db.session.expire_all()
