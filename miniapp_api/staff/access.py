"""登录与二次验证: the own password, the second factor, and giving it once more."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from marshmallow import Schema

from backend import staffing
from backend.kernel.context import Context
from miniapp_api import fields
from miniapp_api.access import Audience
from miniapp_api.contract import Api, StrictSchema, gives, takes
from miniapp_api.pacing import Pace, paced

api = Api("access", Audience.STAFF, "/me")


class WebAccessSchema(Schema):
    """The own web access: what is set, and until when the password is good."""

    login = fields.Text(32, required=True, allow_none=True)
    password_set_on = fields.Date(required=True, allow_none=True)
    change_password_by = fields.Date(required=True, allow_none=True)
    has_second_factor = fields.Boolean(required=True)
    recovery_codes_left = fields.Whole(0, 100, required=True)


class PasswordSchema(StrictSchema):
    """A login name and a password; the present one where there is one."""

    login = fields.Text(64, required=True)
    password = fields.Secret(required=True)
    current_password = fields.Secret()


class NewSecondFactorSchema(Schema):
    """The new secret, as an authenticator app takes it; shown once."""

    secret = fields.Text(64, required=True)
    otpauth = fields.Text(400, required=True, attribute="uri")
    qr_svg = fields.Text(100_000, required=True, attribute="svg")


class SecondFactorCodeSchema(StrictSchema):
    """The six digits of the app, or a recovery code."""

    code = fields.Text(20, required=True)


class RecoveryCodesSchema(Schema):
    """Codes for one use each, to be kept on paper; shown once."""

    recovery_codes = fields.List(fields.Text(20), required=True)


@api.get("/web-access")
@gives(WebAccessSchema)
def web_access(ctx: Context) -> Mapping[str, Any]:
    """我的网页登录 · Nothing secret is shown."""
    return _shown(ctx)


@api.put("/web-access")
@paced(Pace.PASSWORD)
@takes(PasswordSchema)
@gives(WebAccessSchema)
def set_password(
    ctx: Context, *, login: str, password: str, current_password: str | None = None
) -> Mapping[str, Any]:
    """设置登录名和密码 · A change needs the present one, or a step-up; other devices log out."""
    staffing.set_password(ctx, login, password, current_password)
    return _shown(ctx)


@api.post("/second-factor")
@gives(NewSecondFactorSchema, 201)
def begin_second_factor(ctx: Context) -> staffing.Enrolment:
    """绑定动态口令 · Scan it, then confirm with a code; until then nothing changes."""
    return staffing.begin_second_factor(ctx)


@api.post("/second-factor/confirmation")
@paced(Pace.PASSWORD)
@takes(SecondFactorCodeSchema)
@gives(RecoveryCodesSchema, 201)
def confirm_second_factor(ctx: Context, *, code: str) -> Mapping[str, Any]:
    """确认动态口令 · From now on it is asked; other devices log out."""
    return {"recovery_codes": staffing.confirm_second_factor(ctx, code)}


@api.post("/recovery-codes")
@gives(RecoveryCodesSchema, 201)
def renew_recovery_codes(ctx: Context) -> Mapping[str, Any]:
    """重新生成恢复码 · The old ones count no more; needs a step-up."""
    return {"recovery_codes": staffing.renew_recovery_codes(ctx)}


@api.post("/step-up")
@paced(Pace.PASSWORD)
@takes(SecondFactorCodeSchema)
@gives(None, 204)
def step_up(ctx: Context, *, code: str) -> None:
    """再次验证身份 · For ten minutes, in this session: exports, break-glass, roles."""
    staffing.step_up(ctx, code)


def _shown(ctx: Context) -> Mapping[str, Any]:
    own, days = staffing.credential(ctx), staffing.policy_of(ctx).password_days
    set_on = own and own.password_set_on
    return {
        "login": own and own.login,
        "password_set_on": set_on,
        "change_password_by": set_on + timedelta(days=days) if set_on and days else None,
        "has_second_factor": own is not None and own.has_second_factor,
        "recovery_codes_left": staffing.recovery_codes_left(own.id) if own else 0,
    }
