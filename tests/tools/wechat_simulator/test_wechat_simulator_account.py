"""The account behind the mini-program: tokens, quotas, request ids, templates, codes and links."""

from typing import Any

import pytest
from simulators import APPID, SECRET, SEND, TID, Simulator

CODE, LINK = "/wxa/getwxacodeunlimit", "/wxa/generate_urllink"
ADD, CLEAR = "/wxaapi/newtmpl/addtemplate", "/cgi-bin/clear_quota"


def asked(sim: Simulator, path: str, body: Any, method: str = "POST") -> dict[str, Any]:
    return sim.call(method, path, body, access_token=sim.token())


def plain(sim: Simulator) -> dict[str, Any]:
    query = {"grant_type": "client_credential", "appid": APPID, "secret": SECRET}
    return sim.call("GET", "/cgi-bin/token", **query)


def test_only_listed_addresses_get_a_token(sim: Simulator) -> None:
    sim.control("POST", "whitelist", {"ips": ["10.1.2.3"]})
    for answer in (sim.stable(), plain(sim)):
        assert answer["errcode"] == 40164
        assert "127.0.0.1" in answer["errmsg"]
    sim.control("POST", "whitelist", {"ips": ["10.1.2.3", "127.0.0.1"]})
    assert "access_token" in sim.stable()


def test_a_plain_token_lives_five_minutes_beside_its_successor(sim: Simulator) -> None:
    stable, (old, new) = sim.token(), (plain(sim)["access_token"] for _ in range(2))
    for seconds, code in ((299, 0), (2, 42001)):
        sim.control("POST", "clock", {"seconds": seconds})
        body = {"cgi_path": SEND}
        answer = sim.call("POST", "/cgi-bin/openapi/quota/get", body, access_token=old)
        assert answer["errcode"] == code
    for other in (stable, new):
        assert sim.call("GET", "/wxaapi/newtmpl/getcategory", access_token=other)["errcode"] == 0


def test_the_quota_is_told_and_cleared_ten_times_a_month(sim: Simulator) -> None:
    sim.control("POST", "limits", {"daily_sends": 1})
    openid = sim.user(grants=2)
    assert [sim.send(openid)["errcode"] for _ in range(2)] == [0, 45009]
    told = asked(sim, "/cgi-bin/openapi/quota/get", {"cgi_path": SEND})
    assert told["quota"] == {"daily_limit": 1, "used": 1, "remain": 0}
    assert asked(sim, CLEAR, {"appid": APPID})["errcode"] == 0
    assert sim.send(openid)["errcode"] == 0
    secret = {"appid": APPID, "appsecret": SECRET}
    codes = [sim.call("POST", f"{CLEAR}/v2", secret)["errcode"] for _ in range(10)]
    assert codes == [0] * 9 + [48006]
    sim.control("POST", "limits", {"daily_sends": 10_000_000})


def test_a_refusal_is_found_by_its_rid_for_seven_days(sim: Simulator) -> None:
    rid = sim.send("nobody")["errmsg"].rpartition("rid: ")[2]
    path = "/cgi-bin/openapi/rid/get"
    found = asked(sim, path, {"rid": rid})["request"]
    assert (found["request_url"], "40003" in found["response_body"]) == (SEND, True)
    assert sim.token() not in str(found)
    assert asked(sim, path, {"rid": "1-2-3"})["errcode"] == 76001
    assert asked(sim, path, {"rid": "?"})["errcode"] == 76002
    sim.control("POST", "clock", {"seconds": 8 * 24 * 3600})
    sim.forget_token()
    assert asked(sim, path, {"rid": rid})["errcode"] == 76004


