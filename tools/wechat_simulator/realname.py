"""The real-name verification provider [实名核验]: a signed question, one of four answers."""

import hashlib
import hmac
import json
import time
import uuid
from typing import Any

from .platform import Platform

PATH = "/realname/v1/verify"
FRESH_SECONDS = 300


class Unsigned(Exception):
    """The signature, the time-stamp or the nonce does not hold."""


class Malformed(Exception):
    """The question is not the JSON object it should be."""


class Desk:
    """Remembers the nonces of the last minutes, so that a question cannot be played again."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self.nonces: dict[str, float] = {}

    def verify(self, raw: bytes, signature: str) -> dict[str, str]:
        """Answer one question."""
        question = _parse(raw)
        self._check(question, raw, signature)
        return answer(self._judge(question["name"], question["id_number"]))

    def _judge(self, name: str, id_number: str) -> str:
        known = self.platform.users.persons.get(id_number.upper())
        if known is None:
            return "not_found"
        return "match" if known == name else "mismatch"

    def _check(self, question: dict[str, Any], raw: bytes, signature: str) -> None:
        key = self.platform.account.realname_key
        right = sign(key, question["timestamp"], question["nonce"], raw)
        if not hmac.compare_digest(right.encode(), signature.lower().encode()):
            raise Unsigned("bad signature")
        now = time.time()
        if abs(now - int(question["timestamp"])) > FRESH_SECONDS:
            raise Unsigned("stale timestamp")
        self._use_nonce(question["nonce"], now)

    def _use_nonce(self, nonce: str, now: float) -> None:
        if self.nonces.get(nonce, 0.0) > now:
            raise Unsigned("nonce used before")
        if len(self.nonces) >= 10_000:
            self.nonces = {one: until for one, until in self.nonces.items() if until > now}
        self.nonces[nonce] = now + 2 * FRESH_SECONDS


def answer(result: str) -> dict[str, str]:
    """The provider's answer."""
    return {"request_id": uuid.uuid4().hex, "result": result}


def sign(key: str, timestamp: Any, nonce: str, raw: bytes) -> str:
    """HMAC-SHA-256 over time-stamp, nonce and body, one a line, in hexadecimal."""
    text = f"{timestamp}\n{nonce}\n".encode() + raw
    return hmac.new(key.encode(), text, hashlib.sha256).hexdigest()


def _parse(raw: bytes) -> dict[str, Any]:
    try:
        question = json.loads(raw)
        texts = [question[key] for key in ("name", "id_number", "nonce")]
        int(question["timestamp"])
    except (ValueError, KeyError, TypeError, OverflowError):
        raise Malformed("name, id_number, timestamp and nonce are needed") from None
    if not all(isinstance(text, str) and text for text in texts):
        raise Malformed("name, id_number and nonce are texts")
    return dict(question)
