"""消息队列: what waits, what was sent, what failed and why; nobody's name."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from marshmallow import Schema

from backend import messaging
from backend.kernel.context import Context
from backend.kernel.paging import Page, Wanted
from backend.messaging import Because, Channel, Message, MessageKind, Reason, State
from miniapp_api import fields
from miniapp_api.access import Audience
from miniapp_api.contract import Api, PageQuery, gives, lists, page_of

api = Api("messages", Audience.MANAGER, "/messages")

COUNT = fields.Whole(0, 10**12)


class OnChannelSchema(Schema):
    """One channel in numbers: due, later and sending are now, sent is today, the rest 7 days."""

    channel = fields.choice(Channel, required=True)
    due = fields.Whole(0, 10**12, required=True)
    later = fields.Whole(0, 10**12, required=True)
    sending = fields.Whole(0, 10**12, required=True)
    sent_today = fields.Whole(0, 10**12, required=True)
    failed = fields.Whole(0, 10**12, required=True)
    in_doubt = fields.Whole(0, 10**12, required=True)
    oldest_due_at = fields.AwareDateTime(required=True, allow_none=True)
    held_back = fields.Dict(keys=fields.choice(Reason), values=COUNT, required=True)


class HeldSchema(Schema):
    """What the send fence holds back of one kind."""

    kind = fields.choice(MessageKind, required=True)
    channel = fields.choice(Channel, required=True)
    number = fields.Whole(0, 10**12, required=True)
    oldest_due_at = fields.AwareDateTime(required=True)


class FenceSchema(Schema):
    """Why nothing is sent, since when, until when what was due may have been sent."""

    because = fields.choice(Because, required=True)
    raised_at = fields.AwareDateTime(required=True)
    cut_at = fields.AwareDateTime(required=True)
    caught_up_at = fields.AwareDateTime(required=True, allow_none=True)
    held = fields.List(fields.Nested(HeldSchema), required=True)


class ExplainedSchema(Schema):
    """How many failed or are in doubt for one reason, in words, and what to do."""

    reason = fields.choice(Reason, required=True)
    number = fields.Whole(0, 10**12, required=True)
    words = fields.Text(200, required=True)
    todo = fields.Text(200, required=True)


class QueueSchema(Schema):
    """Numbers alone; no person is shown."""

    at = fields.AwareDateTime(required=True)

    states = fields.Dict(keys=fields.choice(State), values=COUNT, required=True)
    reasons = fields.Dict(keys=fields.choice(Reason), values=COUNT, required=True)
    due = fields.Whole(0, 10**12, required=True)
    oldest_due_at = fields.AwareDateTime(required=True, allow_none=True)
    explained = fields.List(fields.Nested(ExplainedSchema), required=True)
    channels = fields.List(fields.Nested(OnChannelSchema), required=True)
    fence = fields.Nested(FenceSchema, required=True, allow_none=True)


class TroubleSchema(Schema):
    """A message that failed or is in doubt: why, and what to do; not whose it is."""

    id = fields.UUID(required=True)
    kind = fields.choice(MessageKind, required=True)
    title = fields.Text(40, required=True)
    channel = fields.choice(Channel, required=True)
    state = fields.choice(State, required=True)
    reason = fields.choice(Reason, required=True)
    words = fields.Text(200, required=True)
    todo = fields.Text(200, required=True)
    errcode = fields.Integer(required=True, allow_none=True)
    rid = fields.Text(200, required=True, allow_none=True)
    attempts = fields.Whole(0, 10**6, required=True)
    due_at = fields.AwareDateTime(required=True)


class TroubleQuery(PageQuery):
    """Of one reason alone, where named."""

    reason = fields.choice(Reason)


class HappenedSchema(Schema):
    """One thing that happened to a message."""

    at = fields.AwareDateTime(required=True)
    words = fields.Text(400, required=True)


class StorySchema(Schema):
    """Why a message is where it is, what to do, and all that happened to it."""

    verdict = fields.Text(400, required=True)
    todo = fields.Text(200, required=True, allow_none=True)
    may_replay = fields.Boolean(required=True)
    steps = fields.List(fields.Nested(HappenedSchema), required=True)


@api.get("")
@gives(QueueSchema)
def queue(ctx: Context) -> Mapping[str, Any]:
    """消息队列 · By channel, state and reason, the oldest that is due, the send fence."""
    found = messaging.queue_numbers(ctx)
    names = ("states", "reasons", "due", "oldest_due_at", "channels", "fence")
    often = sorted(found.reasons.items(), key=lambda pair: -pair[1])
    explained = [_explained(reason, number) for reason, number in often]
    facts = {name: getattr(found, name) for name in names}
    return facts | {"at": ctx.at, "explained": explained}


def _explained(reason: Reason, number: int) -> Mapping[str, Any]:
    found = messaging.words_of(reason)
    return {"reason": reason, "number": number, "words": found.words, "todo": found.todo}


@api.get("/troubles")
@lists(TroubleQuery)
@gives(page_of(TroubleSchema))
def troubles(_ctx: Context, *, wanted: Wanted, reason: Reason | None = None) -> Page[Any]:
    """失败和不确定的消息 · The newest first, with the reason and what to do; nobody's name."""
    found = messaging.troubles(wanted, reason)
    return Page([_told(row) for row in found.items], found.next)


@api.get("/<uuid:message_id>/history")
@gives(StorySchema)
def history(ctx: Context, message_id: UUID) -> messaging.Story:
    """一条消息的经过 · On all its channels; nobody's name and no content."""
    return messaging.why(ctx, message_id)


def _told(row: Message) -> Mapping[str, Any]:
    facts = {name: getattr(row, name) for name in TroubleSchema().fields if hasattr(row, name)}
    found = messaging.words_of(row.reason or Reason.DEFECT)
    return facts | {"words": found.words, "todo": found.todo}
