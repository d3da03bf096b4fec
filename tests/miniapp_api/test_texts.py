"""Who wants no texts says so with a T or here; here they come back."""

from flask import Flask
from people import Http
from sms_builders import a_text, applied, prepared, reply, somebody

from backend.messaging import Reason


def test_texts_are_switched_off_and_on_again(app: Flask, http: Http) -> None:
    person = somebody()
    shown = http("GET", "/resident/me/texts", person).json
    assert shown == {
        "is_offered": True,
        "has_phone": True,
        "is_wanted": True,
        "is_reachable": True,
    }
    assert (
        http("PUT", "/resident/me/texts", person, json={"is_wanted": False}).json["is_wanted"]
        is False
    )
    text = a_text(person)
    assert prepared(text) == {}
    assert text.reason is Reason.STOPPED
    http("PUT", "/resident/me/texts", person, json={"is_wanted": True})
    assert prepared(a_text(person))


def test_a_t_in_reply_shows_here(app: Flask, http: Http) -> None:
    person = somebody()
    reply("T")
    applied()
    assert http("GET", "/resident/me/texts", person).json["is_wanted"] is False


def test_without_a_phone_there_is_nothing_to_switch(app: Flask, http: Http) -> None:
    person = somebody(None)
    assert http("GET", "/resident/me/texts", person).json["has_phone"] is False
    refused = http("PUT", "/resident/me/texts", person, json={"is_wanted": True})
    assert (refused.status_code, refused.json["type"]) == (409, "urn:jiayi:problem:no-phone")
