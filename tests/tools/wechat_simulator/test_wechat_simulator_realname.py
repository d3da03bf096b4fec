"""The real-name verification provider."""

import hashlib
import hmac
import json
import time
import uuid
from typing import Any

import httpx2
import pytest
from simulators import KEY, Simulator

PATH = "/realname/v1/verify"
PERSON = {"name": "示例甲", "id_number": "11010119900307775X"}


def ask(sim: Simulator, key: str = KEY, **changes: Any) -> httpx2.Response:
    """Sign and ask, as a customer of the provider would."""
    nonce, now = uuid.uuid4().hex, int(time.time())
    question = PERSON | {"timestamp": now, "nonce": nonce} | changes
    raw = json.dumps(question, ensure_ascii=False).encode()
    text = f"{question['timestamp']}\n{question['nonce']}\n".encode() + raw
    signature = hmac.new(key.encode(), text, hashlib.sha256).hexdigest()
    return sim.http.post(PATH, content=raw, headers={"X-Signature": signature})


def test_name_and_number_match_differ_or_are_unknown(sim: Simulator) -> None:
    sim.control("POST", "people", [PERSON])
    assert ask(sim).json()["result"] == "match"
    assert ask(sim, id_number=PERSON["id_number"].lower()).json()["result"] == "match"
    assert ask(sim, name="示例乙").json()["result"] == "mismatch"
    unknown = ask(sim, id_number="110101199003077758").json()
    assert unknown["result"] == "not_found"
    assert len(unknown["request_id"]) == 32


def test_a_question_is_signed_fresh_and_asked_once(sim: Simulator) -> None:
    assert ask(sim, key="wrong").status_code == 401
    assert ask(sim, timestamp=int(time.time()) - 301).status_code == 401
    assert ask(sim, nonce="again").status_code == 200
    assert ask(sim, nonce="again").status_code == 401
    assert sim.http.post(PATH, json=PERSON | {"timestamp": 1, "nonce": "n"}).status_code == 401


@pytest.mark.parametrize(
    "changes", [{"name": ""}, {"name": 5}, {"id_number": None}, {"timestamp": "soon"}]
)
def test_a_malformed_question_is_told_so(sim: Simulator, changes: dict[str, Any]) -> None:
    assert ask(sim, **changes).status_code == 400


def test_the_provider_has_its_bad_days(sim: Simulator) -> None:
    sim.control("POST", "people", [PERSON])
    sim.fault("busy", PATH)
    assert ask(sim).json()["result"] == "unavailable"
    sim.fault("http500", PATH)
    assert ask(sim).status_code == 500
    sim.fault("timeout_after_delivery", PATH, seconds=0.1)
    with pytest.raises(httpx2.TransportError):
        ask(sim)
    assert sim.control("GET", "stats")["calls"][PATH] == {
        "unavailable": 1,
        "http500": 1,
        "match": 1,
    }
