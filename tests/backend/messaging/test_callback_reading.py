"""What WeChat's events look like, in both languages, one or several, and what is none."""

import contextlib
import json
import time
from typing import Any
from xml.sax.saxutils import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wechatpy import parse_message

from backend.messaging import callback_reading as reading
from backend.messaging.callback_errors import UnreadableCallback
from backend.messaging.callback_models import Told
from backend.messaging.callback_reading import Item
from backend.messaging.callback_service import key_of

OPENID, TEMPLATE = "otFpruAK8D-E6EfStSYonYSBZ8_4", "VRR0UEO9VJOLs0MHlU0OilqX6MVFDwH3_3gz3Oc0NIc"
ONE = (
    "<xml><ToUserName><![CDATA[gh_123456789abc]]></ToUserName>"
    f"<FromUserName><![CDATA[{OPENID}]]></FromUserName><CreateTime>1610969440</CreateTime>"
    "<MsgType><![CDATA[event]]></MsgType><Event><![CDATA[subscribe_msg_popup_event]]></Event>"
    f"<SubscribeMsgPopupEvent><List><TemplateId><![CDATA[{TEMPLATE}]]></TemplateId>"
    "<SubscribeStatusString><![CDATA[accept]]></SubscribeStatusString>"
    "<PopupScene>0</PopupScene></List></SubscribeMsgPopupEvent></xml>"
)
MORE = (
    "<List><TemplateId>T2</TemplateId><SubscribeStatusString>reject</SubscribeStatusString></List>"
)
NAMES = {"popup": "Popup", "change": "Change", "sent": "Sent"}
ACCEPT = {"TemplateId": "T1", "SubscribeStatusString": "accept", "PopupScene": "0"}
REJECT = {"TemplateId": "T2", "SubscribeStatusString": "reject", "PopupScene": "2"}
GONE = {"TemplateId": "T1", "MsgID": "1864323726461255680", "ErrorCode": "0"}
FAILED = GONE | {"ErrorCode": "43101", "ErrorStatus": "failed"}


def as_json(name: str, items: Any, **changes: Any) -> bytes:
    told = {"ToUserName": "gh_1", "FromUserName": OPENID, "CreateTime": 1610969440}
    told |= {"MsgType": "event", "Event": f"subscribe_msg_{name}_event", "List": items}
    return json.dumps(told | changes).encode()


def as_xml(name: str, items: list[dict[str, str]]) -> bytes:
    listed = "".join(
        "<List>" + "".join(f"<{k}>{escape(v)}</{k}>" for k, v in item.items()) + "</List>"
        for item in items
    )
    wrapped = f"SubscribeMsg{NAMES[name]}Event"
    return (
        f"<xml><FromUserName>{OPENID}</FromUserName><CreateTime>1610969440</CreateTime>"
        f"<MsgType>event</MsgType><Event>subscribe_msg_{name}_event</Event>"
        f"<{wrapped}>{listed}</{wrapped}></xml>"
    ).encode()


def told(content: bytes | str) -> list[Item]:
    found = content.encode() if isinstance(content, str) else content
    return reading.items(reading.tree(found))


def test_the_example_of_one() -> None:
    (item,) = told(ONE)
    assert (item.openid, item.template_id, item.told) == (OPENID, TEMPLATE, Told.ACCEPTED)
    assert (item.created, item.index, item.name) == (1610969440, 0, reading.POPUP)


def test_a_list_that_comes_again_holds_several() -> None:
    found = told(ONE.replace("</List>", f"</List>{MORE}"))
    assert [(one.template_id, one.told) for one in found] == [
        (TEMPLATE, Told.ACCEPTED),
        ("T2", Told.REJECTED),
    ]


@pytest.mark.parametrize(
    ("name", "items", "facts"),
    [
        ("popup", [ACCEPT], [("T1", Told.ACCEPTED, None, None)]),
        (
            "popup",
            [ACCEPT, REJECT],
            [("T1", Told.ACCEPTED, None, None), ("T2", Told.REJECTED, None, None)],
        ),
        ("change", [REJECT], [("T2", Told.SWITCHED_OFF, None, None)]),
        ("change", [ACCEPT], [(None, None, None, None)]),
        ("sent", [GONE], [("T1", Told.DELIVERED, 1864323726461255680, 0)]),
        ("sent", [FAILED], [("T1", Told.FAILED, 1864323726461255680, 43101)]),
        (
            "sent",
            [{"TemplateId": "T1", "ErrorStatus": "success"}],
            [("T1", Told.DELIVERED, None, 0)],
        ),
        ("sent", [{"TemplateId": "T1", "ErrorCode": "odd"}], [(None, None, None, None)]),
    ],
)
def test_xml_and_json_say_the_same(name: str, items: Any, facts: Any) -> None:
    listed = items[0] if len(items) == 1 else items
    wrapped = {f"SubscribeMsg{NAMES[name]}Event": {"List": listed}, "List": None}
    ways = [as_json(name, listed), as_json(name, items), as_xml(name, items)]
    ways += [as_json(name, listed, CreateTime="1610969440"), as_json(name, None, **wrapped)]
    ways += [b"\xef\xbb\xbf " + ways[0], b"\n" + ways[2]]
    for way in ways:
        found = [(one.template_id, one.told, one.msgid, one.errcode) for one in told(way)]
        assert found == facts
        assert len({key_of(one) for one in told(way)}) == len(items)
        assert [key_of(one) for one in told(way)] == [key_of(one) for one in told(ways[0])]


