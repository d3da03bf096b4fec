"""提醒设置: when, how often and of what somebody wants to be reminded."""

from functools import partial
from typing import Any

from marshmallow import Schema, validate

from backend import messaging
from backend.kernel.context import Context
from backend.messaging import Group, Wishes
from miniapp_api import fields
from miniapp_api.access import Audience
from miniapp_api.contract import Api, StrictSchema, gives, takes

api = Api("reminders", Audience.RESIDENT, "/me/reminders")

_clock = partial(
    fields.Time, format="%H:%M", metadata={"pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$"}
)
_MOST = 100


class WishSchema(StrictSchema):
    """All of one's wishes; quiet hours may reach over midnight, an empty budget is the region's."""

    quiet_from = _clock(load_default=None, allow_none=True)
    quiet_to = _clock(load_default=None, allow_none=True)
    per_day = fields.Whole(1, _MOST, load_default=None, allow_none=True)
    wants_digest = fields.Boolean(required=True)
    muted = fields.List(
        fields.choice(Group),
        required=True,
        validate=validate.Length(0, len(Group), error="这一项太长，请减少一些"),
    )


class WishesSchema(Schema):
    """One's wishes, who said them, and between what one may choose."""

    quiet_from = _clock(required=True, allow_none=True)
    quiet_to = _clock(required=True, allow_none=True)
    per_day = fields.Whole(1, _MOST, required=True, allow_none=True)
    wants_digest = fields.Boolean(required=True)
    muted = fields.List(fields.choice(Group), required=True)
    said_at = fields.AwareDateTime(required=True, allow_none=True)
    done_by = fields.done_by()
    most_per_day = fields.Whole(1, _MOST, required=True)
    region_quiet_from = _clock(required=True)
    region_quiet_to = _clock(required=True)
    groups = fields.List(fields.choice(Group), required=True)


@api.get("")
@gives(WishesSchema)
def reminders(ctx: Context) -> Wishes:
    """提醒设置 · Empty wishes: the region's ways hold."""
    return messaging.wishes(ctx)


@api.put("")
@takes(WishSchema)
@gives(WishesSchema)
def tune(ctx: Context, **said: Any) -> Wishes:
    """调整提醒 · Holds within a minute, for what waits already too; the inbox keeps everything."""
    return messaging.wish(ctx, **said)
