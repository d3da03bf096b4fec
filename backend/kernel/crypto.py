"""Personal data at rest: ciphertexts bound to their row and column, and a blind index to find it.

Each column that holds ciphertexts is a `Place`; `PLACES` is the list of all of them, by which keys
are changed and everything is checked.
"""

import hashlib
import hmac
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, overload

from cryptography.exceptions import InvalidTag
from flask import current_app

from backend.kernel.ciphers import BY_KEY_LENGTH, NONCE, Provider


class Unreadable(Exception):
    """The ciphertext was altered, moved to another row, or its key is not here."""


class Keyring:
    """The field keys of a deployment, 32 bytes for AES-256-GCM or 16 for SM4-GCM.

    The first one seals, each opens what it sealed.
    """

    def __init__(self, keys: Mapping[str, bytes], index_key: bytes) -> None:
        self._ciphers: dict[bytes, Provider] = {}
        for kid, key in keys.items():
            number, provider = BY_KEY_LENGTH[len(key)]
            self._ciphers[bytes([number, len(kid)]) + kid.encode()] = provider(key)
        self.newest = next(iter(self._ciphers))
        self._index_key = index_key

    def seal(self, plain: bytes, place: str) -> bytes:
        """Cipher, key id, nonce and ciphertext; `place` names the row and column it belongs to."""
        nonce = os.urandom(NONCE)
        cipher = self._ciphers[self.newest]
        sealed = cipher.encrypt(nonce, plain, self.newest + place.encode())
        return self.newest + nonce + sealed

    def unseal(self, sealed: bytes, place: str) -> bytes:
        """The plain bytes; raises `Unreadable`."""
        end = 2 + int.from_bytes(sealed[1:2])
        header, nonce, rest = sealed[:end], sealed[end : end + NONCE], sealed[end + NONCE :]
        try:
            return self._ciphers[header].decrypt(nonce, rest, header + place.encode())
        except (KeyError, InvalidTag, ValueError) as failure:
            raise Unreadable(place) from failure

    def index(self, plain: str, purpose: str) -> bytes:
        """HMAC-SHA256 of a normalised value: equal values can be found, none can be read."""
        return hmac.new(self._index_key, f"{purpose}\0{plain}".encode(), hashlib.sha256).digest()


def keyring() -> Keyring:
    """The keyring of the running app."""
    ring: Keyring = current_app.extensions["keyring"]
    return ring


@dataclass(frozen=True, slots=True)
class Place:
    """A column `<name>_sealed` of ciphertexts; `keys` are the columns that tell its rows apart.

    What `was_plain` once stands in the column `<name>` until `manage.py keys reencrypt` has run.
    """

    table: str
    name: str
    keys: tuple[str, ...] = ("id",)
    was_plain: bool = False

    @property
    def column(self) -> str:
        """The column's own name."""
        return f"{self.name}_sealed"

    def of(self, *row: Any) -> str:
        """What a ciphertext of this row is bound to."""
        return f"{self.table}.{self.name}:{':'.join(map(str, row))}"


PLACES: dict[str, Place] = {}


def place(
    table: str, name: str, keys: tuple[str, ...] = ("id",), *, was_plain: bool = False
) -> Place:
    """Enter a column into the list of those that hold ciphertexts."""
    found = Place(table, name, keys, was_plain)
    PLACES[f"{table}.{name}"] = found
    return found


class _Row(Protocol):
    id: Any
    __tablename__: str


class Sealed:
    """A text attribute kept encrypted in the column `<name>_sealed` of its row.

    Reading it gives the plain text, `None` where nothing is kept. `plain` names the attribute of a
    column that held the text before: what is still there is read, and gone with the next change.
    """

    def __init__(self, plain: str | None = None) -> None:
        self._plain = plain

    def __set_name__(self, owner: type[_Row], name: str) -> None:
        self._place = place(owner.__tablename__, name, was_plain=self._plain is not None)

    @overload
    def __get__(self, row: None, owner: type) -> "Sealed": ...
    @overload
    def __get__(self, row: _Row, owner: type) -> str | None: ...
    def __get__(self, row: _Row | None, owner: type) -> "Sealed | str | None":
        if row is None:
            return self
        sealed = getattr(row, self._place.column)
        if sealed is None:
            return getattr(row, self._plain) if self._plain else None
        return keyring().unseal(sealed, self._place.of(row.id)).decode()

    def __set__(self, row: _Row, plain: str | None) -> None:
        sealed = None if plain is None else keyring().seal(plain.encode(), self._place.of(row.id))
        setattr(row, self._place.column, sealed)
        if self._plain:
            setattr(row, self._plain, None)