def test_numbers_come_as_numbers_and_as_texts() -> None:
    (one,) = told(
        as_json("sent", {"TemplateId": "T1", "MsgID": 1864323726461255680, "ErrorCode": 0})
    )
    assert (one.told, one.msgid) == (Told.DELIVERED, 1864323726461255680)


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"Event": "user_enter_tempsession"}, "user_enter_tempsession"),
        ({"MsgType": "text", "Content": "我头疼", "MsgId": 7}, "text"),
        ({"Event": "wxa_media_check"}, "wxa_media_check"),
    ],
)
def test_what_does_not_concern_us_is_named_and_no_more(changes: Any, name: str) -> None:
    (item,) = told(as_json("popup", ACCEPT, **changes))
    assert (item.name, item.told, item.template_id) == (name, None, None)


BOMB = (
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
    '<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]><xml><FromUserName>&b;</FromUserName></xml>'
)
UNREADABLE: dict[str, bytes | str] = {
    "nothing": b"",
    "no text": b"\xff\xfe",
    "no object": b"[]",
    "a word": b'"success"',
    "half an object": b'{"Event":',
    "half an element": ONE[:-3],
    "two texts": ONE + ONE,
    "an entity bomb": BOMB,
    "a file": '<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><xml><Event>&f;</Event></xml>',
    "a DTD elsewhere": '<!DOCTYPE x SYSTEM "http://127.0.0.1/x.dtd"><xml/>',
    "an entity nobody knows": "<xml><Event>&x;</Event></xml>",
    "too large": b'{"x":"' + b"x" * reading.LARGEST + b'"}',
    "too deep": "<xml>" + "<a>" * 50 + "</a>" * 50 + "</xml>",
    "too deep an object": b'{"a":' * 5000 + b"1" + b"}" * 5000,
    "a number nobody counts to": b'{"CreateTime":' + b"9" * 5000 + b"}",
    "nobody": as_json("popup", ACCEPT, FromUserName=""),
    "somebody odd": as_json("popup", ACCEPT, FromUserName="a b\ud800"),
    "a list for a name": as_json("popup", ACCEPT, FromUserName=["a"]),
    "never": as_json("popup", ACCEPT, CreateTime=None),
    "a truth for a time": as_json("popup", ACCEPT, CreateTime=True),
    "a time out of bounds": as_json("popup", ACCEPT, CreateTime=2**63),
    "before all time": as_json("popup", ACCEPT, CreateTime=-1),
    "no event": as_json("popup", ACCEPT, Event=None),
    "too many": as_json("popup", [ACCEPT] * (reading.MOST_ITEMS + 1)),
}


@pytest.mark.parametrize("what", sorted(UNREADABLE))
def test_what_cannot_be_read_is_refused(what: str) -> None:
    with pytest.raises(UnreadableCallback):
        told(UNREADABLE[what])


@pytest.mark.parametrize("items", [None, [], {}, "x", [1, None], {"TemplateId": 1}, [[ACCEPT]]])
def test_an_odd_list_tells_nothing_and_breaks_nothing(items: Any) -> None:
    assert [one.told for one in told(as_json("popup", items))] in ([], [None], [None, None])


texts = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"]), max_size=40)


@given(
    st.dictionaries(
        st.sampled_from(["ToUserName", "Content", "Title", "Other"]), texts, max_size=4
    ),
    st.integers(0, 2**33 - 1),
)
@settings(max_examples=30, deadline=None)
def test_any_message_is_read_as_wechatpy_reads_it(words: dict[str, str], created: int) -> None:
    told_of = {"FromUserName": OPENID, "CreateTime": str(created), "MsgType": "text", **words}
    body = "<xml>" + "".join(f"<{k}>{escape(v)}</{k}>" for k, v in told_of.items()) + "</xml>"
    ours, theirs = reading.tree(body.encode()), parse_message(body)
    assert ours["FromUserName"] == theirs.source
    (item,) = reading.items(ours)
    assert (item.name, item.created) == (theirs.type, created)
    for name in words:
        assert ours[name] == (theirs._data[name] or "").strip()


@given(st.binary(max_size=300))
@settings(max_examples=100, deadline=None)
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    with contextlib.suppress(UnreadableCallback):
        told(content)


def test_a_long_list_of_branches_is_refused_before_it_costs_anything() -> None:
    began = time.process_time()
    with pytest.raises(UnreadableCallback):
        reading.tree(b"<a>" + b"<a/>" * 16_000 + b"</a>")
    assert time.process_time() - began < 0.5


def test_what_is_no_base64_is_no_sealed_part() -> None:
    assert reading.encrypted({"Encrypt": "\ud800"}) is None
