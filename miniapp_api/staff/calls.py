"""电话名单: whom the own house has to call, because nothing else reached them."""

from uuid import UUID

from marshmallow import Schema

from backend import messaging
from backend.kernel.context import Context
from backend.kernel.paging import Page, Wanted
from miniapp_api import fields
from miniapp_api.access import Audience
from miniapp_api.contract import Api, PageQuery, StrictSchema, gives, lists, page_of, takes
from miniapp_api.messages import LineSchema

api = Api("calls", Audience.STAFF)


class CallToMakeSchema(Schema):
    """Whom to call and about what; every name shown is written down.

    `reply`: what the person answered to a text, where only a person can understand it.
    """

    id = fields.UUID(required=True, attribute="item.id")
    resident_id = fields.UUID(required=True)
    name = fields.Text(50, required=True, attribute="person.name")
    kind = fields.choice(messaging.MessageKind, required=True, attribute="message.kind")
    title = fields.Text(40, required=True, attribute="message.title")
    lines = fields.List(fields.Nested(LineSchema), required=True, attribute="message.lines")
    subject_id = fields.UUID(required=True, attribute="message.subject_id")
    listed_at = fields.AwareDateTime(required=True, attribute="item.listed_at")
    expires_at = fields.AwareDateTime(
        required=True, allow_none=True, attribute="message.expires_at"
    )
    tries = fields.Whole(0, 1000, required=True, attribute="item.tries")
    reply = fields.Text(500, required=True, allow_none=True)
    is_taken = fields.Boolean(required=True)


class CallTakenSchema(CallToMakeSchema):
    """With the number, for who took it."""

    phone = fields.Text(20, required=True, allow_none=True, attribute="person.phone")


class CallResultSchema(StrictSchema):
    """What came of it, honestly; `answer`: what the person said, where somebody was reached."""

    outcome = fields.choice(messaging.CallResult, required=True)
    answer = fields.choice(messaging.Answer, load_default=None)


class CallMadeSchema(Schema):
    """Whether it is called again, and after how many tries."""

    id = fields.UUID(required=True)
    tries = fields.Whole(0, 1000, required=True)
    outcome = fields.choice(messaging.CallResult, required=True, allow_none=True)


@api.get("/calls")
@lists(PageQuery)
@gives(page_of(CallToMakeSchema))
def calls(ctx: Context, *, wanted: Wanted) -> Page[messaging.Call]:
    """电话名单 · Of the own house; the weightiest and longest waiting first, no numbers."""
    return messaging.calls(ctx, wanted)


@api.post("/calls/<uuid:call_id>/taking")
@gives(CallTakenSchema)
def take(ctx: Context, call_id: UUID) -> messaging.Call:
    """我来打 · For some minutes nobody else calls this person; the number is shown."""
    return messaging.take_call(ctx, messaging.hold_call(ctx, call_id))


@api.post("/calls/<uuid:call_id>/outcome")
@takes(CallResultSchema)
@gives(CallMadeSchema)
def record(
    ctx: Context,
    call_id: UUID,
    *,
    outcome: messaging.CallResult,
    answer: messaging.Answer | None,
) -> messaging.CallItem:
    """记录电话结果 · Honestly: it counts against nobody."""
    return messaging.record_call(ctx, messaging.hold_call(ctx, call_id), outcome, answer)
