"""Personal data at rest: AES-256-GCM bound to its row and column, and a blind index to find it."""

import hashlib
import hmac
import os
from collections.abc import Mapping
from typing import Any, Protocol, overload

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from flask import current_app

_VERSION = 1
_NONCE = 12


class Unreadable(Exception):
    """The ciphertext was altered, moved to another row, or its key is not here."""


class Keyring:
    """The field keys of a deployment; the first seals, each opens what it sealed."""

    def __init__(self, keys: Mapping[str, bytes], index_key: bytes) -> None:
        self._ciphers = {kid.encode(): AESGCM(key) for kid, key in keys.items()}
        self._newest = next(iter(self._ciphers))
        self._index_key = index_key

    def seal(self, plain: bytes, place: str) -> bytes:
        """Version, key id, nonce and ciphertext; `place` names the row and column it belongs to."""
        nonce = os.urandom(_NONCE)
        kid = self._newest
        header = bytes([_VERSION, len(kid)]) + kid
        return header + nonce + self._ciphers[kid].encrypt(nonce, plain, header + place.encode())

    def unseal(self, sealed: bytes, place: str) -> bytes:
        """The plain bytes; raises `Unreadable`."""
        end = 2 + sealed[1]
        header, nonce, rest = sealed[:end], sealed[end : end + _NONCE], sealed[end + _NONCE :]
        try:
            return self._ciphers[header[2:]].decrypt(nonce, rest, header + place.encode())
        except (KeyError, InvalidTag) as failure:
            raise Unreadable(place) from failure

    def index(self, plain: str, purpose: str) -> bytes:
        """HMAC-SHA256 of a normalised value: equal values can be found, none can be read."""
        return hmac.new(self._index_key, f"{purpose}\0{plain}".encode(), hashlib.sha256).digest()


def keyring() -> Keyring:
    """The keyring of the running app."""
    ring: Keyring = current_app.extensions["keyring"]
    return ring


class _Row(Protocol):
    id: Any
    __tablename__: str


class Sealed:
    """A text attribute kept encrypted in the column `<name>_sealed` of its row.

    Reading it gives the plain text, `None` where nothing is kept.
    """

    def __set_name__(self, owner: type, name: str) -> None:
        self._name, self._column = name, f"{name}_sealed"

    @overload
    def __get__(self, row: None, owner: type) -> "Sealed": ...
    @overload
    def __get__(self, row: _Row, owner: type) -> str | None: ...
    def __get__(self, row: _Row | None, owner: type) -> "Sealed | str | None":
        if row is None:
            return self
        sealed = getattr(row, self._column)
        return None if sealed is None else keyring().unseal(sealed, self._place(row)).decode()

    def __set__(self, row: _Row, plain: str | None) -> None:
        sealed = None if plain is None else keyring().seal(plain.encode(), self._place(row))
        setattr(row, self._column, sealed)

    def _place(self, row: _Row) -> str:
        return f"{row.__tablename__}.{self._name}:{row.id}"
