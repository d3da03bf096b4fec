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
from threading import BoundedSemaphore
from typing import Any, Protocol

import httpx2
import structlog

from backend.identity.errors import CodeExpired, WeChatBlocked, WeChatRefused
from backend.identity.wechat_codes import Action, Refused, refusal, rid_of, with_action
from backend.identity.wechat_token import FetchFailed, SharedToken
from backend.kernel.errors import Refusal, TooMany, Unavailable
from config.settings import Settings

log = structlog.get_logger(__name__)

WAIT = httpx2.Timeout(5.0, connect=2.0)
BUSY = -1
STALE_TOKEN = with_action(Action.REFRESH)
PAUSES_S = (0.2, 0.8)
FETCH = "/cgi-bin/stable_token"
IMAGE = "image"
OK = 200
LINES, LINE_WAIT_S = 4, 0.5
# A fetch of the token with its second try ends inside the lease of whoever fetches. A server that
# answers byte by byte may take longer: then another fetches, and what this one got is not kept.
FETCH_WAIT, FETCH_PAUSE_S = httpx2.Timeout(2.0, connect=1.0), 0.5
FAILED_S, MISCONFIGURED_S = 3.0, 60.0
LONGEST_TOKEN_S = 7200
FETCH_PAUSES_S = {Action.BACK_OFF: FAILED_S, Action.NEXT_DAY: 600.0}

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

    def ask(
        self, path: str, body: Mapping[str, Any] | None = None, method: str = "POST"
    ) -> Mapping[str, Any]:
        """Any call that needs the token; raises `Unavailable`, `WeChatRefused` with its code."""

    def picture(self, path: str, body: Mapping[str, Any]) -> bytes:
        """A call that is answered with an image; raises the same."""


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
        self.token = SharedToken(self._appid, self._fetch_token)
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
        answer = self.ask("/wxa/business/getuserphonenumber", {"code": code})
        if _text(answer, "phone_info", "watermark", "appid") != self._appid:
            raise Unavailable
        country = _text(answer, "phone_info", "countryCode")
        return f"+{country} {_text(answer, 'phone_info', 'purePhoneNumber')}"

    def access_token(self, stale: str | None = None) -> str:
        """The stable token that all processes share; raises `Unavailable`."""
        return self.token.get(stale)

    def _fetch_token(self, force: bool) -> tuple[str, int]:
        body = {"grant_type": "client_credential", "force_refresh": force, **self._credentials()}
        try:
            answer = self._asked_for_token(body)
            if (code := _code_of(answer)) == 0:
                return _text(answer, "access_token"), _lifetime(answer.get("expires_in"))
        except Unavailable as failure:
            raise FetchFailed(None, FAILED_S) from failure
        known = _told(answer, code, FETCH)
        if known.action not in FETCH_PAUSES_S:
            log.error("wechat gives no token", errcode=code, advice=known.advice)
        raise FetchFailed(code, FETCH_PAUSES_S.get(known.action, MISCONFIGURED_S))

    def _asked_for_token(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """Asked once more while WeChat is busy; no line is waited for: one process asks at all."""
        answer = _asked(self._http, "POST", FETCH, json=body, timeout=FETCH_WAIT)
        if _code_of(answer) == BUSY:
            time.sleep(FETCH_PAUSE_S)
            answer = _asked(self._http, "POST", FETCH, json=body, timeout=FETCH_WAIT)
        return answer

    def ask(
        self, path: str, body: Mapping[str, Any] | None = None, method: str = "POST"
    ) -> Mapping[str, Any]:
        """Any call that needs the token; raises `Unavailable`, `WeChatRefused` with its code."""
        return _accepted(self._with_token(method, path, body), path)

    def picture(self, path: str, body: Mapping[str, Any]) -> bytes:
        """A call that is answered with an image; raises the same."""
        answer = self._with_token("POST", path, body)
        if IMAGE not in answer:
            _accepted(answer, path)
            raise Unavailable
        return bytes(answer[IMAGE])

    def _with_token(
        self, method: str, path: str, body: Mapping[str, Any] | None
    ) -> Mapping[str, Any]:
        """Call with the token; a refused token is replaced once, never in a loop."""
        content = {} if body is None else {"json": body}
        token = self.access_token()
        answer = self._raw(method, path, params={"access_token": token}, **content)
        if _code_of(answer) in STALE_TOKEN:
            token = self.access_token(stale=token)
            answer = self._raw(method, path, params={"access_token": token}, **content)
        return answer

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
    """What was answered; a failure is told by its name alone: its words hold the whole address."""
    try:
        answer = http.request(method, path, **content)
        if answer.status_code != OK:
            log.warning("outside server", path=path, status=answer.status_code)
            raise Unavailable
        read = _read(answer.content, answer.headers.get("Content-Type", ""))
    except (httpx2.HTTPError, ValueError) as failure:
        log.warning("outside server", path=path, error=type(failure).__name__)
        raise Unavailable from None
    return read if isinstance(read, dict) else {}


def _read(content: bytes, kind: str) -> Any:
    """JSON, whatever it is called; an image only where both its name and its first byte say so."""
    if kind.startswith("image/") and not content.lstrip().startswith(b"{"):
        return {IMAGE: content}
    return json.loads(content.decode(errors="ignore"), strict=False)


def _code_of(answer: Mapping[str, Any]) -> int:
    return _whole(answer.get("errcode", 0))


def _whole(value: Any) -> int:
    """A number that an answer should hold; raises `Unavailable`."""
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError) as wrong:
        raise Unavailable from wrong


def _lifetime(value: Any) -> int:
    """The seconds that a token lives, never believed to be more than WeChat promises."""
    seconds = _whole(value)
    if seconds <= 0:
        raise Unavailable
    return min(seconds, LONGEST_TOKEN_S)


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
    _told(answer, code, path)
    words = str(answer.get("errmsg"))[:200]
    raise REFUSALS[code] if code in REFUSALS else WeChatRefused(code, rid_of(answer), words)


def _told(answer: Mapping[str, Any], code: int, path: str) -> Refused:
    """What a refusal means, written into the log with what an operator may do."""
    known = refusal(code)
    say = log.error if known.is_alarming else log.warning
    words = str(answer.get("errmsg"))[:200]
    told = {"errcode": code, "errmsg": words, "rid": rid_of(answer), "means": known.means}
    say("wechat refused", path=path, **told)
    return known
