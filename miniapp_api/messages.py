"""What residents and staff are shown of their messages; the same shapes for both."""

from typing import Any

from marshmallow import Schema, validate

from backend import messaging
from backend.messaging import Message, State
from miniapp_api import fields
from miniapp_api.contract import StrictSchema, page_of
from miniapp_api.why import story, why

ANSWERS = ["accept", "acceptWithAudio", "acceptWithAlert", "acceptWithForcePush"]
ANSWERS += ["reject", "ban", "filter"]


class Why(fields.Text):
    """The reason in words, made of state and reason."""

    def get_value(self, obj: Message, *_: Any, **__: Any) -> Any:
        """The words for this message."""
        return why(obj)


class Story(fields.Text):
    """What became of it on its channel."""

    def get_value(self, obj: Message, *_: Any, **__: Any) -> Any:
        """The words for this row."""
        return story(obj)


class WaySchema(Schema):
    """One channel by which somebody was, or is to be, told."""

    channel = fields.choice(messaging.Channel, required=True)
    state = fields.choice(State, required=True)
    sent_at = fields.AwareDateTime(required=True, allow_none=True)
    story = Story(100, required=True)


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
    read_at = fields.AwareDateTime(required=True, allow_none=True)
    ways = fields.List(fields.Nested(WaySchema), required=True)
    answers = fields.List(fields.choice(messaging.Answer), required=True)
    answer = fields.choice(messaging.Answer, required=True, allow_none=True)


class MessageAnswerSchema(StrictSchema):
    """What somebody says to a message."""

    answer = fields.choice(messaging.Answer, required=True)


MessagePage = page_of(MessageSchema)


class BalanceSchema(Schema):
    """A template, how many of its messages were agreed to, whether and why to ask at a tap."""

    template_id = fields.Text(64, required=True, attribute="template.id")
    title = fields.Text(40, required=True, attribute="template.title")
    balance = fields.Whole(0, 1_000_000, required=True)
    ask = fields.Boolean(required=True)
    reason = fields.Text(40, required=True, allow_none=True)


class MomentQuery(StrictSchema):
    """What the person has just done."""

    moment = fields.choice(messaging.Moment, load_default=None)


class SubscriptionsSchema(Schema):
    """Every template that concerns the person, first those to ask for, in that order."""

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
