"""WeChat's callbacks over HTTP: what is taken, and what forged, stale or odd ones are told."""

import dataclasses
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import callbacks
import pytest
import structlog
from callbacks import PATH
from conftest import environment
from flask import Flask
from people import Http
from sqlalchemy import func, select

from backend.kernel import logs
from backend.kernel.database import db
from backend.messaging import WeChatEvent
from config.callbacks import Callback, Mode
from config.settings import Settings, SettingsError

ECHO = "4375120948345356249"


@pytest.fixture
def agreed(app: Flask) -> Iterator[Any]:
    """Change what the console and we agreed on, as long as the test lasts."""
    before = app.extensions["settings"]

    def agree(callback: Callback | None) -> None:
        app.extensions["settings"] = dataclasses.replace(before, wechat_callback=callback)

    yield agree
    app.extensions["settings"] = before


def stored() -> int:
    return db.session.execute(select(func.count(WeChatEvent.id))).scalar_one()


def a_popup(openid: str = "an-openid") -> bytes:
    return callbacks.popup(openid, "TPL", created=int(time.time()))


def problem(answer: Any) -> tuple[int, str]:
    assert answer.mimetype == "application/problem+json"
    assert answer.json["detail"]
    return answer.status_code, answer.json["type"].removeprefix("urn:jiayi:problem:")


def test_the_address_is_proved_by_the_echo_as_it_came(http: Http) -> None:
    answer = http("GET", PATH, query_string=callbacks.query(echostr=ECHO))
    assert (answer.status_code, answer.text, answer.mimetype) == (200, ECHO, "text/plain")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"signature": "0" * 40}, (403, "forged-callback")),
        ({"signature": ""}, (403, "forged-callback")),
        ({"nonce": "another"}, (403, "forged-callback")),
        ({"timestamp": "x"}, (403, "forged-callback")),
        ({"echostr": ""}, (400, "unreadable-callback")),
        ({"echostr": "x" * 129}, (400, "unreadable-callback")),
        ({"echostr": "一"}, (400, "unreadable-callback")),
        ({"echostr": "<b>\n"}, (400, "unreadable-callback")),
    ],
)
def test_who_is_not_wechat_proves_nothing(http: Http, changes: Any, said: Any) -> None:
    query = callbacks.query(echostr=ECHO) | changes
    assert problem(http("GET", PATH, query_string=query)) == said
    assert problem(http("GET", PATH)) == (403, "forged-callback")


@pytest.mark.parametrize("mode", [Mode.MIXED, Mode.SAFE])
@pytest.mark.parametrize("as_xml", [True, False])
def test_an_encrypted_push_in_either_language(
    http: Http, agreed: Any, mode: Mode, as_xml: bool
) -> None:
    agreed(Callback(callbacks.TOKEN, callbacks.KEY, mode))
    encrypted = callbacks.sealed(a_popup())
    xml = f"<xml><ToUserName>gh_1</ToUserName><Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>"
    sent = {"data": xml, "content_type": "text/xml"} if as_xml else {"json": {"Encrypt": encrypted}}
    answer = http("POST", PATH, query_string=callbacks.query(encrypted), **sent)
    assert (answer.status_code, answer.text, answer.mimetype) == (200, "success", "text/plain")
    assert stored() == 1


def test_a_plain_push_where_that_is_agreed(http: Http, agreed: Any) -> None:
    agreed(Callback(callbacks.TOKEN, b"", Mode.PLAIN))
    for content_type in ("application/json", "text/plain", ""):
        answer = http(
            "POST", PATH, data=a_popup(), content_type=content_type, query_string=callbacks.query()
        )
        assert (answer.status_code, answer.text) == (200, "success")
    assert problem(http("POST", PATH, data=a_popup())) == (403, "forged-callback")


@pytest.mark.parametrize("mode", [Mode.MIXED, Mode.SAFE])
def test_nobody_talks_us_out_of_the_encryption(http: Http, agreed: Any, mode: Mode) -> None:
    """A signature once seen covers no body: with it alone nothing is taken."""
    agreed(Callback(callbacks.TOKEN, callbacks.KEY, mode))
    answer = http("POST", PATH, data=a_popup(), query_string=callbacks.query())
    assert problem(answer) == (403, "forged-callback")
    beside = b'{"Encrypt":"' + b"A" * 64 + b'",' + a_popup()[1:]
    answer = http("POST", PATH, data=beside, query_string=callbacks.query("A" * 44))
    assert problem(answer) == (403, "forged-callback")
    assert stored() == 0


