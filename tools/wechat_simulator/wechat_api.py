"""The calls of the mini-program server: what each checks, and in which order."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from . import fields
from .office import PLAIN_PER_DAY
from .platform import Platform
from .refusal import Refused
from .templates import Template

Answer = dict[str, Any]
OK = {"errcode": 0, "errmsg": "ok"}
FIRST_MSGID = 1864323726461255680  # above 2**53, as real ones are
STATES = ("developer", "trial", "formal")
LANGUAGES = ("zh_CN", "en_US", "zh_HK", "zh_TW")


class Picture(Answer):
    """An answer that is an image instead of JSON."""

    def __init__(self, content: bytes) -> None:
        super().__init__()
        self.content = content


class Call:
    """One request, its JSON body read when first asked for."""

    def __init__(self, query: Mapping[str, str], raw: bytes, address: str = "") -> None:
        self.query = query
        self.raw = raw
        self.address = address
        self._body: dict[str, Any] | None = None

    @property
    def body(self) -> dict[str, Any]:
        """The JSON object that was posted."""
        if self._body is None:
            self._body = self._parse()
        return self._body

    def text(self, key: str) -> str | None:
        """A member of the body when it is a string; never refuses."""
        try:
            value = self.body.get(key)
        except Refused:
            return None
        return value if isinstance(value, str) else None

    def _parse(self) -> dict[str, Any]:
        if not self.raw:
            raise Refused(44002)
        try:
            body = json.loads(self.raw)
        except ValueError:
            raise Refused(47001) from None
        if not isinstance(body, dict):
            raise Refused(47001)
        return body


@dataclass(frozen=True)
class Endpoint:
    """`openid` tells for whom a call is, so that faults and concurrency can be kept per person."""

    method: str
    perform: Callable[[Platform, Call], Answer]
    openid: Callable[[Platform, Call], str | None] = lambda _platform, _call: None
    one_at_a_time: bool = False


def plain_token(platform: Platform, call: Call) -> Answer:
    """getAccessToken."""
    _check_client(platform, call.query)
    platform.office.admit(call.address)
    platform.office.count("/cgi-bin/token", PLAIN_PER_DAY)
    token, seconds = platform.tokens.plain()
    return {"access_token": token, "expires_in": seconds}


def stable_token(platform: Platform, call: Call) -> Answer:
    """getStableAccessToken."""
    _check_client(platform, call.body)
    platform.office.admit(call.address)
    platform.office.count("/cgi-bin/stable_token")
    token, seconds = platform.tokens.stable(force=call.body.get("force_refresh") is True)
    return {"access_token": token, "expires_in": seconds}


def _check_client(platform: Platform, given: Mapping[str, Any]) -> None:
    if given.get("grant_type") != "client_credential":
        raise Refused(40002)
    _check_account(platform, given)


def _check_account(platform: Platform, given: Mapping[str, Any]) -> None:
    for key, missing, wrong, right in (
        ("appid", 41002, 40013, platform.account.appid),
        ("secret", 41004, 40125, platform.account.secret),
    ):
        if not given.get(key):
            raise Refused(missing)
        if given[key] != right:
            raise Refused(wrong)


def code_to_session(platform: Platform, call: Call) -> Answer:
    """code2Session; success carries no `errcode`."""
    _check_account(platform, call.query)
    if call.query.get("grant_type") != "authorization_code":
        raise Refused(40002)
    value = call.query.get("js_code")
    if not value:
        raise Refused(41008)
    openid = platform.login_codes.owner(value)
    if openid:
        platform.login_rate.count(openid)
    code = platform.login_codes.find(value)
    code.used = True
    return _session(platform, code.openid)


def _session(platform: Platform, openid: str) -> Answer:
    user = platform.users.by_openid[openid]
    if user.blocked:
        raise Refused(40226)
    answer = {"session_key": user.new_session(), "openid": openid}
    return answer | ({"unionid": user.unionid} if user.unionid else {})


def phone_number(platform: Platform, call: Call) -> Answer:
    """getPhoneNumber."""
    platform.tokens.check(call.query.get("access_token"))
    code = platform.phone_codes.find(str(call.body.get("code", "")))
    if call.body.get("openid", code.openid) != code.openid:
        raise Refused(40003)
    code.used = True
    phone = platform.users.by_openid[code.openid].phone
    watermark = {"timestamp": int(platform.clock.now()), "appid": platform.account.appid}
    return OK | {
        "phone_info": {
            "phoneNumber": phone,
            "purePhoneNumber": phone,
            "countryCode": "86",
            "watermark": watermark,
        }
    }


def own_templates(platform: Platform, call: Call) -> Answer:
    """getMessageTemplateList."""
    platform.tokens.check(call.query.get("access_token"))
    return OK | {"data": [template.listed() for template in platform.templates.values()]}


def send(platform: Platform, call: Call) -> Answer:
    """sendMessage [发送订阅消息]: judge, then write the delivery down before anyone hears of it."""
    platform.tokens.check(call.query.get("access_token"))
    body = call.body
    platform.daily.count()
    openid = body.get("touser")
    if not isinstance(openid, str) or openid not in platform.users.by_openid:
        raise Refused(40003)
    template = platform.templates.get(str(body.get("template_id")))
    if template is None:
        raise Refused(40037)
    data = fields.check(template, body.get("data"))
    page = _page(platform, body)
    _check_willing(platform, openid, template)
    return _delivered(platform, openid, template, data, page)


def _delivered(
    platform: Platform, openid: str, template: Template, data: dict[str, str], page: str | None
) -> Answer:
    """Write it down, or fail it after all; either way an event tells."""
    postman = platform.postman
    errcode = postman.failure_of(openid)
    if errcode:
        msgid = FIRST_MSGID - postman.lost()
    else:
        msgid = FIRST_MSGID + platform.ledger.deliver(openid, template, data, page)
        if template.one_time:
            platform.users.spend(openid, template.id)
    if postman.agreed is not None:
        postman.sent(openid, template.id, msgid, errcode)
    return OK | ({"msgid": msgid} if postman.tells_msgid else {})


def _page(platform: Platform, body: dict[str, Any]) -> str | None:
    if body.get("miniprogram_state", "formal") not in STATES:
        raise Refused(47003, "miniprogram_state invalid")
    if body.get("lang", "zh_CN") not in LANGUAGES:
        raise Refused(47003, "lang invalid")
    page = body.get("page") or None
    if page is not None and not (
        isinstance(page, str) and page.isprintable() and platform.account.released(page)
    ):
        raise Refused(41030)
    return page


def _check_willing(platform: Platform, openid: str, template: Template) -> None:
    user = platform.users.by_openid[openid]
    if user.muted or (template.one_time and user.quota.get(template.id, 0) <= 0):
        raise Refused(43101)


def _login_owner(platform: Platform, call: Call) -> str | None:
    return platform.login_codes.owner(call.query.get("js_code", ""))


def _phone_owner(platform: Platform, call: Call) -> str | None:
    return platform.phone_codes.owner(call.text("code") or "")


ENDPOINTS = {
    "/cgi-bin/token": Endpoint("GET", plain_token),
    "/cgi-bin/stable_token": Endpoint("POST", stable_token),
    "/sns/jscode2session": Endpoint("GET", code_to_session, _login_owner),
    "/wxa/business/getuserphonenumber": Endpoint("POST", phone_number, _phone_owner),
    "/wxaapi/newtmpl/gettemplate": Endpoint("GET", own_templates),
    "/cgi-bin/message/subscribe/send": Endpoint(
        "POST", send, lambda _platform, call: call.text("touser"), one_at_a_time=True
    ),
}
