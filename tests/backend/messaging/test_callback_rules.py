"""Signatures, the cipher, and what may stand in a message: vectors, and wechatpy as an oracle."""

import base64
import os
from datetime import UTC, datetime, timedelta
from typing import Any

import callbacks
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from simulators import CALLBACK_KEY
from wechatpy.crypto import WeChatCrypto
from wechatpy.exceptions import InvalidAppIdException, InvalidSignatureException

from backend.messaging import callback_reading as reading
from backend.messaging.callback_errors import ForgedCallback, StaleCallback, UnreadableCallback
from backend.messaging.callback_rules import Asked, Gate, decrypted, require_fresh, signed
from config.callbacks import Callback, Mode, opened

TOKEN, KEY_TEXT, APPID = "AAAAA", CALLBACK_KEY, "wx0123456789abcdef"
KEY = opened(KEY_TEXT)
AT, NONCE = "1714112445", "415670741"
MESSAGE = (
    '{"ToUserName":"gh_97417a04a28d","FromUserName":"o9AgO5Kd5ggOC-bXrbNODIiE3bGY",'
    '"CreateTime":1714112445,"MsgType":"event","Event":"subscribe_msg_popup_event",'
    '"List":{"TemplateId":"T1","SubscribeStatusString":"accept","PopupScene":"0"}}'
)
VECTOR = (
    "Q3stYC6hdFzMh9T8HCvyDO1/RRjAXZD4fdtSoNNAUzqQAF8WfwajrrQHLb1MBiUbD+6iogbBRXbhsMKZdWBsgIRMrfh0"
    "vH+dhvCV8aFdmaoCR5SRqGQZ7IR84IcSDwmL/V/4O1JXIm9cILiFqAc1TBO4seS6qd0UieGWfPfuN37T24Xmfs/RA7dx"
    "0+GVJD+JSRojR32K7Ef8yHLx+rhVbjett05RdxwbG8SCXYPfSE63VVcJ/19/5btb4QdIxukllpsykUbNVyhqj8XLhprW"
    "6PofQrQMf3fvaMEz0n1oJN/fry+QTwWFoCj4ltOXyJNTzppEAXfgJwPmVglM2iOZAhIQX5XkQuaf3RO+Q0pDMv4WVCJR"
    "rBilsxn949JhFaaX"
)
MSG_SIGNATURE = "19326259e1b6228321c55c7ac8d15a64ba084860"


def asked(**words: str) -> Asked:
    return Asked.of({"timestamp": AT, "nonce": NONCE} | words)


def gate(mode: Mode = Mode.SAFE, appid: str = APPID) -> Gate:
    return Gate(appid, Callback(TOKEN, KEY, mode))


@pytest.mark.parametrize(
    ("at", "nonce", "signature"),
    [
        ("1714036504", "1514711492", "f464b24fc39322e44b38aa78f5edd27bd1441696"),
        ("1714037059", "486452656", "899cf89e464efb63f54ddac96b0a0a235f53aa78"),
        (AT, NONCE, "6c5c811b55cc85e0e1b54100749188c20beb3f5d"),
    ],
)
def test_the_official_signatures(at: str, nonce: str, signature: str) -> None:
    assert signed(TOKEN, at, nonce) == signature
    gate().require_signed(asked(timestamp=at, nonce=nonce, signature=signature))
    with pytest.raises(ForgedCallback):
        gate().require_signed(asked(timestamp=at, nonce=nonce, signature=signature[:-1]))


def test_the_golden_vector_opens() -> None:
    query = asked(msg_signature=MSG_SIGNATURE)
    assert gate().opened(query, VECTOR, b"").decode() == MESSAGE
    assert gate(Mode.MIXED).opened(query, VECTOR, b"<whatever/>").decode() == MESSAGE
    assert signed(TOKEN, AT, NONCE, VECTOR) == MSG_SIGNATURE


def test_the_sample_key_is_not_canonical_base64_and_opens_all_the_same() -> None:
    assert base64.b64encode(KEY).decode() != f"{KEY_TEXT}="
    assert len(KEY) == 32


@pytest.mark.parametrize("mode", [Mode.MIXED, Mode.SAFE])
def test_a_right_signature_without_that_of_the_message_opens_nothing(mode: Mode) -> None:
    """`signature` covers no body: whoever once saw one could send anything."""
    seen = asked(signature="6c5c811b55cc85e0e1b54100749188c20beb3f5d")
    for encrypted in (VECTOR, None):
        with pytest.raises(ForgedCallback):
            gate(mode).opened(seen, encrypted, MESSAGE.encode())
    with pytest.raises(ForgedCallback):
        gate(mode).opened(asked(msg_signature=MSG_SIGNATURE), VECTOR[:-4] + "AAAA", b"")


