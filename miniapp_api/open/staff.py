"""How staff come in: an invitation accepted in WeChat, or name, password and code on the web."""

from backend import identity, staffing
from backend.kernel.context import Context
from miniapp_api import fields
from miniapp_api.access import Audience
from miniapp_api.contract import Api, StrictSchema, gives, takes
from miniapp_api.pacing import Pace, paced
from miniapp_api.sessions import SessionSchema

api = Api("staff", Audience.OPEN)


class AcceptanceSchema(StrictSchema):
    """The code of the invitation (of its link, or as read aloud), and what `wx.login` gave."""

    invitation = fields.Text(128, required=True)
    code = fields.Text(128, required=True)
    device = fields.Text(60)


class WebLoginSchema(StrictSchema):
    """Name, password, and the six digits of the app or a recovery code; a new password if due."""

    login = fields.Text(64, required=True)
    password = fields.Secret(required=True)
    code = fields.Text(20)
    new_password = fields.Secret()
    device = fields.Text(60)


@api.post("/staff-invitations/acceptance")
@paced(Pace.PASSWORD)
@takes(AcceptanceSchema)
@gives(SessionSchema, 201)
def accept(
    ctx: Context, *, invitation: str, code: str, device: str | None = None
) -> identity.LoggedIn:
    """接受邀请 · Binds the WeChat account to the post, once, and logs in."""
    return staffing.accept(ctx, invitation, code, device)


@api.post("/staff-web-sessions")
@paced(Pace.PASSWORD)
@takes(WebLoginSchema)
@gives(SessionSchema, 201)
def log_in_web(
    ctx: Context,
    *,
    login: str,
    password: str,
    code: str | None = None,
    new_password: str | None = None,
    device: str | None = None,
) -> identity.LoggedIn:
    """网页登录 · The answer does not tell which of the three was wrong."""
    return staffing.log_in_web(ctx, login, password, code, new_password=new_password, device=device)
