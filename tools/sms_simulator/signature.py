"""Whether a request is signed as TC3-HMAC-SHA256 asks; shares no code with the product."""

import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import UTC, datetime

from .refusal import Refused

FORM = re.compile(
    r"TC3-HMAC-SHA256 Credential=(?P<id>[^/, ]+)/(?P<day>\d{4}-\d\d-\d\d)/(?P<service>\w+)"
    r"/tc3_request, ?SignedHeaders=(?P<names>[a-z0-9;-]+), ?Signature=(?P<signature>[0-9a-f]{64})"
)
NEEDED = {"content-type", "host"}
SKEW_S = 300


def check(headers: Mapping[str, str], raw: bytes, keys: Mapping[str, str], now: float) -> None:
    """Pass a request signed with one of the keys not long ago; raises `Refused`."""
    claimed = FORM.fullmatch(headers.get("Authorization", ""))
    stamp = headers.get("X-TC-Timestamp", "")
    if claimed is None or not stamp.isdecimal() or not set(claimed["names"].split(";")) >= NEEDED:
        raise Refused("AuthFailure.InvalidAuthorization")
    if abs(now - int(stamp)) > SKEW_S:
        raise Refused("AuthFailure.SignatureExpire")
    if claimed["id"] not in keys:
        raise Refused("AuthFailure.SecretIdNotFound")
    on_day = datetime.fromtimestamp(int(stamp), UTC).date().isoformat() == claimed["day"]
    expected = _signature(claimed, headers, raw, keys[claimed["id"]], stamp)
    if not on_day or not hmac.compare_digest(expected, claimed["signature"]):
        raise Refused("AuthFailure.SignatureFailure")


def _signature(
    claimed: "re.Match[str]", headers: Mapping[str, str], raw: bytes, secret: str, stamp: str
) -> str:
    request = ["POST", "/", ""]
    for name in claimed["names"].split(";"):
        request.append(name + ":" + headers.get(name, "").strip().lower())
    request += ["", claimed["names"], hashlib.sha256(raw).hexdigest()]
    scope = [claimed["day"], claimed["service"], "tc3_request"]
    told = ["TC3-HMAC-SHA256", stamp, "/".join(scope)]
    told.append(hashlib.sha256("\n".join(request).encode()).hexdigest())
    secret_bytes = ("TC3" + secret).encode()
    for part in scope:
        secret_bytes = hmac.digest(secret_bytes, part.encode(), "sha256")
    return hmac.digest(secret_bytes, "\n".join(told).encode(), "sha256").hex()
