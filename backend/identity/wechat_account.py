"""What an operator asks WeChat about the mini-program itself: quotas, a call that was refused."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import current_app

from backend.identity.service import wechat
from backend.kernel.errors import Unavailable

QUOTA, CLEAR, RID = "/cgi-bin/openapi/quota/get", "/cgi-bin/clear_quota", "/cgi-bin/openapi/rid/get"


@dataclass(frozen=True, slots=True)
class Quota:
    """Calls of one path today; it begins anew at midnight in Shanghai."""

    daily_limit: int
    used: int
    remain: int


def quota(path: str) -> Quota:
    """How many calls of a path are left today; raises `WeChatRefused` (76021 for no such path)."""
    found = wechat().ask(QUOTA, {"cgi_path": path}).get("quota")
    try:
        numbers = [int(found[name]) for name in ("daily_limit", "used", "remain")]  # type: ignore[index]
    except (TypeError, KeyError, ValueError) as wrong:
        raise Unavailable from wrong
    return Quota(*numbers)


def clear_quota() -> None:
    """Begin all of the day's counters anew: ten times a month; raises `WeChatRefused` (48006)."""
    wechat().ask(CLEAR, {"appid": current_app.extensions["settings"].wechat_appid})


def look_up(rid: str) -> Mapping[str, Any]:
    """What WeChat says of a refused call, within seven days; raises `WeChatRefused`."""
    found = wechat().ask(RID, {"rid": rid}).get("request")
    if not isinstance(found, Mapping):
        raise Unavailable
    return found


def force_token() -> None:
    """Another access token, the old one dead at once: after a leak; raises `Unavailable`."""
    current_app.extensions["wechat"].token.force()
