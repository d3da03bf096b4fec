"""Callbacks as WeChat makes them: its own cipher and signatures, written here once more."""

import base64
import hashlib
import json
import os
import time
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from simulators import APPID, CALLBACK_KEY, CALLBACK_TOKEN

from config.callbacks import opened as opened

TOKEN = CALLBACK_TOKEN
KEY = base64.b64decode(f"{CALLBACK_KEY}=")
PATH = "/open/wechat/events"
BEGIN = 1_714_112_445


def signature(*words: str) -> str:
    return hashlib.sha1("".join(sorted(words)).encode()).hexdigest()


def sealed(message: bytes, appid: str = APPID, key: bytes = KEY, pad: int | None = None) -> str:
    """The `Encrypt` of a message; `pad` in place of the right number of bytes."""
    plain = os.urandom(16) + len(message).to_bytes(4, "big") + message + appid.encode()
    many = 32 - len(plain) % 32
    plain += bytes([many if pad is None else pad]) * many
    cipher = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
    return base64.b64encode(cipher.update(plain) + cipher.finalize()).decode()


def query(
    encrypted: str = "", *, at: float | None = None, token: str = TOKEN, **changes: str
) -> dict[str, str]:
    """The query of a callback, signed now; `changes` are made after it was signed."""
    stamp, nonce = str(int(time.time() if at is None else at)), os.urandom(4).hex()
    found = {
        "signature": signature(token, stamp, nonce),
        "timestamp": stamp,
        "nonce": nonce,
        "openid": "whoever",
    }
    if encrypted:
        signed = signature(token, stamp, nonce, encrypted)
        found |= {"encrypt_type": "aes", "msg_signature": signed}
    return found | changes


def event(name: str, openid: str, *items: dict[str, Any], created: int | str = BEGIN) -> bytes:
    """One event as JSON: one item is an object, several are a list."""
    envelope = {"ToUserName": "gh_97417a04a28d", "FromUserName": openid, "CreateTime": created}
    told = {"MsgType": "event", "Event": f"subscribe_msg_{name}_event"}
    listed = {"List": items[0] if len(items) == 1 else list(items)} if items else {}
    return json.dumps(envelope | told | listed).encode()


def popup(openid: str, template_id: str, answer: str = "accept", created: int = BEGIN) -> bytes:
    item = {"TemplateId": template_id, "SubscribeStatusString": answer, "PopupScene": "0"}
    return event("popup", openid, item, created=created)


def switched_off(openid: str, template_id: str, created: int = BEGIN) -> bytes:
    item = {"TemplateId": template_id, "SubscribeStatusString": "reject"}
    return event("change", openid, item, created=created)


def sent(openid: str, template_id: str, msgid: int, code: int = 0, created: int = BEGIN) -> bytes:
    status = "success" if code == 0 else "failed"
    item = {"TemplateId": template_id, "MsgID": str(msgid)}
    item |= {"ErrorCode": str(code), "ErrorStatus": status}
    return event("sent", openid, item, created=created)


def told(http: Any, message: bytes, **changes: str) -> Any:
    """What the product answers when WeChat pushes a message, in safe mode and as JSON."""
    encrypted = sealed(message)
    body = {"ToUserName": "gh_97417a04a28d", "Encrypt": encrypted}
    return http("POST", PATH, json=body, query_string=query(encrypted, **changes))
