"""Controls under `/_sim` for what WeChat tells by itself."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from typing import Any

from .letters import Agreed
from .platform import Platform

Query = Mapping[str, str]


def agree(platform: Platform, _query: Query, body: Any) -> Any:
    """Where callbacks go and how; `{"url": null}` ends them. What is not named stays."""
    postman = platform.postman
    known = asdict(postman.agreed) if postman.agreed else {"appid": platform.account.appid}
    told = known | {str(name): str(value) for name, value in body.items() if value is not None}
    is_over = "url" in body and body["url"] is None
    postman.agreed = None if is_over else Agreed(**told)
    return show(platform, {}, None)


def behave(platform: Platform, _query: Query, body: Any) -> Any:
    """How letters go from now on; what is held back goes first."""
    platform.postman.release()
    platform.postman.manner = replace(platform.postman.manner, **body)
    return show(platform, {}, None)


def fail(platform: Platform, _query: Query, body: Any) -> Any:
    """The next pushes are accepted and not delivered; their event tells the code."""
    failing = {"errcode": int(body["errcode"]), "times": int(body.get("times", 1))}
    platform.postman.failing.append(failing | {"openid": body.get("openid")})
    return show(platform, {}, None)


def number(platform: Platform, _query: Query, body: Any) -> Any:
    """Whether a send answers its msgid, as it does for some accounts only."""
    platform.postman.tells_msgid = bool(body["answered"])
    return {"answered": platform.postman.tells_msgid}


def switch_off(platform: Platform, _query: Query, body: Any) -> Any:
    """The person refuses these templates in WeChat's settings: what was agreed to is void."""
    user = platform.users.by_openid[body["openid"]]
    ids = [str(one) for one in body["template_ids"]]
    platform.users.withhold(user.openid, ids)
    platform.postman.changed(user.openid, ids)
    return dict.fromkeys(ids, "reject")


def show(platform: Platform, _query: Query, _body: Any) -> Any:
    """What is agreed, without its secrets, and what became of the letters."""
    postman = platform.postman
    agreed = postman.agreed
    where = {"url": agreed.url, "mode": agreed.mode, "language": agreed.language} if agreed else {}
    counted = {name: postman.counted[name] for name in ("written", "taken", "refused", "given_up")}
    return {**where, **asdict(postman.manner), **counted, "waiting": postman.waiting}


CONTROLS: dict[tuple[str, str], Callable[[Platform, Query, Any], Any]] = {
    ("POST", "/_sim/callbacks"): agree,
    ("GET", "/_sim/callbacks"): show,
    ("POST", "/_sim/callbacks/manner"): behave,
    ("POST", "/_sim/callbacks/failures"): fail,
    ("POST", "/_sim/callbacks/msgid"): number,
    ("POST", "/_sim/settings"): switch_off,
}