def test_a_plain_message_is_signed_by_signature() -> None:
    query = asked(signature=signed(TOKEN, AT, NONCE))
    assert gate(Mode.PLAIN).opened(query, None, b"{}") == b"{}"
    with pytest.raises(ForgedCallback):
        gate(Mode.PLAIN).opened(asked(signature="é"), None, b"{}")


@pytest.mark.parametrize("off", [-301, 301, 10**9])
def test_what_was_signed_at_another_time_is_refused(off: int) -> None:
    wall = datetime.fromtimestamp(int(AT), UTC)
    for fine in (-300, 0, 300):
        require_fresh(asked(), wall + timedelta(seconds=fine))
    with pytest.raises(StaleCallback):
        require_fresh(asked(), wall + timedelta(seconds=off))


@pytest.mark.parametrize("stamp", ["", "-1", "1e9", "１７１４", "9" * 40, " 1714112445", "x"])
def test_an_odd_time_is_no_time(stamp: str) -> None:
    with pytest.raises(ForgedCallback):
        require_fresh(asked(timestamp=stamp), datetime.now(UTC))


def flawed() -> dict[str, str]:
    """Each signed by whoever knows the token, and wrong inside."""
    short = callbacks.sealed(b"", appid="")
    head = base64.b64decode(VECTOR)
    return {
        "not base64": "@@@@",
        "nothing": "",
        "half a block": base64.b64encode(head[:-8]).decode(),
        "without its end": base64.b64encode(head[:-16]).decode(),
        "without its beginning": base64.b64encode(head[32:]).decode(),
        "of another mini-program": callbacks.sealed(b"{}", appid="wx-another"),
        "of none": short,
        "by another key": callbacks.sealed(b"{}", appid=APPID, key=os.urandom(32)),
        "padded with nothing": callbacks.sealed(b"{}", appid=APPID, pad=0),
        "padded too far": callbacks.sealed(b"{}", appid=APPID, pad=33),
        "padded by another number": callbacks.sealed(b"{}", appid=APPID, pad=3),
        "one block of padding": _raw(bytes([16]) * 16),
        "padding alone": _raw(bytes([32]) * 32),
        "longer than it is": _raw(b"r" * 16 + b"\xff\xff\xff\xff" + b"{}" + bytes([10]) * 10),
    }


def _raw(plain: bytes) -> str:
    way = callbacks.Cipher(callbacks.algorithms.AES(KEY), callbacks.modes.CBC(KEY[:16])).encryptor()
    return base64.b64encode(way.update(plain) + way.finalize()).decode()


@pytest.mark.parametrize("flaw", sorted(flawed()))
def test_what_is_wrong_inside_is_refused(flaw: str) -> None:
    with pytest.raises(UnreadableCallback):
        decrypted(KEY, APPID, flawed()[flaw])


oracle = WeChatCrypto(TOKEN, KEY_TEXT, APPID)
bodies = st.text(st.characters(codec="utf-8", exclude_characters="\r\0"), max_size=200)


@given(bodies)
@settings(max_examples=30, deadline=None)
def test_what_wechatpy_encrypts_we_open(body: str) -> None:
    told = oracle.encrypt_message(body, NONCE, AT)
    found = reading.tree(told.encode())
    query = asked(msg_signature=str(found["MsgSignature"]))
    assert gate().opened(query, reading.encrypted(found), b"") == body.encode()


@given(bodies)
@settings(max_examples=30, deadline=None)
def test_what_our_tests_and_simulator_encrypt_wechatpy_opens(body: str) -> None:
    encrypted = callbacks.sealed(body.encode(), appid=APPID)
    signature = callbacks.signature(TOKEN, AT, NONCE, encrypted)
    found = oracle.decrypt_message({"Encrypt": encrypted}, signature, AT, NONCE)
    assert (found.decode() if isinstance(found, bytes) else found) == body
    assert decrypted(KEY, APPID, encrypted).decode() == body


def refuses(act: Any) -> bool:
    try:
        act()
    except (ForgedCallback, UnreadableCallback, InvalidSignatureException, InvalidAppIdException):
        return True
    return False


@given(bodies, st.sampled_from(["signature", "appid", "nonce"]))
@settings(max_examples=30, deadline=None)
def test_what_wechatpy_refuses_we_refuse(body: str, what: str) -> None:
    encrypted = callbacks.sealed(body.encode(), "wx-other" if what == "appid" else APPID)
    nonce = "1" if what == "nonce" else NONCE
    signature = callbacks.signature(TOKEN, AT, NONCE, encrypted)
    signature = signature[::-1] if what == "signature" else signature
    query = asked(nonce=nonce, msg_signature=signature)
    assert refuses(lambda: gate().opened(query, encrypted, b""))
    assert refuses(lambda: oracle.decrypt_message({"Encrypt": encrypted}, signature, AT, nonce))
