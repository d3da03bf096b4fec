"""How the platform says no: HTTP 200, an `errcode`, and a text nobody should compare."""

import secrets
import time
from typing import Any

TEXTS = {
    -1: "system error",
    40001: "invalid credential, access_token is invalid or not latest",
    40002: "invalid grant_type",
    40003: "invalid openid",
    40013: "invalid appid",
    40029: "invalid code",
    40037: "invalid template_id",
    40066: "invalid url",
    40097: "invalid args",
    40125: "invalid appsecret",
    40163: "code been used",
    40164: "",
    40165: "invalid weapp pagepath",
    40169: "invalid length for scene, or the data is not json string",
    40226: "code blocked",
    41001: "access_token missing",
    41002: "appid missing",
    41004: "appsecret missing",
    41008: "missing code",
    41030: "invalid page",
    42001: "access_token expired",
    43001: "require GET method",
    43002: "require POST method",
    43101: "user refuse to accept the msg",
    43106: "not allow to add template, for punishment",
    43107: "subscribe message is banned",
    43108: "Cannot make concurrent calls to the same OpenID, please try again",
    44002: "empty post data",
    45009: "reach max api daily quota limit",
    45011: "api minute-quota reach limit, must slower, retry next minute",
    45168: "keyword in blacklist",
    47001: "data format error",
    47003: "argument invalid!",
    48004: "api forbidden for punishment",
    48006: "forbid to clear quota because of reaching the limit",
    50004: "user is limited",
    76001: "rid not found",
    76002: "rid is error",
    76004: "rid is expired",
    76021: "cgi_path not found",
    85400: "expire time is invalid",
    200012: "template reach limit",
    200014: "invalid tid",
    200020: "invalid kidList",
    200021: "invalid sceneDesc",
}


class Refused(Exception):
    """One call answered with a non-zero `errcode`."""

    def __init__(self, errcode: int, detail: str = "") -> None:
        super().__init__(errcode, detail)
        self.errcode = errcode
        self.detail = detail
        self.rid = rid()

    def body(self) -> dict[str, Any]:
        """The JSON object of the answer, with the `rid` suffix of a real one."""
        text = f"{TEXTS.get(self.errcode, 'error')} {self.detail}".strip()
        return {"errcode": self.errcode, "errmsg": f"{text} rid: {self.rid}"}


def rid() -> str:
    """A request id as the platform writes it: time, then two random words."""
    return f"{int(time.time()):08x}-{secrets.token_hex(4)}-{secrets.token_hex(4)}"