def test_templates_are_chosen_from_the_library_and_deleted(sim: Simulator) -> None:
    chosen = {"tid": "2002", "kidList": [3, 1], "sceneDesc": "预约"}
    made = asked(sim, ADD, chosen)["priTmplId"]
    listed = asked(sim, "/wxaapi/newtmpl/gettemplate", None, "GET")["data"]
    (content,) = [one["content"] for one in listed if one["priTmplId"] == made]
    assert content == "地点:{{thing3.DATA}}\n提醒内容:{{thing1.DATA}}\n"
    gone = {"priTmplId": made}
    answers = [asked(sim, "/wxaapi/newtmpl/deltemplate", gone)["errcode"] for _ in range(2)]
    assert answers == [0, 40037]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"tid": "9"}, 200014),
        ({"kidList": [1]}, 200020),
        ({"kidList": [1, 1]}, 200020),
        ({"kidList": [1, 9]}, 200020),
        ({"sceneDesc": "字" * 16}, 200021),
    ],
    ids=str,
)
def test_a_template_that_cannot_be(sim: Simulator, change: dict[str, Any], code: int) -> None:
    assert asked(sim, ADD, {"tid": "2001", "kidList": [1, 2]} | change)["errcode"] == code


def test_there_are_twenty_five_at_most(sim: Simulator) -> None:
    codes = [asked(sim, ADD, {"tid": "2001", "kidList": [1, 2]})["errcode"] for _ in range(25)]
    assert codes == [0] * 24 + [200012]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"scene": "t=" + "A" * 31}, 40169),
        ({"scene": "车"}, 40169),
        ({"scene": "a%20"}, 40169),
        ({"scene": ""}, 40169),
        ({"page": "/pages/teams/detail"}, 40165),
        ({"page": "pages/teams/detail?a=1"}, 40165),
        ({"page": "pages/secret"}, 41030),
        ({"width": 100}, 40097),
        ({"env_version": "beta"}, 40097),
    ],
    ids=str,
)
def test_a_code_that_cannot_be(sim: Simulator, change: dict[str, Any], code: int) -> None:
    sim.control("POST", "pages", {"pages": ["pages/teams/detail"]})
    body = {"scene": "t=" + "A" * 22, "page": "pages/teams/detail"} | change
    assert asked(sim, CODE, body)["errcode"] == code


def test_a_code_is_an_image_even_of_a_page_to_come_if_unchecked(sim: Simulator) -> None:
    sim.control("POST", "pages", {"pages": ["pages/home"]})
    body = {"scene": "a=1", "page": "pages/later", "check_path": False}
    answer = sim.http.post(CODE, params={"access_token": sim.token()}, json=body)
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.content.startswith(b"\x89PNG")


def test_a_link_leads_to_its_page_for_thirty_days_at_most(sim: Simulator) -> None:
    body = {"path": "pages/home", "query": "id=1", "expire_type": 1, "expire_interval": 30}
    link = asked(sim, LINK, body)["url_link"]
    assert sim.control("GET", "links")["links"][link]["query"] == "id=1"
    for change in ({"expire_interval": 31}, {"expire_type": 0}):
        assert asked(sim, LINK, body | change)["errcode"] == 85400
    assert asked(sim, LINK, body | {"query": "x" * 1025})["errcode"] == 40097
    assert asked(sim, LINK, body | {"path": "/pages/home"})["errcode"] == 40165


@pytest.mark.parametrize("code", [43107, 48004, 50004, 45168, 41030])
def test_any_refusal_can_be_ordered(sim: Simulator, code: int) -> None:
    sim.fault("refuse", errcode=code)
    assert sim.send(sim.user(grants=1))["errcode"] == code


def test_a_template_is_one_time_or_long_term_each_for_itself(sim: Simulator) -> None:
    both = {"title": "长期", "fields": {"thing1": "内容"}, "kind": "long_term", "id": "LONG"}
    sim.control("POST", "templates", both)
    types = {one["priTmplId"]: one["type"] for one in sim.control("GET", "templates")["templates"]}
    assert (types[TID], types["LONG"]) == (2, 3)
    data = {"thing1": {"value": "内容"}}
    openid = sim.user(grants=1)
    sent = [sim.send(openid, template_id="LONG", data=data)["errcode"] for _ in range(3)]
    assert sent == [0, 0, 0]
