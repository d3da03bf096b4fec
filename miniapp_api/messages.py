"""What residents and staff are shown of their messages; the same shapes for both."""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, validate

from backend import messaging
from backend.messaging import Message, Reason, State
from miniapp_api import fields
from miniapp_api.contract import StrictSchema, page_of

ANSWERS = ["accept", "acceptWithAudio", "acceptWithAlert", "acceptWithForcePush"]
ANSWERS += ["reject", "ban", "filter"]

WAITING = {State.QUEUED, State.SENDING}
WHY: Mapping[Reason, str] = {
    Reason.NO_ACCOUNT: "还没有绑定微信，所以没有推送。",
    Reason.NO_CREDIT: "您没有同意接收这类微信消息，或同意的次数已用完。",
    Reason.BUSY: "微信暂时繁忙。",
    Reason.RATE: "微信暂时繁忙。",
    Reason.CONCURRENT: "正在给您发送另一条消息。",
    Reason.QUOTA: "今天的微信消息已发完，明天再发。",
    Reason.NOT_REACHED: "暂时连接不上微信，稍后再发。",
}
IN_DOUBT = "可能已经送达；为了不重复打扰您，没有再发。"
OUR_FAULT = "没有送达，我们已经记下，正在处理。"


def why(message: Message) -> str | None:
    """Why it was not, or may not have been, delivered; kind and plain."""
    if message.state is State.UNKNOWN:
        return IN_DOUBT
    if message.reason is None or message.state is State.SENT:
        return None
    return WHY.get(message.reason, None if message.state in WAITING else OUR_FAULT)


class Why(fields.Text):
    """The reason in words, made of state and reason."""

    def get_value(self, obj: Message, *_: Any, **__: Any) -> Any:
        """The words for this message."""
        return why(obj)


class LineSchema(Schema):
    """One line of the card."""

    label = fields.Text(20, shortest=0, required=True)
    value = fields.Text(40, required=True)


class MessageSchema(Schema):
    """A message, what became of it and why."""

    id = fields.UUID(required=True)
    kind = fields.choice(messaging.MessageKind, required=True)
    title = fields.Text(40, required=True)
    lines = fields.List(fields.Nested(LineSchema), required=True)
    page = fields.Text(200, required=True)
    subject_id = fields.UUID(required=True)
    due_at = fields.AwareDateTime(required=True)
    sent_at = fields.AwareDateTime(required=True, allow_none=True)
    state = fields.choice(State, required=True)
    why = Why(100, required=True, allow_none=True)
    answers = fields.List(fields.choice(messaging.Answer), required=True)
    answer = fields.choice(messaging.Answer, required=True, allow_none=True)


class MessageAnswerSchema(StrictSchema):
    """What somebody says to a message."""

    answer = fields.choice(messaging.Answer, required=True)


MessagePage = page_of(MessageSchema)


class BalanceSchema(Schema):
    """A template, how many of its messages were agreed to, whether to ask at the next tap."""

    template_id = fields.Text(64, required=True, attribute="template.id")
    title = fields.Text(40, required=True, attribute="template.title")
    balance = fields.Whole(0, 1_000_000, required=True)
    ask = fields.Boolean(required=True)


class SubscriptionsSchema(Schema):
    """Every template that concerns the person."""

    items = fields.List(fields.Nested(BalanceSchema), required=True)


class PopupSchema(StrictSchema):
    """What `wx.requestSubscribeMessage` answered; `report_id` is made by the client, once."""

    report_id = fields.UUID(required=True)
    results = fields.Dict(
        keys=fields.Text(64),
        values=fields.Text(
            40, validate=[validate.OneOf(ANSWERS, error="应为小程序给出的订阅结果")]
        ),
        required=True,
        validate=validate.Length(1, 5, error="应为 1 到 5 个模板"),
    )
