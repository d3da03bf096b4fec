"""Passwords of staff: what they must be like, and their argon2id hashes (OWASP: 19 MiB, t=2, p=1).

A hash takes tens of milliseconds: no transaction may be open meanwhile.
"""

import unicodedata
from collections.abc import Callable, Iterator, Sequence
from functools import cache

from argon2 import PasswordHasher, Type
from argon2.exceptions import VerifyMismatchError

from backend.staffing.rules import StaffPolicy
from config.settings import ROOT

LONGEST = 128
SHORTEST_PART = 2  # of a name or login that a password must not contain
_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1, type=Type.ID)
_KINDS: Sequence[Callable[[str], bool]] = (
    str.isupper,
    str.islower,
    str.isdigit,
    lambda c: not c.isalnum(),
)


def faults(password: str, policy: StaffPolicy, *own: str) -> list[str]:
    """What is wrong with a password, in Chinese; `own` are the words it must not contain."""
    return list(_faults(_plain(password), policy, own))


def _faults(password: str, policy: StaffPolicy, own: Sequence[str]) -> Iterator[str]:
    if not policy.password_length <= len(password) <= LONGEST:
        yield f"密码应为 {policy.password_length} 到 {LONGEST} 个字符，可以是一句话"
    if sum(any(map(kind, password)) for kind in _KINDS) < policy.password_kinds:
        yield f"密码应含大写字母、小写字母、数字、符号中的至少 {policy.password_kinds} 种"
    folded = password.casefold()
    if folded in common():
        yield "这个密码太常见，容易被猜到，请换一个"
    words = [_plain(word).casefold() for word in own]
    if any(len(word) >= SHORTEST_PART and word in folded for word in words):
        yield "密码中不能含有您的姓名或登录名"


@cache
def common() -> frozenset[str]:
    """The passwords that are tried first, folded to small letters."""
    path = ROOT / "config" / "texts" / "common_passwords.txt"
    lines = path.read_text("utf-8").splitlines()
    return frozenset(line.casefold() for line in lines if line and not line.startswith("#"))


def hashed(password: str) -> str:
    """The argon2id hash, with its parameters and salt."""
    return _HASHER.hash(_plain(password))


def matches(kept: str | None, password: str) -> bool:
    """Whether it is the password; without one kept it takes as long to say no."""
    try:
        _HASHER.verify(kept or _dummy(), _plain(password))
    except VerifyMismatchError:
        return False
    return kept is not None


@cache
def _dummy() -> str:
    return _HASHER.hash("nobody has this one")


def _plain(text: str) -> str:
    """The same characters whatever the keyboard (NIST SP 800-63B 5.1.1.2)."""
    return unicodedata.normalize("NFKC", text)
