"""Forged, stale, mistyped and borrowed tokens: each is a 401 in words, over HTTP."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from flask import Flask
from people import a_member_of_staff, a_resident, token_of
from werkzeug.test import TestResponse

from backend import identity
from backend.kernel.context import Role
from backend.kernel.database import db

KEY = b"k" * 32
ME = "/api/v1/resident/me"
Claims = dict[str, Any]
NEVER = "(left out)"
NOBODYS = "7d9f5c0e-4b0a-4f57-9d10-2f6f3a1f4c11"


@pytest.fixture
def resident(app: Flask) -> identity.Resident:
    found = a_resident()
    db.session.commit()
    return found


@pytest.fixture
def genuine(resident: identity.Resident) -> str:
    found = token_of(resident)
    db.session.commit()
    return found


@pytest.fixture
def claims(genuine: str) -> Claims:
    """Of a token that opens the door, for tests to change one thing."""
    found: Claims = jwt.decode(genuine, options={"verify_signature": False})
    return found


def ask(app: Flask, authorization: str | list[str] | None) -> TestResponse:
    told = [authorization] if isinstance(authorization, str) else authorization or []
    return app.test_client().get(ME, headers=[("Authorization", one) for one in told])


def refused(answer: TestResponse) -> bool:
    return (answer.status_code, answer.mimetype) == (401, "application/problem+json") and (
        answer.json["type"] == "urn:jiayi:problem:unauthenticated"
    )


def part(content: Any) -> str:
    text = content if isinstance(content, bytes) else json.dumps(content).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def sealed(header: Any, claims: Any, key: bytes = KEY, digest: Any = hashlib.sha256) -> str:
    """Any header over any content, signed as a thief of the key could."""
    signed = f"{part(header)}.{part(claims)}"
    return f"{signed}.{part(hmac.new(key, signed.encode(), digest).digest())}"


OURS = {"alg": "HS256", "kid": "k1", "typ": "JWT"}


def without(name: str) -> Claims:
    return {name: NEVER}


def test_the_genuine_token_opens_the_door(app: Flask, genuine: str, claims: Claims) -> None:
    assert ask(app, f"Bearer {genuine}").status_code == 200
    assert ask(app, f"Bearer {sealed(OURS, claims)}").status_code == 200


CHANGED: list[Claims] = [
    *[without(name) for name in ("iss", "aud", "sub", "typ", "jti", "sid", "iat", "exp")],
    *[{name: None} for name in ("iss", "aud", "sub", "typ", "jti", "sid", "iat", "exp")],
    {"iss": "other"}, {"iss": "JIAYI"}, {"iss": ["jiayi"]}, {"iss": 1},
    {"aud": "staff"}, {"aud": "nobody"}, {"aud": ["resident"]}, {"aud": ["resident", "staff"]},
    {"aud": "resident "}, {"aud": {"resident": 1}},
    {"typ": "refresh"}, {"typ": "Access"}, {"typ": ["access"]}, {"typ": ""},
    {"sub": 5}, {"sub": "5"}, {"sub": ""}, {"sub": "' OR 1=1 --"}, {"sub": [1]}, {"sub": True},
    {"sub": NOBODYS}, {"sub": "00000000-0000-0000-0000-000000000000"},
    {"jti": 7}, {"jti": []}, {"jti": True},
    {"sid": 1}, {"sid": "x"}, {"sid": NOBODYS}, {"sid": ["x"]}, {"sid": ""},
    {"exp": 1}, {"exp": "9999999999"}, {"exp": 1e308}, {"exp": 2**62}, {"exp": 2**70},
    {"exp": -1}, {"exp": True}, {"exp": [9999999999]}, {"exp": {}}, {"exp": 9999999999.5},
    {"iat": "1"}, {"iat": True}, {"iat": 1e308}, {"iat": -1}, {"iat": 0}, {"iat": 2**62},
    {"nbf": 2**33}, {"nbf": "soon"},
]  # fmt: skip


@pytest.mark.parametrize("changes", CHANGED, ids=lambda changes: f"{changes}"[:60])
def test_a_signed_token_with_one_wrong_claim(app: Flask, claims: Claims, changes: Claims) -> None:
    told = {name: value for name, value in (claims | changes).items() if value is not NEVER}
    assert refused(ask(app, f"Bearer {sealed(OURS, told)}"))


@pytest.mark.parametrize(("issued", "lasts"), [
    (0, 901), (0, 899), (0, 86_400), (-901, 900), (-86_400, 86_400 + 900), (120, 900), (3600, 900),
    (0, 0), (0, -900),
])  # fmt: skip
def test_no_token_begins_later_or_lasts_longer(
    app: Flask, claims: Claims, issued: int, lasts: int
) -> None:
    now = int(time.time()) + issued
    assert refused(ask(app, f"Bearer {sealed(OURS, claims | {'iat': now, 'exp': now + lasts})}"))


HEADERS: list[Any] = [
    {"alg": "none", "kid": "k1", "typ": "JWT"}, {"alg": "None", "kid": "k1", "typ": "JWT"},
    {"alg": "HS512", "kid": "k1", "typ": "JWT"}, {"alg": "HS384", "kid": "k1", "typ": "JWT"},
    {"alg": "RS256", "kid": "k1", "typ": "JWT"}, {"alg": "ES256", "kid": "k1", "typ": "JWT"},
    {"alg": "hs256", "kid": "k1", "typ": "JWT"}, {"alg": "", "kid": "k1", "typ": "JWT"},
    {"alg": ["HS256"], "kid": "k1", "typ": "JWT"}, {"alg": None, "kid": "k1", "typ": "JWT"},
    {"kid": "k1", "typ": "JWT"}, {"alg": "HS256", "typ": "JWT"}, {"alg": "HS256", "kid": "k1"},
    *[OURS | {"kid": kid} for kid in (
        None, 1, True, [], ["k1"], {"k1": 1}, "", "k2", "K1", "k1 ", "../../dev/null",
        "/proc/self/environ", "' UNION SELECT 'x", "k1\0", "http://evil.example/key", "k" * 1000,
    )],
    *[OURS | more for more in (
        {"crit": ["exp"]}, {"crit": []}, {"b64": False, "crit": ["b64"]}, {"zip": "DEF"},
        {"jku": "http://127.0.0.1:9/keys"}, {"x5u": "http://127.0.0.1:9/cert"},
        {"jwk": {"kty": "oct", "k": "AAAA"}}, {"x5c": ["AAAA"]}, {"cty": "JWT"},
        {"enc": "A256GCM"}, {"kid ": "k1"},
    )],
    [], "x", 7, None, {}, b"not json", b"\xff\xfe", b"[" * 5000,
]  # fmt: skip


@pytest.mark.parametrize("header", HEADERS, ids=lambda header: f"{header}"[:60])
def test_a_header_that_is_not_ours(app: Flask, claims: Claims, header: Any) -> None:
    assert refused(ask(app, f"Bearer {sealed(header, claims)}"))


KEYS = [b"", b"k", b"k" * 31, b"k" * 33, b"x" * 32, b"k1", b"secret", b"jiayi"]


@pytest.mark.parametrize("key", KEYS)
def test_another_key(app: Flask, claims: Claims, key: bytes) -> None:
    assert refused(ask(app, f"Bearer {sealed(OURS, claims, key)}"))


@pytest.mark.parametrize("digest", [hashlib.sha512, hashlib.sha384, hashlib.sha1, hashlib.md5])
def test_another_digest_under_our_header(app: Flask, claims: Claims, digest: Any) -> None:
    assert refused(ask(app, f"Bearer {sealed(OURS, claims, digest=digest)}"))


def with_twice(claims: Claims) -> bytes:
    text = json.dumps(claims)
    return f'{text[:-1]}, "sub": "00000000-0000-0000-0000-000000000000"}}'.encode()


BENT: dict[str, Callable[[str, Claims], str]] = {
    "no signature": lambda token, _: token.rpartition(".")[0] + ".",
    "signature left out": lambda token, _: token.rpartition(".")[0],
    "signature cut": lambda token, _: token[:-4],
    "signature of zeros": lambda token, _: token.rpartition(".")[0] + "." + "A" * 43,
    "signature twice": lambda token, _: token + token.rpartition(".")[2],
    "a fourth part": lambda token, _: token + ".x",
    "five parts, a JWE": lambda *_: f"{part({'alg': 'dir', 'enc': 'A256GCM'})}..a.b.c",
    "trailing dots": lambda token, _: token + "...",
    "leading dot": lambda token, _: "." + token,
    "only dots": lambda *_: "..",
    "padding": lambda token, _: token + "==",
    "junk that decoders skip": lambda token, _: token[:-2] + "!!" + token[-2:],
    "a space inside": lambda token, _: token[:30] + " " + token[30:],
    "a tab inside": lambda token, _: token[:30] + "\t" + token[30:],
    "unicode digits": lambda token, _: token[:-1] + "é",
    "huge": lambda token, _: token + "A" * 10_000,
    "parts swapped": lambda token, _: ".".join(reversed(token.split("."))),
    "another's claims under its signature": lambda token, claims: ".".join(
        [token.split(".")[0], part(claims | {"sub": NOBODYS}), token.split(".")[2]]
    ),
    "nested": lambda token, _: sealed(OURS | {"cty": "JWT"}, token.encode()),
    "nested under our header": lambda token, _: sealed(OURS, token.encode()),
    "claims are a list": lambda _, claims: sealed(OURS, [claims]),
    "claims are no JSON": lambda *_: sealed(OURS, b"{"),
    "claims nested deep": lambda *_: sealed(OURS, b'{"a":' * 150 + b"1" + b"}" * 150),
    "a claim twice, the last one counts": lambda _, claims: sealed(OURS, with_twice(claims)),
    "empty": lambda *_: "",
    "null": lambda *_: "null",
    "undefined": lambda *_: "undefined",
    "a session's id": lambda _, claims: claims["sid"],
}  # fmt: skip


@pytest.mark.parametrize("bend", BENT.values(), ids=list(BENT))
def test_a_token_that_was_bent(app: Flask, genuine: str, claims: Claims, bend: Any) -> None:
    assert refused(ask(app, f"Bearer {bend(genuine, claims)}"))


SCHEMES: dict[str, Callable[[str], str | list[str] | None]] = {
    "nothing": lambda _: None,
    "empty": lambda _: "",
    "the scheme alone": lambda _: "Bearer",
    "the token alone": lambda token: token,
    "Basic": lambda token: "Basic " + base64.b64encode(f"u:{token}".encode()).decode(),
    "Token": lambda token: f"Token {token}",
    "JWT": lambda token: f"JWT {token}",
    "Bearer:": lambda token: f"Bearer:{token}",
    "two in one": lambda token: f"Bearer {token}, Bearer {token}",
    "two headers": lambda token: [f"Bearer {token}", f"Bearer {token}"],
    "quoted": lambda token: f'Bearer "{token}"',
    "named": lambda token: f"Bearer token={token}",
}


@pytest.mark.parametrize("say", SCHEMES.values(), ids=list(SCHEMES))
def test_a_token_said_in_another_way(app: Flask, genuine: str, say: Any) -> None:
    assert refused(ask(app, say(genuine)))


@pytest.mark.parametrize("where", ["?access_token={}", "?token={}", "?Authorization=Bearer%20{}"])
def test_no_token_is_taken_from_the_address(app: Flask, genuine: str, where: str) -> None:
    assert refused(app.test_client().get(ME + where.format(genuine)))


def test_no_token_is_taken_from_a_cookie(app: Flask, genuine: str) -> None:
    client = app.test_client()
    client.set_cookie("access_token", genuine)
    client.set_cookie("Authorization", f"Bearer {genuine}")
    assert refused(client.get(ME))


def test_the_scheme_is_known_in_any_case(app: Flask, genuine: str) -> None:
    """RFC 9110 11.1."""
    assert ask(app, f"bEARER {genuine}").status_code == 200


def test_the_session_of_another(app: Flask, resident: identity.Resident, claims: Claims) -> None:
    other = jwt.decode(token_of(a_resident("陈新")), options={"verify_signature": False})
    db.session.commit()
    assert refused(ask(app, f"Bearer {sealed(OURS, claims | {'sid': other['sid']})}"))
    assert refused(ask(app, f"Bearer {sealed(OURS, claims | {'sub': other['sub']})}"))


def test_a_staff_session_under_a_residents_audience(app: Flask, claims: Claims) -> None:
    doctor = jwt.decode(
        token_of(a_member_of_staff(Role.DOCTOR)), options={"verify_signature": False}
    )
    db.session.commit()
    assert refused(ask(app, f"Bearer {sealed(OURS, doctor | {'aud': 'resident'})}"))
    assert refused(ask(app, f"Bearer {sealed(OURS, claims | {'aud': 'staff'})}"))


def test_there_are_enough_kinds() -> None:
    assert sum(map(len, (CHANGED, HEADERS, KEYS, BENT, SCHEMES))) >= 120
