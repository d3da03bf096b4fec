"""Codes to scan and links to tap that open a page of the mini-program."""

import io
import secrets
from typing import Any

import segno

from .platform import Platform
from .refusal import Refused
from .wechat_api import OK, Answer, Call, Endpoint, Picture

SCENE = frozenset(
    "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ!#$&'()*+,/:;=?@-._~"
)
VERSIONS = ("release", "trial", "develop")
LONGEST_LINK_S = 30 * 24 * 3600


def unlimited_code(platform: Platform, call: Call) -> Answer:
    """getUnlimitedQRCode: an image, or JSON where it is refused."""
    platform.tokens.check(call.query.get("access_token"))
    platform.office.count("/wxa/getwxacodeunlimit")
    scene, page = call.body.get("scene"), call.body.get("page", "pages/index/index")
    if not isinstance(scene, str) or not 1 <= len(scene) <= 32 or set(scene) - SCENE:
        raise Refused(40169)
    _check_page(platform, page, is_checked=call.body.get("check_path", True) is not False)
    if call.body.get("env_version", "release") not in VERSIONS:
        raise Refused(40097, "env_version")
    if not _between(call.body.get("width", 430), 280, 1280):
        raise Refused(40097, "width")
    return Picture(_drawn(f"{platform.account.appid}/{page}?scene={scene}"))


def _check_page(platform: Platform, page: Any, *, is_checked: bool) -> None:
    if not isinstance(page, str) or page.startswith("/") or "?" in page:
        raise Refused(40165)
    if is_checked and not platform.account.released(page):
        raise Refused(41030)


def _between(number: Any, least: int, most: int) -> bool:
    return type(number) is int and least <= number <= most


def _drawn(words: str) -> bytes:
    drawn = io.BytesIO()
    segno.make(words, error="m", micro=False).save(drawn, kind="png", scale=8, border=4)
    return drawn.getvalue()


def url_link(platform: Platform, call: Call) -> Answer:
    """generateUrlLink: opens the page for at most thirty days."""
    platform.tokens.check(call.query.get("access_token"))
    platform.office.count("/wxa/generate_urllink", 500_000)
    path, query = call.body.get("path", ""), call.body.get("query", "")
    if not isinstance(path, str) or path.startswith("/") or "?" in path:
        raise Refused(40165)
    if path and not platform.account.released(path):
        raise Refused(41030)
    if not isinstance(query, str) or len(query) > 1024:
        raise Refused(40097, "query")
    address = f"https://wxaurl.cn/{secrets.token_urlsafe(8)}"
    platform.office.links[address] = {"path": path, "query": query, "ends_at": _end(platform, call)}
    return OK | {"url_link": address}


def _end(platform: Platform, call: Call) -> float:
    now = platform.clock.now()
    if call.body.get("expire_type", 0) == 1:
        days: Any = call.body.get("expire_interval")
        if not _between(days, 1, 30):
            raise Refused(85400)
        return now + float(days) * 24 * 3600
    end = call.body.get("expire_time")
    if type(end) is not int or not now < end <= now + LONGEST_LINK_S:
        raise Refused(85400)
    return float(end)


ENDPOINTS = {
    "/wxa/getwxacodeunlimit": Endpoint("POST", unlimited_code),
    "/wxa/generate_urllink": Endpoint("POST", url_link),
}
