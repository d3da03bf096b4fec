"""The servers that know identities: WeChat's, and a real-name provider's [实名核验]."""

import functools
import hashlib
import hmac
import json
import secrets
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from threading import BoundedSemaphore, Lock
from typing import Any, Protocol

import httpx2
import structlog

from backend.identity.errors import CodeExpired, WeChatBlocked
from backend.identity.wechat_codes import refusal, rid_of
from backend.kernel import cache
from backend.kernel.errors import Refusal, TooMany, Unavailable
from config.settings import Settings

log = structlog.get_logger(__name__)

WAIT = httpx2.Timeout(5.0, connect=2.0)
BUSY, STALE_TOKEN = -1, frozenset({40001, 40014, 42001})
PAUSES_S = (0.2, 0.8)
FAILED_S, LINES, LINE_WAIT_S = 3.0, 4, 0.5
_RENEW_BEFORE_S = 300

# wechat-protocol §2.1: what each refusal of a code means to the person who logs in.
REFUSALS: Mapping[int, type[Refusal]] = {
    40029: CodeExpired,
    40163: CodeExpired,
    40226: WeChatBlocked,
    45011: TooMany,
}


@dataclass(frozen=True, slots=True)
class WeChatIdentity:
    """Who WeChat says opened the mini-program; the session key is not kept."""

    openid: str


class WeChat(Protocol):
    """What identity and messaging need of WeChat."""

    def identity(self, code: str) -> WeChatIdentity:
        """Exchange a login code; raises one of `REFUSALS` or `Unavailable`."""

    def phone(self, code: str) -> str:
        """Exchange a phone code for a number with country code; raises the same."""

    def access_token(self, stale: str | None = None) -> str:
        """The token for calls; one that was refused is named as `stale` and not given again."""


class Verdict(StrEnum):
    """What the provider says of a name and an ID number."""

    MATCH = "match"
    MISMATCH = "mismatch"
    NOT_FOUND = "not_found"


class RealName(Protocol):
    """A provider of real-name verification."""

    def verify(self, name: str, id_number: str) -> Verdict:
        """Whether name and number belong together; raises `Unavailable`."""


