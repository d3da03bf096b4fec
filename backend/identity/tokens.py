"""Access tokens: short-lived, one algorithm, every claim required, typed and bounded by us.

PyJWT alone would accept a token of another type, `exp` as text or for ever, and any `kid`.
"""

import base64
import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any
from uuid import UUID

import jwt

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
_HEADER = frozenset({"alg", "kid", "typ"})
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
        claims = jwt.decode(token, _key(token), [ALGORITHM], issuer=ISSUER, options=_OPTIONS)
        _check(claims)
        return Claims(Holder(claims["aud"]), UUID(claims["sub"]), UUID(claims["sid"]))
    except (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError) as wrong:
        raise Unauthenticated from wrong


_OPTIONS: Any = {"require": list(CLAIMS), "verify_aud": False}


def _key(token: str) -> jwt.PyJWK:
    """The key that the token's header names; only its header is read before it is verified.

    A header that says more than ours do (`crit`, `jku`, `jwk`, `b64` …) is not ours.
    """
    if len(token) > _LONGEST or not _COMPACT.fullmatch(token):
        raise ValueError("no compact token")
    head = token.partition(".")[0]
    header = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    if not isinstance(header, dict) or header.keys() != _HEADER:
        raise ValueError("not our header")
    kid = header["kid"]
    key = signing_keys().named(kid) if isinstance(kid, str) else None
    if key is None:
        raise ValueError("unknown key")
    return _prepared(key)


@cache
def _prepared(key: bytes) -> jwt.PyJWK:
    """A key that PyJWT need not examine at each token (0.04 ms)."""
    text = base64.urlsafe_b64encode(key).rstrip(b"=").decode()
    return jwt.PyJWK({"kty": "oct", "k": text, "alg": ALGORITHM})


def _check(claims: Mapping[str, Any]) -> None:
    if any(type(claims[name]) is not kind for name, kind in CLAIMS.items()):
        raise ValueError("mistyped claim")
    if claims["typ"] != "access" or claims["exp"] - claims["iat"] != LIFETIME_S:
        raise ValueError("not an access token")
