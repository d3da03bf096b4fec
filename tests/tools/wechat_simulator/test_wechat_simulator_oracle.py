"""A stock client of the platform, wechatpy 1.8.18, is content with the simulator.

It knows neither the stable token nor getPhoneNumber, so these two cannot be tried with it; of its
code only the addresses are changed, one of which (the token's) is a literal inside a method.
"""

import pytest
from simulators import APPID, DATA, SECRET, SEND, TID, Simulator
from wechatpy.client import WeChatClient
from wechatpy.client.api import WeChatWxa
from wechatpy.exceptions import WeChatClientException


class StockClient(WeChatClient):
    """The client as published, with the simulator's address in the place of the real one."""

    def __init__(self, base: str, secret: str = SECRET) -> None:
        super().__init__(APPID, secret, timeout=5, auto_retry=False)
        self.base = base
        self.wxa = WeChatWxa(self)
        self.wxa.API_BASE_URL = f"{base}/"

    def fetch_access_token(self) -> dict[str, object]:
        params = {"grant_type": "client_credential", "appid": self.appid, "secret": self.secret}
        return self._fetch_access_token(f"{self.base}/cgi-bin/token", params)


def test_it_gets_a_token_and_logs_in(sim: Simulator) -> None:
    client = StockClient(sim.base)
    assert client.fetch_access_token()["expires_in"] == 7200
    session = client.wxa.code_to_session(sim.code(sim.user()))
    assert session["openid"] == "a-user"


def test_it_sends_and_reads_refusals(sim: Simulator) -> None:
    client = StockClient(sim.base)
    openid = sim.user(grants=1)
    answer = client.wxa.send_subscribe_message(openid, TID, DATA, "pages/home")
    assert answer["errcode"] == 0
    with pytest.raises(WeChatClientException) as refused:
        client.wxa.send_subscribe_message(openid, TID, DATA)
    assert refused.value.errcode == 43101
    (message,) = sim.messages()
    assert message["page"] == "pages/home"


def test_it_understands_a_spoilt_but_readable_answer(sim: Simulator) -> None:
    client = StockClient(sim.base)
    openid = sim.user(grants=2)
    sim.fault("bad_utf8")
    sim.fault("string_errcode")
    answers = [client.wxa.send_subscribe_message(openid, TID, DATA) for _ in range(2)]
    assert [answer["errcode"] for answer in answers] == [0, 0]


def test_it_refreshes_a_refused_token(sim: Simulator) -> None:
    client = StockClient(sim.base)
    client.auto_retry = True
    openid, before = sim.user(grants=1), client.access_token
    sim.fault("token")
    assert client.wxa.send_subscribe_message(openid, TID, DATA)["errcode"] == 0
    assert client.access_token != before


def test_it_retries_for_as_long_as_it_is_refused(sim: Simulator) -> None:
    """The flaw that ours must not have (tests/backend/identity/test_wechat_token.py)."""
    client = StockClient(sim.base)
    client.auto_retry = True
    openid = sim.user(grants=1)
    sim.fault("token", times=50)
    assert client.wxa.send_subscribe_message(openid, TID, DATA)["errcode"] == 0
    assert sim.control("GET", "stats")["calls"][SEND] == {"40001": 50, "0": 1}


def test_it_draws_a_code_and_reads_why_not(sim: Simulator) -> None:
    client = StockClient(sim.base)
    drawn = client.wxa.get_wxa_code_unlimited("t=1", page="pages/home")
    assert drawn.content.startswith(b"\x89PNG")
    with pytest.raises(WeChatClientException) as refused:
        client.wxa.get_wxa_code_unlimited("一", page="pages/home")
    assert refused.value.errcode == 40169


def test_it_makes_a_link_and_asks_for_its_quota(sim: Simulator) -> None:
    client = StockClient(sim.base)
    link = {"path": "pages/home", "expire_type": 1, "expire_interval": 1}
    made = client.post("wxa/generate_urllink", data=link, api_base_url=f"{sim.base}/")
    assert made["url_link"] in sim.control("GET", "links")["links"]
    asked = {"cgi_path": "/wxa/generate_urllink"}
    told = client.post("cgi-bin/openapi/quota/get", data=asked, api_base_url=f"{sim.base}/")
    assert told["quota"]["used"] == 1


def test_it_is_told_of_a_wrong_secret(sim: Simulator) -> None:
    with pytest.raises(WeChatClientException) as refused:
        StockClient(sim.base, "wrong").fetch_access_token()
    assert refused.value.errcode == 40125
