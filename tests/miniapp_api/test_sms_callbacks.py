"""The SMS provider's callbacks over HTTP: kept once, answered as it expects; others are nobody."""

import dataclasses
import json
from typing import Any

import pytest
from flask import Flask
from people import Http
from sms_builders import PHONE, a_sent_text, applied
from sms_simulators import CALLBACK_SECRET
from sqlalchemy import func, select, text

from backend.kernel.database import db
from backend.messaging import SmsHeard, State

RECEIPT = {
    "user_receive_time": "2026-11-23 09:31:00",
    "nationcode": "86",
    "mobile": PHONE,
    "report_status": "SUCCESS",
    "errmsg": "DELIVRD",
    "description": "用户短信送达成功",
    "sid": "s-1",
}
REPLY = {
    "extend": "",
    "mobile": PHONE,
    "nationcode": "86",
    "sign": "家医示例",
    "text": "T",
    "time": 1,
}


def post(http: Http, what: str, said: Any, secret: str = CALLBACK_SECRET, **options: Any) -> Any:
    body = {"data": said if isinstance(said, bytes) else json.dumps(said)}
    return http("POST", f"/open/sms/{secret}/{what}", **body, **options)


def kept() -> int:
    return db.session.execute(select(func.count(SmsHeard.id))).scalar_one()


@pytest.mark.parametrize("kind", ["application/json", "text/plain", None])
def test_receipts_are_kept_once_and_answered_as_the_provider_expects(
    http: Http, kind: str | None
) -> None:
    message = a_sent_text(State.UNKNOWN)
    for _ in range(2):
        answer = post(http, "receipts", [RECEIPT], content_type=kind)
        assert (answer.status_code, answer.json) == (200, {"result": 0, "errmsg": "OK"})
    assert kept() == 1
    applied()
    assert message.state is State.SENT


def test_a_reply_is_one_object(http: Http) -> None:
    assert post(http, "replies", REPLY).json == {"result": 0, "errmsg": "OK"}
    assert kept() == 1


@pytest.mark.parametrize("secret", ["x", CALLBACK_SECRET[:-1], CALLBACK_SECRET + "x", "秘密"])
def test_who_does_not_know_the_address_finds_nothing(http: Http, secret: str) -> None:
    assert post(http, "receipts", [RECEIPT], secret).status_code == 404
    assert kept() == 0


def test_without_a_provider_there_is_no_such_address(app: Flask, http: Http) -> None:
    before = app.extensions["settings"]
    app.extensions["settings"] = dataclasses.replace(before, sms=None)
    try:
        assert post(http, "replies", REPLY).status_code == 404
    finally:
        app.extensions["settings"] = before


@pytest.mark.parametrize("body", [b"", b"{", b"[" * 100_000, json.dumps([RECEIPT] * 501).encode()])
def test_what_no_provider_sends_is_refused_and_told_again(http: Http, body: bytes) -> None:
    assert post(http, "receipts", body).status_code == 400
    assert kept() == 0


def test_the_number_and_the_words_are_nowhere_in_the_clear(http: Http) -> None:
    post(http, "replies", REPLY | {"text": "我头晕"})
    row = db.session.execute(text("SELECT sms_heard::text FROM sms_heard")).scalar_one()
    assert PHONE not in row
    assert PHONE.encode().hex() not in row
    assert "头晕".encode().hex() not in row
