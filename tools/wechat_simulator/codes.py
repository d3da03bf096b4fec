"""Codes of one use, and how often they may be exchanged."""

import secrets
from dataclasses import dataclass

from .clock import Clock
from .refusal import Refused

CODE_LIFE = 300


@dataclass
class Code:
    """A code handed to the client of one user."""

    openid: str
    issued_at: float
    used: bool = False


class Codes:
    """One kind of code; login codes and phone codes live in separate books."""

    def __init__(self, clock: Clock, *, when_reused: int) -> None:
        self.clock = clock
        self.when_reused = when_reused
        self.issued: dict[str, Code] = {}

    def mint(self, openid: str) -> str:
        """A new code of 32 characters."""
        value = "0" + secrets.token_hex(16)[1:]
        self.issued[value] = Code(openid, self.clock.now())
        return value

    def owner(self, value: str) -> str | None:
        """Whose code this is, if it is one of ours."""
        code = self.issued.get(value)
        return code.openid if code else None

    def find(self, value: str) -> Code:
        """The code, still good; the caller marks it used once nothing else refuses."""
        code = self.issued.get(value)
        if code is None or self.clock.now() - code.issued_at > CODE_LIFE:
            raise Refused(40029)
        if code.used:
            raise Refused(self.when_reused)
        return code


class MinuteRate:
    """At most so many calls per user within one minute."""

    def __init__(self, clock: Clock, limit: int) -> None:
        self.clock = clock
        self.limit = limit
        self.seen: dict[str, tuple[int, int]] = {}

    def count(self, openid: str) -> None:
        """Count one call, refusing the one above the limit."""
        minute = int(self.clock.now() // 60)
        then, calls = self.seen.get(openid, (minute, 0))
        calls = calls + 1 if then == minute else 1
        self.seen[openid] = (minute, calls)
        if calls > self.limit:
            raise Refused(45011)
