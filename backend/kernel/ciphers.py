"""Authenticated ciphers by the number that stands before each ciphertext."""

from collections.abc import Mapping
from typing import NamedTuple, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import SM4

NONCE = 12
_TAG = 16


class Provider(Protocol):
    """An AEAD with a 12-byte nonce and a 16-byte tag at the end."""

    def encrypt(self, nonce: bytes, data: bytes, associated_data: bytes) -> bytes:
        """The ciphertext and its tag."""

    def decrypt(self, nonce: bytes, data: bytes, associated_data: bytes) -> bytes:
        """The plain bytes; raises `InvalidTag`."""


class Sm4Gcm:
    """SM4-GCM (GB/T 32907, RFC 8998)."""

    def __init__(self, key: bytes) -> None:
        self._key = SM4(key)

    def encrypt(self, nonce: bytes, data: bytes, associated_data: bytes) -> bytes:
        """The ciphertext and its tag."""
        run = Cipher(self._key, modes.GCM(nonce)).encryptor()
        run.authenticate_additional_data(associated_data)
        return run.update(data) + run.finalize() + run.tag

    def decrypt(self, nonce: bytes, data: bytes, associated_data: bytes) -> bytes:
        """The plain bytes; raises `InvalidTag`."""
        body, tag = data[:-_TAG], data[-_TAG:]
        if len(tag) < _TAG:
            raise InvalidTag
        run = Cipher(self._key, modes.GCM(nonce, tag)).decryptor()
        run.authenticate_additional_data(associated_data)
        return run.update(body) + run.finalize()


class Kind(NamedTuple):
    """A cipher and the number that names it in a header."""

    number: int
    provider: type[AESGCM] | type[Sm4Gcm]


# A key's length says which cipher it is for: no key of one fits another.
BY_KEY_LENGTH: Mapping[int, Kind] = {32: Kind(1, AESGCM), 16: Kind(2, Sm4Gcm)}
