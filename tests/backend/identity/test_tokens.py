"""Forged, stale and mistyped tokens open nothing."""

import base64
import json
import time
from typing import Any

import jwt
import pytest
from flask import Flask
from people import a_member_of_staff, a_resident, by, token_of

from backend.identity.tokens import ALGORITHM, LIFETIME_S, read
from backend.kernel.context import Role
from backend.kernel.database import db
from backend.kernel.errors import Unauthenticated

KEY = b"k" * 32


def signed(app: Flask, key: bytes = KEY, headers: Any = None, **changes: Any) -> str:
    now = int(time.time())
    claims = {
        "iss": "jiayi", "aud": "resident", "sub": "01a20705-3332-7d17-93e2-b815b5474b19",
        "typ": "access", "jti": "x", "sid": "01a20705-3332-7d17-93e2-b815b5474b1a",
        "iat": now, "exp": now + LIFETIME_S,
    } | changes  # fmt: skip
    claims = {name: value for name, value in claims.items() if value is not ...}
    algorithm = (headers or {}).pop("algorithm", ALGORITHM)
    return jwt.encode(claims, key, algorithm, headers={"kid": "k1"} | (headers or {}))


def test_a_good_token_is_read(app: Flask) -> None:
    assert read(signed(app)).holder == "resident"


def unsigned() -> str:
    part = lambda content: base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=")  # noqa: E731
    return (part({"alg": "none", "kid": "k1"}) + b"." + part({"sub": "x"}) + b".").decode()


@pytest.mark.parametrize("changes", [
    {"iss": "other"}, {"aud": "nobody"}, {"aud": ["resident"]}, {"typ": "refresh"}, {"typ": ...},
    {"sub": "not-a-uuid"}, {"sub": 5}, {"sub": ...}, {"jti": ...}, {"jti": 7}, {"iat": ...},
    {"sid": ...}, {"sid": 1}, {"sid": "x"},
    {"exp": ...}, {"exp": 1}, {"exp": "9999999999"}, {"exp": 1e308}, {"exp": 2**62},
    {"iat": int(time.time()) - 86400}, {"iat": int(time.time()) + 3600}, {"iat": True},
])  # fmt: skip
def test_a_wrong_claim_is_refused(app: Flask, changes: dict[str, Any]) -> None:
    with pytest.raises(Unauthenticated):
        read(signed(app, **changes))


@pytest.mark.parametrize("make", [
    lambda app: signed(app, b"x" * 32),
    lambda app: signed(app, headers={"kid": "k2"}),
    lambda app: signed(app, headers={"algorithm": "HS512"}, key=b"k" * 64),
    lambda app: unsigned(),
    lambda app: signed(app)[:-3] + "abc",
    lambda app: signed(app) + ".x",
    lambda app: "",
    lambda app: "é",
    lambda app: "a.b.c",
])  # fmt: skip
def test_a_forged_token_is_refused(app: Flask, make: Any) -> None:
    with pytest.raises(Unauthenticated):
        read(make(app))


def test_a_token_of_one_audience_does_not_open_another(app: Flask) -> None:
    client, doctor = app.test_client(), a_member_of_staff(Role.DOCTOR)
    bearer = {"Authorization": f"Bearer {token_of(doctor)}"}
    db.session.commit()
    assert client.get("/api/v1/resident/me", headers=bearer).status_code == 403


def test_who_left_is_out_at_the_next_request(app: Flask) -> None:
    doctor = a_member_of_staff(Role.DOCTOR)
    assert by(doctor).actor.role is Role.DOCTOR
    doctor.left_at = by(doctor).at
    db.session.flush()
    with pytest.raises(Unauthenticated):
        by(doctor)


def test_an_account_that_is_gone_opens_nothing(app: Flask) -> None:
    token = token_of(a_resident())
    db.session.rollback()
    answer = app.test_client().get(
        "/api/v1/resident/me", headers={"Authorization": f"Bearer {token}"}
    )
    assert answer.status_code == 401
