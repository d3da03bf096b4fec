"""Subscription messages: what is delivered, and what is refused."""

import asyncio
from typing import Any

import aiohttp
import pytest
from simulators import SEND, TEMPLATE, TID, Simulator


def test_a_message_is_delivered_and_written_down(sim: Simulator) -> None:
    answer = sim.send(sim.user(grants=1))
    assert (answer["errcode"], answer["errmsg"]) == (0, "ok")
    (message,) = sim.messages()
    assert message["seq"] == 1
    assert message["data"] == {"thing1": "高血压随访", "time2": "2026年12月01日 09:00"}
    assert (message["openid"], message["template_id"]) == ("a-user", TID)
    assert message["page"] == "pages/followup/detail?id=42"
    assert len(message["trace"]) == 32


def test_one_accepted_popup_is_one_message(sim: Simulator) -> None:
    openid = sim.user(grants=2)
    assert [sim.send(openid)["errcode"] for _ in range(3)] == [0, 0, 43101]
    rejected = {"openid": openid, "template_ids": [TID], "answer": "reject"}
    assert sim.control("POST", "popups", rejected) == {TID: "reject"}
    assert sim.send(openid)["errcode"] == 43101
    assert len(sim.messages()) == 2


def test_a_long_term_template_needs_no_popup_but_the_main_switch_rules(sim: Simulator) -> None:
    sim.control("POST", "templates", TEMPLATE | {"id": "LONG", "kind": "long_term"})
    assert sim.send(sim.user(), template_id="LONG")["errcode"] == 0
    assert sim.send(sim.user(muted=True), template_id="LONG")["errcode"] == 43101


@pytest.mark.parametrize(
    ("changes", "errcode"),
    [
        ({"touser": "nobody"}, 40003),
        ({"touser": None}, 40003),
        ({"template_id": "no-such"}, 40037),
        ({"page": "/pages/index"}, 41030),
        ({"page": "admin/index"}, 41030),
        ({"page": "pages/index?id=\n"}, 41030),
        ({"data": {}}, 47003),
        ({"data": "text"}, 47003),
        ({"miniprogram_state": "other"}, 47003),
        ({"lang": "fr"}, 47003),
    ],
)
def test_a_wrong_message_is_refused_and_costs_nothing(
    sim: Simulator, changes: dict[str, Any], errcode: int
) -> None:
    openid = sim.user(grants=1)
    assert sim.send(openid, **changes)["errcode"] == errcode
    assert not sim.messages()
    assert sim.send(openid, page="")["errcode"] == 0


def test_what_is_not_a_posted_json_object_is_refused(sim: Simulator) -> None:
    token = sim.token()
    assert sim.call("GET", SEND, access_token=token)["errcode"] == 43002
    assert sim.call("POST", SEND, access_token=token)["errcode"] == 44002
    assert sim.call("POST", SEND, [], access_token=token)["errcode"] == 47001
    torn = sim.http.post(SEND, params={"access_token": token}, content=b'{"touser":')
    assert torn.json()["errcode"] == 47001


def test_two_calls_at_once_for_one_person_are_one_too_many(sim: Simulator) -> None:
    sim.user("a", grants=2)
    sim.user("b", grants=1)
    codes = asyncio.run(_together(sim, ["a", "a", "b"]))
    assert sorted(codes) == [0, 0, 43108]
    stats = sim.control("GET", "stats")
    assert stats["in_flight_peak"] == {"a": 2, "b": 1}
    assert stats["calls"][SEND] == {"0": 2, "43108": 1}
    assert stats["delivered"] == 2


async def _together(sim: Simulator, openids: list[str]) -> list[int]:
    """Send to all at the same moment."""
    sim.control("POST", "latency", {"seconds": 0.2})
    address = f"{sim.base}{SEND}?access_token={sim.token()}"

    async def one(session: aiohttp.ClientSession, openid: str) -> int:
        async with session.post(address, json=sim.message(openid)) as answer:
            return int((await answer.json())["errcode"])

    async with aiohttp.ClientSession() as session:
        return await asyncio.gather(*(one(session, openid) for openid in openids))


def test_the_days_quota_ends_and_begins_anew_at_midnight(sim: Simulator) -> None:
    openid = sim.user(grants=3)
    sim.move_to_morning()
    sim.control("POST", "limits", {"daily_sends": 1})
    assert [sim.send(openid)["errcode"] for _ in range(2)] == [0, 45009]
    sim.control("POST", "clock", {"seconds": 86400})
    sim.forget_token()
    assert [sim.send(openid)["errcode"] for _ in range(2)] == [0, 45009]


def test_the_ledger_can_be_asked_by_person_template_and_place(sim: Simulator) -> None:
    sim.control("POST", "templates", TEMPLATE | {"id": "OTHER", "kind": "long_term"})
    for openid in ("a", "b", "a"):
        sim.send(sim.user(openid), template_id="OTHER")
    sim.send(sim.user("a", grants=1))
    assert [one["seq"] for one in sim.messages("openid=a")] == [1, 3, 4]
    assert [one["seq"] for one in sim.messages("openid=a&after_seq=1&template_id=OTHER")] == [3]
    assert [one["seq"] for one in sim.messages("after_seq=1&limit=2")] == [2, 3]
    assert sim.messages("after_seq=99") == []


def test_the_template_list_tells_the_keys(sim: Simulator) -> None:
    answer = sim.call("GET", "/wxaapi/newtmpl/gettemplate", access_token=sim.token())
    (template,) = answer["data"]
    assert template["priTmplId"] == TID
    assert template["content"] == "随访项目:{{thing1.DATA}}\n时间:{{time2.DATA}}\n"
