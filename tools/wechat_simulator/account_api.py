"""Calls about the account itself: its quotas, a request that was refused, its templates."""

import secrets
from typing import Any

from .office import LIBRARY, MOST_TEMPLATES, OTHERS_PER_DAY, PLAIN_PER_DAY
from .platform import Platform
from .refusal import Refused
from .wechat_api import OK, Answer, Call, Endpoint

SEND = "/cgi-bin/message/subscribe/send"
LIMITS = {"/cgi-bin/token": PLAIN_PER_DAY}


def clear_quota(platform: Platform, call: Call) -> Answer:
    """clearQuota, with a token."""
    platform.tokens.check(call.query.get("access_token"))
    if call.body.get("appid") != platform.account.appid:
        raise Refused(40013)
    return _cleared(platform)


def clear_quota_with_secret(platform: Platform, call: Call) -> Answer:
    """clearQuotaByAppSecret: no token; the same ten times."""
    given = {**call.query, **(call.body if call.raw else {})}
    if given.get("appid") != platform.account.appid:
        raise Refused(40013)
    if given.get("appsecret") != platform.account.secret:
        raise Refused(40125)
    return _cleared(platform)


def _cleared(platform: Platform) -> Answer:
    platform.office.clear()
    platform.daily.used = 0
    return dict(OK)


def quota(platform: Platform, call: Call) -> Answer:
    """getApiQuota."""
    platform.tokens.check(call.query.get("access_token"))
    path = str(call.body.get("cgi_path", ""))
    if path not in platform.paths:
        raise Refused(76021)
    limit, used = LIMITS.get(path, OTHERS_PER_DAY), platform.office.used(path)
    if path == SEND:
        limit, used = platform.daily.limit, platform.daily.used
    numbers = {"daily_limit": limit, "used": used, "remain": max(0, limit - used)}
    return OK | {"quota": numbers}


def look_up(platform: Platform, call: Call) -> Answer:
    """getRidInfo."""
    platform.tokens.check(call.query.get("access_token"))
    found = platform.office.request(str(call.body.get("rid", "")))
    request = {
        "invoke_time": int(found.at),
        "cost_in_ms": 1,
        "request_url": found.url,
        "request_body": found.body,
        "response_body": found.answer,
        "client_ip": found.address,
    }
    return OK | {"request": request}


def add_template(platform: Platform, call: Call) -> Answer:
    """addMessageTemplate."""
    platform.tokens.check(call.query.get("access_token"))
    title, keywords = _public(call.body.get("tid"))
    chosen = _chosen(call.body.get("kidList"), keywords)
    described = call.body.get("sceneDesc", "")
    if not isinstance(described, str) or len(described) > 15:
        raise Refused(200021)
    if len(platform.templates) >= MOST_TEMPLATES:
        raise Refused(200012)
    fields = {f"{kind}{kid}": label for kid, (kind, label) in chosen}
    made = {"id": secrets.token_urlsafe(32), "title": title, "fields": fields}
    return OK | {"priTmplId": platform.define(made).id}


def _public(tid: Any) -> tuple[str, list[tuple[str, str]]]:
    if str(tid) not in LIBRARY:
        raise Refused(200014)
    return LIBRARY[str(tid)]


def _chosen(kids: Any, keywords: list[tuple[str, str]]) -> list[tuple[int, tuple[str, str]]]:
    known = isinstance(kids, list) and all(kid in range(1, len(keywords) + 1) for kid in kids)
    if not known or not 2 <= len(kids) <= 5 or len(set(kids)) != len(kids):
        raise Refused(200020)
    return [(kid, keywords[kid - 1]) for kid in kids]


def delete_template(platform: Platform, call: Call) -> Answer:
    """deleteMessageTemplate."""
    platform.tokens.check(call.query.get("access_token"))
    if platform.templates.pop(str(call.body.get("priTmplId")), None) is None:
        raise Refused(40037)
    return dict(OK)


def categories(platform: Platform, call: Call) -> Answer:
    """getCategory."""
    platform.tokens.check(call.query.get("access_token"))
    return OK | {"data": [{"id": 616, "name": "公立医疗机构"}]}


def keywords(platform: Platform, call: Call) -> Answer:
    """getPubTemplateKeyWordsById."""
    platform.tokens.check(call.query.get("access_token"))
    _, found = _public(call.query.get("tid"))
    data = [
        {"kid": kid, "name": label, "example": "", "rule": kind}
        for kid, (kind, label) in enumerate(found, 1)
    ]
    return OK | {"count": len(data), "data": data}


ENDPOINTS = {
    "/cgi-bin/clear_quota": Endpoint("POST", clear_quota),
    "/cgi-bin/clear_quota/v2": Endpoint("POST", clear_quota_with_secret),
    "/cgi-bin/openapi/quota/get": Endpoint("POST", quota),
    "/cgi-bin/openapi/rid/get": Endpoint("POST", look_up),
    "/wxaapi/newtmpl/addtemplate": Endpoint("POST", add_template),
    "/wxaapi/newtmpl/deltemplate": Endpoint("POST", delete_template),
    "/wxaapi/newtmpl/getcategory": Endpoint("GET", categories),
    "/wxaapi/newtmpl/getpubtemplatekeywords": Endpoint("GET", keywords),
}
