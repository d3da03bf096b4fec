"""Logging in: WeChat's code becomes a session; a refresh token keeps it going."""

from backend import identity
from backend.kernel.context import Context
from miniapp_api import fields
from miniapp_api.access import Audience
from miniapp_api.contract import Api, StrictSchema, gives, takes
from miniapp_api.pacing import Pace, paced
from miniapp_api.sessions import SessionSchema

api = Api("sessions", Audience.OPEN)


class CodeSchema(StrictSchema):
    """What `wx.login` gave the mini-program, and how the person calls the device."""

    code = fields.Text(128, required=True)
    device = fields.Text(60)


class RefreshSchema(StrictSchema):
    """The refresh token of the last answer; it is used up."""

    refresh_token = fields.Text(128, required=True)


class ResidentSessionSchema(SessionSchema):
    """Beside the tokens: how well we know the person."""

    level = fields.choice(identity.Level, required=True, attribute="account.level")


@api.post("/resident-sessions")
@paced(Pace.LOGIN)
@takes(CodeSchema)
@gives(ResidentSessionSchema, 201)
def log_in(ctx: Context, *, code: str, device: str | None = None) -> identity.LoggedIn:
    """居民登录 · The first log-in makes an account."""
    return identity.log_in(ctx, code, device)


@api.post("/staff-sessions")
@paced(Pace.LOGIN)
@takes(CodeSchema)
@gives(SessionSchema, 201)
def log_in_staff(ctx: Context, *, code: str, device: str | None = None) -> identity.LoggedIn:
    """医务人员登录 · The WeChat identity must be bound to a work account."""
    return identity.log_in_staff(ctx, code, device)


@api.post("/sessions/refresh")
@paced(Pace.REFRESH)
@takes(RefreshSchema)
@gives(SessionSchema)
def refresh(ctx: Context, *, refresh_token: str) -> identity.LoggedIn:
    """续期登录 · Each refresh token is good once; an old one ends the session."""
    return identity.refresh(ctx, refresh_token)
