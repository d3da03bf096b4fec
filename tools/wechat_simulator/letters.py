"""Callbacks [消息推送] as WeChat words, seals and signs them; their reader shares no code of it."""

import base64
import hashlib
import json
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

MODES, LANGUAGES = ("plain", "mixed", "safe"), ("json", "xml")
ORIGIN = "gh_0123456789ab"
PARTS = {
    "subscribe_msg_popup_event": "SubscribeMsgPopupEvent",
    "subscribe_msg_change_event": "SubscribeMsgChangeEvent",
    "subscribe_msg_sent_event": "SubscribeMsgSentEvent",
}
Items = Sequence[Mapping[str, str]]


@dataclass(frozen=True)
class Agreed:
    """Where callbacks go and how, as the console was told."""

    url: str
    token: str
    aes_key: str
    appid: str
    mode: str = "safe"
    language: str = "json"

    def __post_init__(self) -> None:
        if self.mode not in MODES or self.language not in LANGUAGES:
            raise ValueError("mode is plain, mixed or safe; language is json or xml")


@dataclass(frozen=True)
class Letter:
    """One event about one person: one item or several."""

    openid: str
    event: str
    items: Items
    created: int

    def fields(self) -> dict[str, Any]:
        """What stands before the items."""
        return {
            "ToUserName": ORIGIN,
            "FromUserName": self.openid,
            "CreateTime": self.created,
            "MsgType": "event",
            "Event": self.event,
        }


def posted(agreed: Agreed, letter: Letter) -> tuple[dict[str, str], bytes]:
    """Query and body of one push; every try is signed anew."""
    message = _worded(letter, agreed.language)
    stamp, nonce = str(int(time.time())), str(int.from_bytes(os.urandom(4), "big"))
    query = {
        "signature": _signature(agreed.token, stamp, nonce),
        "timestamp": stamp,
        "nonce": nonce,
        "openid": letter.openid,
    }
    if agreed.mode == "plain":
        return query, message
    sealed = _sealed(message, agreed)
    signed = _signature(agreed.token, stamp, nonce, sealed)
    query |= {"encrypt_type": "aes", "msg_signature": signed}
    return query, _enclosed(letter, sealed, agreed)


def _worded(letter: Letter, language: str) -> bytes:
    if language == "json":
        items = [dict(item) for item in letter.items]
        return _json(letter.fields() | {"List": items[0] if len(items) == 1 else items})
    listed = "".join(f"<List>{_elements(item)}</List>" for item in letter.items)
    part = PARTS[letter.event]
    return f"<xml>{_elements(letter.fields())}<{part}>{listed}</{part}></xml>".encode()


def _enclosed(letter: Letter, sealed: str, agreed: Agreed) -> bytes:
    """What is sealed, in mixed mode with everything else beside it."""
    outer: dict[str, Any] = {"ToUserName": ORIGIN, "Encrypt": sealed}
    if agreed.mode == "mixed":
        outer = letter.fields() | outer
    return _json(outer) if agreed.language == "json" else f"<xml>{_elements(outer)}</xml>".encode()


def _elements(fields: Mapping[str, Any]) -> str:
    return "".join(f"<{name}>{_element(value)}</{name}>" for name, value in fields.items())


def _element(value: Any) -> str:
    text = str(value)
    return text if text.isdecimal() else f"<![CDATA[{text}]]>"


def _json(fields: Mapping[str, Any]) -> bytes:
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()


def _sealed(message: bytes, agreed: Agreed) -> str:
    key = base64.b64decode(agreed.aes_key + "=")
    plain = os.urandom(16) + len(message).to_bytes(4, "big") + message + agreed.appid.encode()
    pad = 32 - len(plain) % 32
    cipher = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
    return base64.b64encode(cipher.update(plain + bytes([pad]) * pad) + cipher.finalize()).decode()


def _signature(*words: str) -> str:
    return hashlib.sha1("".join(sorted(words)).encode(), usedforsecurity=False).hexdigest()
