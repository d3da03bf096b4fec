"""TC3-HMAC-SHA256: how a request to Tencent Cloud proves who sends it (API 3.0, signature v3)."""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

ALGORITHM = "TC3-HMAC-SHA256"
_END = "tc3_request"


@dataclass(frozen=True, slots=True)
class Signer:
    """A key of the provider's API, for one of its services."""

    secret_id: str = field(repr=False)
    secret_key: str = field(repr=False)
    service: str


def authorization(signer: Signer, headers: Mapping[str, str], body: bytes, at: datetime) -> str:
    """The Authorization header of a POST to `/`; `headers`, named in lower case, are signed too.

    The day is that of UTC; the server refuses what is more than five minutes off its clock.
    """
    moment = at.astimezone(UTC)
    scope = f"{moment:%Y-%m-%d}/{signer.service}/{_END}"
    names = ";".join(sorted(headers))
    digest = _hex(_canonical(headers, names, body))
    stamp = int(moment.timestamp())
    key = _key(signer.secret_key, *scope.split("/"))
    signed = _hmac(key, f"{ALGORITHM}\n{stamp}\n{scope}\n{digest}").hex()
    credential = f"{signer.secret_id}/{scope}"
    return f"{ALGORITHM} Credential={credential}, SignedHeaders={names}, Signature={signed}"


def _canonical(headers: Mapping[str, str], names: str, body: bytes) -> bytes:
    """Method, path, query, headers with their values in lower case, their names, the body's sum."""
    lines = "".join(f"{name}:{headers[name].strip().lower()}\n" for name in names.split(";"))
    return f"POST\n/\n\n{lines}\n{names}\n{_hex(body)}".encode()


def _key(secret_key: str, *steps: str) -> bytes:
    """A key for one day, one service and this algorithm alone."""
    key = f"TC3{secret_key}".encode()
    for step in steps:
        key = _hmac(key, step)
    return key


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def _hex(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
