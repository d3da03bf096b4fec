"""What the simulator tells by itself: in each mode and language, as carelessly as it is told to."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import xmltodict
from processes import eventually
from simulators import APPID, CALLBACK_KEY, CALLBACK_TOKEN, TID, Simulator
from wechatpy.crypto import WeChatCrypto
from wechatpy.utils import check_signature

ORACLE = WeChatCrypto(CALLBACK_TOKEN, CALLBACK_KEY, APPID)


class Listener:
    """Hears callbacks, and says `success` unless told otherwise."""

    def __init__(self) -> None:
        self.heard: list[tuple[dict[str, str], bytes]] = []
        self.refusing = 0
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                listener.heard.append((dict(parse_qsl(urlsplit(self.path).query)), body))
                said = b"success"
                if listener.refusing:
                    listener.refusing, said = listener.refusing - 1, b"busy"
                self.send_response(200)
                self.send_header("Content-Length", str(len(said)))
                self.end_headers()
                self.wfile.write(said)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/events"

    def events(self, many: int) -> list[dict[str, Any]]:
        """The first so many, opened."""
        assert eventually(lambda: len(self.heard) >= many)
        return [opened(query, body) for query, body in self.heard]


def opened(query: dict[str, str], body: bytes) -> dict[str, Any]:
    """As wechatpy opens it."""
    check_signature(CALLBACK_TOKEN, query["signature"], query["timestamp"], query["nonce"])
    if "msg_signature" not in query:
        return _read(body.decode())
    sealed = {"Encrypt": _read(body.decode())["Encrypt"]}
    signed = (query["msg_signature"], query["timestamp"], query["nonce"])
    return _read(ORACLE.decrypt_message(sealed, *signed))


def _read(text: str | bytes) -> dict[str, Any]:
    words = text if isinstance(text, str) else text.decode()
    found: dict[str, Any] = xmltodict.parse(words)["xml"] if words[0] == "<" else json.loads(words)
    return found


@pytest.fixture
def listener(sim: Simulator) -> Iterator[Listener]:
    found = Listener()
    agreed = {"url": found.url, "token": CALLBACK_TOKEN, "aes_key": CALLBACK_KEY}
    sim.control("POST", "callbacks", agreed)
    sim.control("POST", "callbacks/manner", {"pause": 0.05})
    yield found
    found.server.shutdown()
    found.server.server_close()


def test_without_an_address_nothing_is_told(sim: Simulator) -> None:
    sim.send(sim.user(grants=1))
    assert sim.control("GET", "callbacks")["written"] == 0


@pytest.mark.parametrize("mode", ["plain", "mixed", "safe"])
@pytest.mark.parametrize("language", ["json", "xml"])
def test_a_popup_a_push_and_a_change(
    sim: Simulator, listener: Listener, mode: str, language: str
) -> None:
    sim.control("POST", "callbacks", {"mode": mode, "language": language})
    openid = sim.user(grants=1)
    msgid = sim.send(openid)["msgid"]
    sim.control("POST", "settings", {"openid": openid, "template_ids": [TID]})
    found = {event["Event"]: event for event in listener.events(3)}
    assert {event["FromUserName"] for event in found.values()} == {openid}
    listed = {name.split("_")[2]: _listed(event) for name, event in found.items()}
    assert listed["popup"]["SubscribeStatusString"] == "accept"
    assert listed["change"]["SubscribeStatusString"] == "reject"
    assert listed["sent"] == {
        "TemplateId": TID,
        "MsgID": str(msgid),
        "ErrorCode": "0",
        "ErrorStatus": "success",
    }
    assert ("Encrypt" in listener.heard[0][1].decode()) is (mode != "plain")
    assert (b"FromUserName" in listener.heard[0][1]) is (mode != "safe")
    assert sim.send(openid)["errcode"] == 43101


def _listed(event: dict[str, Any]) -> dict[str, Any]:
    part = next((event[name] for name in event if name.startswith("SubscribeMsg")), event)
    found: dict[str, Any] = part["List"]
    return found


def test_one_item_is_an_object_and_several_are_a_list(sim: Simulator, listener: Listener) -> None:
    sim.control("POST", "templates", {"id": "T2", "title": "二", "fields": {"thing1": "x"}})
    openid = sim.user()
    popup = {"openid": openid, "template_ids": [TID, "T2"], "answer": "reject"}
    sim.control("POST", "popups", popup)
    (event,) = listener.events(1)
    assert [one["TemplateId"] for one in event["List"]] == [TID, "T2"]
    sim.control("POST", "popups", popup | {"quiet": True, "answer": "accept"})
    assert sim.control("GET", "callbacks")["written"] == 1


def test_who_does_not_say_success_hears_it_again_three_times_in_all(
    sim: Simulator, listener: Listener
) -> None:
    listener.refusing = 2
    sim.user("one", grants=1)
    assert len(listener.events(3)) == 3
    assert len({query["msg_signature"] for query, _ in listener.heard}) == 3
    listener.refusing = 3
    sim.user("two", grants=1)
    assert eventually(lambda: sim.control("GET", "callbacks")["given_up"] == 1)
    told = sim.control("GET", "callbacks")
    assert (told["taken"], told["refused"], len(listener.heard)) == (1, 5, 6)


def test_twice_late_turned_and_lost_on_command(sim: Simulator, listener: Listener) -> None:
    sim.control("POST", "callbacks/manner", {"copies": 2, "turned": 2, "lost": 1})
    for name in ("lost", "first", "second"):
        sim.user(name, grants=1)
    found = [event["FromUserName"] for event in listener.events(4)]
    assert sorted(found) == ["first", "first", "second", "second"]
    assert found[0] == "second"


def test_a_push_that_fails_after_all(sim: Simulator, listener: Listener) -> None:
    openid = sim.user(grants=1)
    sim.control("POST", "callbacks/failures", {"errcode": 777, "openid": openid})
    sim.control("POST", "callbacks/msgid", {"answered": False})
    assert sim.send(openid) == {"errcode": 0, "errmsg": "ok"}
    assert sim.messages() == []
    assert sim.send(openid)["errcode"] == 0
    sent = [_listed(event) for event in listener.events(3) if "sent" in event["Event"]]
    assert sorted(one["ErrorCode"] for one in sent) == ["0", "777"]
