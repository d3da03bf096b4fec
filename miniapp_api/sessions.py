"""What residents and staff alike see of their sessions."""

from collections.abc import Mapping, Sequence
from typing import Any

from marshmallow import Schema

from backend import identity
from backend.kernel.context import Context
from miniapp_api import fields


class SessionSchema(Schema):
    """A token to send as `Authorization: Bearer …`, and the one to exchange when it is over."""

    access_token = fields.Text(4096, required=True, attribute="token.text")
    expires_in = fields.Whole(1, 86_400, required=True, attribute="token.expires_in")
    token_type = fields.Constant("Bearer", required=True)
    refresh_token = fields.Text(128, required=True)
    session_id = fields.UUID(required=True)


class DeviceSchema(Schema):
    """One device that is logged in; times are real time."""

    id = fields.UUID(required=True)
    door = fields.choice(identity.Door, required=True)
    device = fields.Text(60, required=True, allow_none=True)
    started_at = fields.AwareDateTime(required=True)
    refreshed_at = fields.AwareDateTime(required=True)
    is_this_one = fields.Boolean(required=True)


class DevicesSchema(Schema):
    """Every device that is logged in, the newest first."""

    items = fields.List(fields.Nested(DeviceSchema), required=True)


def devices(ctx: Context) -> Mapping[str, Sequence[Mapping[str, Any]]]:
    """The actor's sessions."""
    return {"items": [_device(ctx, one) for one in identity.sessions(ctx)]}


def _device(ctx: Context, one: identity.LoginSession) -> Mapping[str, Any]:
    names = ("id", "door", "device", "started_at", "refreshed_at")
    facts = {name: getattr(one, name) for name in names}
    return facts | {"is_this_one": one.id == ctx.actor.session}
