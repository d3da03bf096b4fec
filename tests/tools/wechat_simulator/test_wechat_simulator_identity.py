"""Tokens, logins and phone numbers."""

import re

import pytest
from simulators import APPID, SECRET, SEND, Simulator


def test_the_stable_token_stays_and_is_renewed_near_its_end(sim: Simulator) -> None:
    first = sim.stable()
    assert sim.stable()["access_token"] == first["access_token"]
    sim.control("POST", "clock", {"seconds": 6950})
    renewed = sim.stable()
    assert renewed["access_token"] != first["access_token"]
    assert renewed["expires_in"] >= 300
    assert sim.call("POST", SEND, {}, access_token=first["access_token"])["errcode"] == 40003


def test_force_ends_the_old_token_at_once_and_not_twice_in_half_a_minute(sim: Simulator) -> None:
    sim.move_to_morning()
    old = sim.token()
    sim.stable(force_refresh=True)
    assert sim.call("POST", SEND, {}, access_token=old)["errcode"] == 40001
    assert sim.stable(force_refresh=True)["errcode"] == 45011
    for _ in range(19):
        sim.control("POST", "clock", {"seconds": 31})
        assert "access_token" in sim.stable(force_refresh=True)
    sim.control("POST", "clock", {"seconds": 31})
    assert sim.stable(force_refresh=True)["errcode"] == 45009


def test_the_plain_token_rotates_with_five_minutes_of_grace(sim: Simulator) -> None:
    query = {"grant_type": "client_credential", "appid": APPID, "secret": SECRET}
    old, new = (sim.call("GET", "/cgi-bin/token", **query)["access_token"] for _ in range(2))
    assert old != new
    assert sim.call("POST", SEND, {}, access_token=old)["errcode"] == 40003
    sim.control("POST", "clock", {"seconds": 301})
    assert sim.call("POST", SEND, {}, access_token=old)["errcode"] == 42001
    assert sim.call("POST", SEND, {}, access_token=new)["errcode"] == 40003


@pytest.mark.parametrize(
    ("changes", "errcode"),
    [
        ({"secret": "wrong"}, 40125),
        ({"appid": "wrong"}, 40013),
        ({"grant_type": "wrong"}, 40002),
        ({"appid": ""}, 41002),
        ({"secret": ""}, 41004),
    ],
)
def test_a_wrong_client_gets_no_token(
    sim: Simulator, changes: dict[str, str], errcode: int
) -> None:
    assert sim.stable(**changes)["errcode"] == errcode


def test_a_send_without_token_or_with_a_wrong_or_expired_one_is_refused(sim: Simulator) -> None:
    assert sim.call("POST", SEND, {})["errcode"] == 41001
    assert sim.call("POST", SEND, {}, access_token="no-such")["errcode"] == 40001
    token = sim.token()
    sim.control("POST", "clock", {"seconds": 7201})
    assert sim.call("POST", SEND, {}, access_token=token)["errcode"] == 42001


def test_a_login_names_the_user_and_carries_no_errcode(sim: Simulator) -> None:
    user = sim.control("POST", "users", {"phone": "13800138000", "unionid": "a-union"})
    session = sim.login(sim.code(user["openid"]))
    assert "errcode" not in session
    assert (session["openid"], session["unionid"]) == (user["openid"], "a-union")
    assert len(session["session_key"]) == 24
    assert sim.login(sim.code(user["openid"]))["session_key"] != session["session_key"]


def test_a_code_serves_once_and_for_five_minutes(sim: Simulator) -> None:
    openid = sim.user()
    used, late = sim.code(openid), sim.code(openid)
    sim.login(used)
    assert sim.login(used)["errcode"] == 40163
    sim.control("POST", "clock", {"seconds": 301})
    assert sim.login(late)["errcode"] == 40029
    refusal = sim.login("no-such")
    assert refusal["errcode"] == 40029
    assert re.search(r" rid: [0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}$", refusal["errmsg"])


def test_a_blocked_user_and_the_call_above_the_minutes_limit_are_refused(sim: Simulator) -> None:
    sim.user("blocked", blocked=True)
    assert sim.login(sim.code("blocked"))["errcode"] == 40226
    sim.move_to_morning()
    sim.control("POST", "limits", {"logins_per_minute": 2})
    code = sim.code(sim.user())
    assert [sim.login(code).get("errcode") for _ in range(3)] == [None, 40163, 45011]


def test_login_arguments_are_checked(sim: Simulator) -> None:
    path, right = "/sns/jscode2session", {"appid": APPID, "secret": SECRET}
    assert sim.call("GET", path, appid="other", secret=SECRET)["errcode"] == 40013
    assert sim.call("GET", path, appid=APPID)["errcode"] == 41004
    query = right | {"grant_type": "authorization_code"}
    assert sim.call("GET", path, **query)["errcode"] == 41008


def test_a_phone_code_gives_the_phone_once_and_is_no_login_code(sim: Simulator) -> None:
    openid = sim.user(phone="13800138000")
    path = "/wxa/business/getuserphonenumber"
    code, token = sim.code(openid, "phone-codes"), sim.token()
    assert sim.login(code)["errcode"] == 40029
    answer = sim.call("POST", path, {"code": code}, access_token=token)
    assert answer["phone_info"]["purePhoneNumber"] == "13800138000"
    assert answer["phone_info"]["watermark"]["appid"] == APPID
    assert sim.call("POST", path, {"code": code}, access_token=token)["errcode"] == 40029
    other = {"code": sim.code(openid)}
    assert sim.call("POST", path, other, access_token=token)["errcode"] == 40029


def test_a_user_without_phone_can_press_no_phone_button(sim: Simulator) -> None:
    body = {"openid": sim.user()}
    assert sim.http.post("/_sim/phone-codes", json=body).status_code == 409
    assert sim.http.post("/_sim/codes", json={"openid": "no-one"}).status_code == 404
