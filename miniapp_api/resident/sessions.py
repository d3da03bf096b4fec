"""登录设备: where the account is logged in, and how to end it."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from backend import identity
from backend.kernel.context import Context
from miniapp_api.access import Audience
from miniapp_api.contract import Api, gives, of_holder
from miniapp_api.sessions import DevicesSchema, devices

api = Api(
    "sessions", Audience.RESIDENT, "/me/sessions", is_about_account=True, is_open_after_death=True
)


@api.get("")
@of_holder
@gives(DevicesSchema)
def sessions(ctx: Context) -> Mapping[str, Any]:
    """登录的设备 · The newest first."""
    return devices(ctx)


@api.delete("")
@of_holder
@gives(DevicesSchema)
def end_others(ctx: Context) -> Mapping[str, Any]:
    """退出其他设备 · Every session but this one, at once."""
    identity.end_other_sessions(ctx)
    return devices(ctx)


@api.delete("/current")
@of_holder
@gives(None, 204)
def log_out(ctx: Context) -> None:
    """退出登录 · The token is refused from the next request on."""
    identity.end_session(ctx)


@api.delete("/<uuid:session_id>")
@of_holder
@gives(DevicesSchema)
def end(ctx: Context, session_id: UUID) -> Mapping[str, Any]:
    """退出一台设备 · At once."""
    identity.end_session(ctx, session_id)
    return devices(ctx)