class WeChatServer:
    """WeChat's server protocol over HTTP."""

    def __init__(self, settings: Settings) -> None:
        self._appid, self._secret = settings.wechat_appid, settings.wechat_secret
        self._http = httpx2.Client(base_url=settings.wechat_base_url, timeout=WAIT, verify=tls())
        self._tokens = f"wechat:{self._appid}:access_token"
        self._kept: tuple[str, float] | None = None
        self._failed_until = 0.0
        self._lock = Lock()
        self._lines = BoundedSemaphore(LINES)

    def close(self) -> None:
        """End the kept connections."""
        self._http.close()

    def identity(self, code: str) -> WeChatIdentity:
        """Exchange a login code (code2Session)."""
        asked = {"js_code": code, "grant_type": "authorization_code", **self._credentials()}
        answer = self._call("GET", "/sns/jscode2session", params=asked)
        return WeChatIdentity(_text(answer, "openid"))

    def phone(self, code: str) -> str:
        """Exchange a phone code (getuserphonenumber)."""
        answer = self._with_token("/wxa/business/getuserphonenumber", {"code": code})
        if _text(answer, "phone_info", "watermark", "appid") != self._appid:
            raise Unavailable
        country = _text(answer, "phone_info", "countryCode")
        return f"+{country} {_text(answer, 'phone_info', 'purePhoneNumber')}"

    def access_token(self, stale: str | None = None) -> str:
        """The stable token, shared through Redis, fetched by one thread at a time.

        Who waited for a fetch that failed does not begin another at once.
        """
        with self._lock:
            token = self._kept_token()
            if token is None or token == stale:
                token = self._fetched()
            return token

    def _fetched(self) -> str:
        if time.monotonic() < self._failed_until:
            raise Unavailable
        try:
            return self._fetch_token()
        except Unavailable:
            self._failed_until = time.monotonic() + FAILED_S
            raise

    def _kept_token(self) -> str | None:
        shared = cache.read(self._tokens)
        if shared is not None:
            return shared.decode()
        token, until = self._kept or ("", 0.0)
        return token if time.monotonic() < until else None

    def _fetch_token(self) -> str:
        body = {"grant_type": "client_credential", "force_refresh": False, **self._credentials()}
        answer = self._call("POST", "/cgi-bin/stable_token", json=body)
        token = _text(answer, "access_token")
        ttl = max(_whole(answer.get("expires_in")) - _RENEW_BEFORE_S, 1)
        self._kept = token, time.monotonic() + ttl
        cache.write(self._tokens, token.encode(), ttl)
        return token

    def _with_token(self, path: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """Call with the token; a refused token is replaced once, never in a loop."""
        token = self.access_token()
        answer = self._raw("POST", path, params={"access_token": token}, json=body)
        if _code_of(answer) in STALE_TOKEN:
            token = self.access_token(stale=token)
            answer = self._raw("POST", path, params={"access_token": token}, json=body)
        return _accepted(answer, path)

    def _call(self, method: str, path: str, **content: Any) -> Mapping[str, Any]:
        return _accepted(self._raw(method, path, **content), path)

    def _raw(self, method: str, path: str, **content: Any) -> Mapping[str, Any]:
        """The answer, asked again after a pause while WeChat says that it is busy."""
        for pause in (*PAUSES_S, None):
            answer = self._asked(method, path, **content)
            if _code_of(answer) != BUSY or pause is None:
                return answer
            time.sleep(pause)
        raise Unavailable

    def _asked(self, method: str, path: str, **content: Any) -> Mapping[str, Any]:
        """One call, while a few others at most are under way: the other threads stay free."""
        if not self._lines.acquire(timeout=LINE_WAIT_S):
            raise Unavailable
        try:
            return _asked(self._http, method, path, **content)
        finally:
            self._lines.release()

    def _credentials(self) -> dict[str, str]:
        return {"appid": self._appid, "secret": self._secret}


class RealNameServer:
    """A provider that takes JSON signed by HMAC-SHA256 over time stamp, nonce and body."""

    def __init__(self, settings: Settings) -> None:
        self._key = settings.realname_key.encode()
        self._http = httpx2.Client(base_url=settings.realname_base_url, timeout=WAIT, verify=tls())

    def close(self) -> None:
        """End the kept connections."""
        self._http.close()

    def verify(self, name: str, id_number: str) -> Verdict:
        """Ask the provider once."""
        stamp, nonce = int(time.time()), secrets.token_hex(8)
        asked = {"name": name, "id_number": id_number, "timestamp": stamp, "nonce": nonce}
        body = json.dumps(asked, ensure_ascii=False).encode()
        signed = f"{stamp}\n{nonce}\n".encode() + body
        signature = hmac.new(self._key, signed, hashlib.sha256).hexdigest()
        headers = {"X-Signature": signature, "Content-Type": "application/json"}
        answer = _asked(self._http, "POST", "/v1/verify", content=body, headers=headers)
        try:
            return Verdict(answer.get("result", ""))
        except ValueError:
            log.error("real-name provider", result=str(answer.get("result")))
            raise Unavailable from None


@functools.cache
def tls() -> ssl.SSLContext:
    """The authorities that the machine trusts, read once a process: it takes 25 ms."""
    return httpx2.create_ssl_context()


def _asked(http: httpx2.Client, method: str, path: str, **content: Any) -> Mapping[str, Any]:
    try:
        answer = http.request(method, path, **content)
        answer.raise_for_status()
        read: Any = json.loads(answer.content.decode(errors="ignore"), strict=False)
    except (httpx2.HTTPError, ValueError) as failure:
        log.warning("outside server", path=path, error=type(failure).__name__)
        raise Unavailable from failure
    return read if isinstance(read, dict) else {}


def _code_of(answer: Mapping[str, Any]) -> int:
    return _whole(answer.get("errcode", 0))


def _whole(value: Any) -> int:
    """A number that an answer should hold; raises `Unavailable`."""
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError) as wrong:
        raise Unavailable from wrong


def _text(answer: Any, *path: str) -> str:
    """A text that an answer should hold somewhere; raises `Unavailable`."""
    for name in path:
        answer = answer.get(name) if isinstance(answer, Mapping) else None
    if not isinstance(answer, str | int) or answer == "":
        log.warning("outside server", missing=".".join(path))
        raise Unavailable
    return str(answer)


def _accepted(answer: Mapping[str, Any], path: str) -> Mapping[str, Any]:
    code = _code_of(answer)
    if not code:
        return answer
    known = refusal(code)
    say = log.error if known.is_alarming else log.warning
    words = str(answer.get("errmsg"))[:200]
    say("wechat refused", path=path, errcode=code, errmsg=words, rid=rid_of(answer))
    raise REFUSALS.get(code, Unavailable)
