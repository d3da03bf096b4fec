"""Who sent a callback, and what it says under its encryption (wechat-protocol 6.1, 6.2)."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from backend.messaging.callback_errors import ForgedCallback, StaleCallback, UnreadableCallback
from config.callbacks import Callback, Mode

WINDOW = timedelta(seconds=300)
LONGEST_ECHO = 128
_RANDOM, _LENGTH, _BLOCK, _PAD = 16, 4, 16, 32


@dataclass(frozen=True, slots=True)
class Asked:
    """The words of a callback's query; what is missing is empty."""

    timestamp: str
    nonce: str
    signature: str
    msg_signature: str
    echostr: str

    @classmethod
    def of(cls, query: Mapping[str, str]) -> "Asked":
        """Read what concerns us; WeChat may say more."""
        return cls(*(query.get(name, "") for name in cls.__slots__))


@dataclass(frozen=True, slots=True)
class Gate:
    """What only WeChat and we know."""

    appid: str
    agreed: Callback = field(repr=False)

    def require_signed(self, asked: Asked) -> None:
        """`signature`, which covers no body; raises `ForgedCallback`."""
        _require_same(asked.signature, signed(self.agreed.token, asked.timestamp, asked.nonce))

    def opened(self, asked: Asked, encrypted: str | None, body: bytes) -> bytes:
        """The message: of an encrypted mode what `msg_signature` covers, and nothing else.

        Raises `ForgedCallback`, `UnreadableCallback`.
        """
        if self.agreed.mode is Mode.PLAIN:
            self.require_signed(asked)
            return body
        if encrypted is None:
            raise ForgedCallback  # what is not encrypted, nobody signed
        ours = signed(self.agreed.token, asked.timestamp, asked.nonce, encrypted)
        _require_same(asked.msg_signature, ours)
        return decrypted(self.agreed.key, self.appid, encrypted)


def signed(*words: str) -> str:
    """WeChat's signature: SHA-1 of the words in their order."""
    return hashlib.sha1("".join(sorted(words)).encode(), usedforsecurity=False).hexdigest()


def require_fresh(asked: Asked, wall: datetime) -> None:
    """Refuse what was signed more than five minutes away from `wall` (real time)."""
    if not (asked.timestamp.isascii() and asked.timestamp.isdigit() and len(asked.timestamp) < 12):
        raise ForgedCallback
    if abs(wall.timestamp() - int(asked.timestamp)) > WINDOW.total_seconds():
        raise StaleCallback


def decrypted(key: bytes, appid: str, encrypted: str) -> bytes:
    """AES-256-CBC, padded to 32: random, length, message, appid. Raises `UnreadableCallback`."""
    try:
        sealed = base64.b64decode(encrypted, validate=True)
    except (ValueError, binascii.Error) as wrong:
        raise UnreadableCallback from wrong
    if not sealed or len(sealed) % _BLOCK:
        raise UnreadableCallback
    way = Cipher(algorithms.AES(key), modes.CBC(key[:_BLOCK])).decryptor()
    return _message(_unpadded(way.update(sealed) + way.finalize()), appid.encode())


def _unpadded(plain: bytes) -> bytes:
    many = plain[-1]
    if not 1 <= many <= min(_PAD, len(plain)) or plain[-many:] != bytes([many]) * many:
        raise UnreadableCallback
    return plain[:-many]


def _message(plain: bytes, appid: bytes) -> bytes:
    begins = _RANDOM + _LENGTH
    if len(plain) < begins:
        raise UnreadableCallback
    ends = begins + int.from_bytes(plain[_RANDOM:begins], "big")
    if ends > len(plain) or not hmac.compare_digest(plain[ends:], appid):
        raise UnreadableCallback
    return plain[begins:ends]


def _require_same(given: str, ours: str) -> None:
    if not hmac.compare_digest(given.encode(), ours.encode()):
        raise ForgedCallback
