"""Logging in: WeChat's code becomes an access token."""

from marshmallow import Schema

from backend import identity
from backend.kernel.context import Context
from miniapp_api import fields
from miniapp_api.access import Audience
from miniapp_api.contract import Api, StrictSchema, gives, takes

api = Api("sessions", Audience.OPEN)


class CodeSchema(StrictSchema):
    """What `wx.login` or the phone button gave the mini-program."""

    code = fields.Text(128, required=True)


class SessionSchema(Schema):
    """A token to send as `Authorization: Bearer …`."""

    access_token = fields.Text(4096, required=True, attribute="token.text")
    expires_in = fields.Whole(1, 86_400, required=True, attribute="token.expires_in")
    token_type = fields.Constant("Bearer", required=True)


class ResidentSessionSchema(SessionSchema):
    """Beside the token: how well we know the person."""

    level = fields.choice(identity.Level, required=True, attribute="account.level")


@api.post("/resident-sessions")
@takes(CodeSchema)
@gives(ResidentSessionSchema, 201)
def log_in(ctx: Context, *, code: str) -> identity.Session:
    """居民登录 · The first log-in makes an account."""
    return identity.log_in(ctx, code)


@api.post("/staff-sessions")
@takes(CodeSchema)
@gives(SessionSchema, 201)
def log_in_staff(ctx: Context, *, code: str) -> identity.Session:
    """医务人员登录 · The WeChat identity must be bound to a work account."""
    return identity.log_in_staff(ctx, code)
