"""Faults on command, and the control interface itself."""

import time

import httpx2
import pytest
from simulators import SEND, Simulator


@pytest.mark.parametrize(("kind", "errcode"), [("busy", -1), ("token", 40001), ("refuse", 43101)])
def test_a_refusing_fault_strikes_so_often_and_delivers_nothing(
    sim: Simulator, kind: str, errcode: int
) -> None:
    openid = sim.user(grants=1)
    sim.fault(kind, times=2)
    assert [sim.send(openid)["errcode"] for _ in range(3)] == [errcode, errcode, 0]
    assert len(sim.messages()) == 1


def test_a_fault_can_be_meant_for_one_person(sim: Simulator) -> None:
    sim.fault("busy", openid="a")
    assert sim.send(sim.user("b", grants=1))["errcode"] == 0
    assert sim.send(sim.user("a", grants=1))["errcode"] == -1


def test_logins_and_tokens_fail_as_well(sim: Simulator) -> None:
    code = sim.code(sim.user())
    sim.fault("busy", "/sns/jscode2session")
    sim.fault("busy", "/cgi-bin/stable_token")
    assert sim.login(code)["errcode"] == -1
    assert sim.login(code)["openid"] == "a-user"
    assert sim.stable()["errcode"] == -1


def test_a_delay_comes_before_the_answer(sim: Simulator) -> None:
    openid = sim.user(grants=1)
    sim.fault("delay", seconds=0.2)
    began = time.monotonic()
    assert sim.send(openid)["errcode"] == 0
    assert time.monotonic() - began >= 0.2


def test_a_time_out_after_delivery_delivers_and_spends(sim: Simulator) -> None:
    openid = sim.user(grants=1)
    sim.fault("timeout_after_delivery", seconds=0.3)
    with pytest.raises(httpx2.TransportError):
        sim.send(openid)
    assert len(sim.messages()) == 1
    assert sim.send(openid)["errcode"] == 43101


def test_a_server_error_is_no_json_and_delivers_nothing(sim: Simulator) -> None:
    body, query = sim.message(sim.user(grants=1)), {"access_token": sim.token()}
    sim.fault("http500")
    answer = sim.http.post(SEND, params=query, json=body)
    assert answer.status_code == 500
    assert "html" in answer.text
    assert not sim.messages()
    assert sim.control("GET", "stats")["calls"][SEND] == {"http500": 1}


def test_spoilt_answers_follow_a_delivery(sim: Simulator) -> None:
    body, query = sim.message(sim.user(grants=3)), {"access_token": sim.token()}
    answers = {}
    for kind in ("truncated", "bad_utf8", "string_errcode"):
        sim.fault(kind)
        answers[kind] = sim.http.post(SEND, params=query, json=body)
    with pytest.raises(ValueError, match=r"delimiter|Unterminated|Expecting"):
        answers["truncated"].json()
    with pytest.raises(UnicodeDecodeError):
        answers["bad_utf8"].content.decode()
    assert answers["string_errcode"].json()["errcode"] == "0"
    assert len(sim.messages()) == 3


@pytest.mark.parametrize("errcode", [43108, 45009, 45011, 48004])
def test_a_refusal_says_the_code_it_was_given(sim: Simulator, errcode: int) -> None:
    sim.user("a", grants=1)
    sim.fault("refuse", errcode=errcode)
    assert sim.send("a")["errcode"] == errcode
    assert sim.send("a")["errcode"] == 0


def test_faults_are_listed_and_cleared(sim: Simulator) -> None:
    sim.fault("busy", times=3, openid="a")
    (fault,) = sim.control("GET", "faults")["faults"]
    assert (fault["path"], fault["kind"], fault["times"], fault["openid"]) == (SEND, "busy", 3, "a")
    assert sim.control("DELETE", "faults") == {"faults": []}
    assert sim.control("GET", "faults") == {"faults": []}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("faults", {"path": SEND, "kind": "no-such"}),
        ("faults", [1]),
        ("faults", {"path": SEND, "kind": "busy", "times": 0}),
        ("users", {"openid": "with space"}),
        ("users", "text"),
        ("popups", {"openid": "a-user", "template_ids": [], "answer": "perhaps"}),
        ("templates", {"id": "X"}),
        ("latency", {}),
    ],
)
def test_a_malformed_control_call_is_told_so(sim: Simulator, path: str, body: object) -> None:
    sim.user()
    answer = sim.http.post(f"/_sim/{path}", json=body)
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_a_page_on_another_port_may_use_the_controls(sim: Simulator) -> None:
    asked = sim.http.options("/_sim/codes", headers={"Origin": "http://127.0.0.1:8000"})
    assert asked.status_code == 204
    assert "POST" in asked.headers["Access-Control-Allow-Methods"]
    assert sim.http.get("/_sim/users").headers["Access-Control-Allow-Origin"] == "*"


def test_a_user_is_made_once_and_found_by_phone(sim: Simulator) -> None:
    first = sim.control("POST", "users", {"phone": "13800138000", "name": "示例甲"})
    assert len(first["openid"]) == 28
    again = sim.control("POST", "users", {"phone": "13800138000"})
    assert again == first
    many = sim.control("POST", "users", [{"openid": f"u{number}"} for number in range(3)])
    assert [one["openid"] for one in many] == ["u0", "u1", "u2"]
    assert len(sim.control("GET", "users")["users"]) == 4


def test_an_unknown_path_is_not_found(sim: Simulator) -> None:
    assert sim.http.get("/cgi-bin/no-such").status_code == 404
    assert sim.http.get("/_sim/no-such").status_code == 404
