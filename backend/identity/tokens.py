"""Access tokens: short-lived, one algorithm, every claim required, typed and bounded by us.

They are issued by PyJWT and verified here: it would accept a token of another type, `exp` as text
or for ever, and any `kid`, and takes ten times as long (docs/adr/0009).
"""

import base64
import hmac
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any
from uuid import UUID

import jwt
import orjson

from backend.kernel.errors import Unauthenticated
from backend.kernel.ids import new_id
from backend.kernel.signing import signing_keys

ALGORITHM = "HS256"
ISSUER = "jiayi"
LIFETIME_S = 15 * 60
CLAIMS: Mapping[str, type] = {
    "iss": str,
    "aud": str,
    "sub": str,
    "typ": str,
    "jti": str,
    "sid": str,
    "iat": int,
    "exp": int,
}


_COMPACT = re.compile(r"[\w-]+\.[\w-]+\.[\w-]+", re.ASCII)
_LONGEST = 2048


class Holder(StrEnum):
    """What kind of holder a token is for."""

    RESIDENT = "resident"
    STAFF = "staff"


@dataclass(frozen=True, slots=True)
class Token:
    """A signed access token and its lifetime in seconds (real time)."""

    text: str
    expires_in: int


@dataclass(frozen=True, slots=True)
class Claims:
    """Whose token it is, and the session it belongs to; whether that lives, the database knows."""

    holder: Holder
    subject: UUID
    session: UUID


def issue(holder: Holder, subject: UUID, session: UUID) -> Token:
    """A token for an account (resident) or a member of staff."""
    key = signing_keys().signer()
    now = int(time.time())
    claims = {
        "iss": ISSUER,
        "aud": holder.value,
        "sub": str(subject),
        "typ": "access",
        "jti": str(new_id()),
        "sid": str(session),
        "iat": now,
        "exp": now + LIFETIME_S,
    }
    return Token(jwt.encode(claims, key.secret, ALGORITHM, headers={"kid": key.kid}), LIFETIME_S)


def read(token: str) -> Claims:
    """Whose token it is; raises `Unauthenticated` whatever is wrong with it."""
    try:
        claims = _verified(token)
        _check(claims)
        return Claims(Holder(claims["aud"]), UUID(claims["sub"]), UUID(claims["sid"]))
    except (ValueError, TypeError) as wrong:
        raise Unauthenticated from wrong


def _verified(token: str) -> Any:
    """What the token says, once the one signature it may bear is found to be its own.

    The signature's text is compared, so that there is one way only to write it.
    """
    if len(token) > _LONGEST or not _COMPACT.fullmatch(token):
        raise ValueError("no compact token")
    signed, _, signature = token.rpartition(".")
    head, _, content = signed.partition(".")
    key = signing_keys().named(_kid(head))
    if key is None:
        raise ValueError("unknown key")
    ours = base64.urlsafe_b64encode(hmac.digest(key, signed.encode(), "sha256")).rstrip(b"=")
    if not hmac.compare_digest(ours, signature.encode()):
        raise ValueError("not our signature")
    return orjson.loads(_bytes_of(content))


@lru_cache(64)
def _kid(head: str) -> str:
    """The key that a header names.

    A header that says anything else than ours do (`crit`, `jku`, `jwk`, `b64` …) is not ours.
    """
    header = orjson.loads(_bytes_of(head))
    kid = header.get("kid") if isinstance(header, dict) else None
    if not isinstance(kid, str) or header != {"alg": ALGORITHM, "typ": "JWT", "kid": kid}:
        raise ValueError("not our header")
    return kid


def _bytes_of(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _check(claims: Any) -> None:
    if not isinstance(claims, dict) or claims.keys() != CLAIMS.keys():
        raise ValueError("not our claims")
    if any(type(claims[name]) is not kind for name, kind in CLAIMS.items()):
        raise ValueError("mistyped claim")
    if (claims["iss"], claims["typ"]) != (ISSUER, "access"):
        raise ValueError("not an access token")
    if (
        claims["exp"] - claims["iat"] != LIFETIME_S
        or not claims["iat"] <= time.time() < claims["exp"]
    ):
        raise ValueError("not now")