def test_a_push_again_is_the_same_push(http: Http) -> None:
    """WeChat repeats what it got no answer to, with the same signatures or with new ones."""
    popup = a_popup()
    encrypted = callbacks.sealed(popup)
    query = callbacks.query(encrypted)
    for again in (query, query, callbacks.query(encrypted)):
        answer = http("POST", PATH, json={"Encrypt": encrypted}, query_string=again)
        assert (answer.status_code, answer.text) == (200, "success")
    assert callbacks.told(http, popup).status_code == 200
    assert stored() == 1


@pytest.mark.parametrize("seconds", [-310, 310])
def test_what_was_recorded_is_not_played_again_later(http: Http, seconds: int) -> None:
    encrypted = callbacks.sealed(a_popup())
    query = callbacks.query(encrypted, at=time.time() + seconds)
    answer = http("POST", PATH, json={"Encrypt": encrypted}, query_string=query)
    assert problem(answer) == (403, "stale-callback")
    assert stored() == 0


def _pushed(http: Http, message: bytes, **seal: Any) -> Any:
    encrypted = callbacks.sealed(message, **seal)
    body = {"Encrypt": encrypted}
    return http("POST", PATH, json=body, query_string=callbacks.query(encrypted))


BOMB = b'<!DOCTYPE x [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><xml><Event>&b;</Event></xml>'


@pytest.mark.parametrize(
    "answer",
    [
        lambda http: _pushed(http, a_popup(), appid="wx-of-somebody-else"),
        lambda http: _pushed(http, a_popup(), pad=40),
        lambda http: _pushed(http, a_popup()[:-5]),
        lambda http: _pushed(http, BOMB),
        lambda http: _pushed(http, b""),
        lambda http: _pushed(http, b"\xff\x00"),
        lambda http: http("POST", PATH, data=BOMB, query_string=callbacks.query("x")),
        lambda http: http("POST", PATH, data=b"", query_string=callbacks.query("x")),
        lambda http: http("POST", PATH, data=b"[1]", query_string=callbacks.query("x")),
    ],
)
def test_what_cannot_be_read_is_refused_in_words(http: Http, answer: Any) -> None:
    assert problem(answer(http)) == (400, "unreadable-callback")
    assert stored() == 0


@pytest.mark.parametrize("size", [70_000, 2_000_000])
def test_what_is_too_large_is_not_read(http: Http, size: int) -> None:
    answer = http("POST", PATH, data=b"x" * size, query_string=callbacks.query("x"))
    assert problem(answer) == (413, "too-large")


def test_without_its_token_we_know_nobody_and_say_so(
    http: Http, agreed: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    agreed(None)
    kept = structlog.get_config()
    logs.configure("INFO")
    try:
        for method in ("GET", "POST"):
            answer = http(method, PATH, query_string=callbacks.query(echostr=ECHO))
            assert problem(answer) == (503, "callback-not-set")
    finally:
        structlog.configure(**kept)
    assert "WECHAT_CALLBACK_TOKEN is not set" in capsys.readouterr().out


def _environment(**changes: str) -> dict[str, str]:
    found: dict[str, str] = environment("postgresql://x", Path())
    return found | changes


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"WECHAT_CALLBACK_TOKEN": "x"}, "WECHAT_CALLBACK_TOKEN"),
        ({"WECHAT_CALLBACK_TOKEN": ""}, "WECHAT_CALLBACK_TOKEN"),
        ({"WECHAT_CALLBACK_AES_KEY": ""}, "WECHAT_CALLBACK_AES_KEY"),
        ({"WECHAT_CALLBACK_AES_KEY": "x" * 42}, "WECHAT_CALLBACK_AES_KEY"),
        ({"WECHAT_CALLBACK_MODE": "loud"}, "WECHAT_CALLBACK_MODE"),
        ({"WECHAT_CALLBACK_MODE": "plain", "ENV": "production"}, "safe or mixed"),
    ],
)
def test_settings_that_would_not_work_end_the_process(changes: Any, words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        Settings.from_env(_environment(LIMITS="1") | changes)


def test_settings_that_work() -> None:
    assert callbacks.TOKEN not in repr(Settings.from_env(_environment()))
    plain = {"WECHAT_CALLBACK_MODE": "plain", "WECHAT_CALLBACK_AES_KEY": ""}
    found = Settings.from_env(_environment(**plain)).wechat_callback
    assert found == Callback(callbacks.TOKEN, b"", Mode.PLAIN)
    none = {"WECHAT_CALLBACK_TOKEN": "", "WECHAT_CALLBACK_AES_KEY": ""}
    assert Settings.from_env(_environment(**none)).wechat_callback is None
    real = _environment(ENV="production", LIMITS="1", SMS_BASE_URL="")
    safe = Settings.from_env(real).wechat_callback
    assert safe is not None
    assert (safe.mode, safe.key) == (Mode.SAFE, callbacks.KEY)
