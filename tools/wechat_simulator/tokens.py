"""Access tokens: the plain kind that rotates and the stable kind that stays."""

import secrets
from datetime import date

from .clock import Clock
from .refusal import Refused

LIFE = 7200
GRACE = 300
FORCED_PER_DAY = 20
FORCED_SPACING = 30


class Tokens:
    """Both kinds in one book; neither kind invalidates the other."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.expiry: dict[str, float] = {}
        self.plain_now: str | None = None
        self.stable_now: str | None = None
        self.forced: tuple[date | None, int, float] = (None, 0, 0.0)

    def plain(self) -> tuple[str, int]:
        """Every call mints anew; the one before lives five minutes more."""
        if self.plain_now:
            last = self.clock.now() + GRACE
            self.expiry[self.plain_now] = min(last, self.expiry[self.plain_now])
        self.plain_now = self._mint()
        return self.plain_now, LIFE

    def stable(self, *, force: bool) -> tuple[str, int]:
        """The same token until it nears its end, or a new one at once by force."""
        if force:
            self._count_forced()
            self.expiry.pop(self.stable_now or "", None)
            self.stable_now = None
        if self.stable_now is None or self._left(self.stable_now) < GRACE:
            self.stable_now = self._mint()
        return self.stable_now, int(self._left(self.stable_now))

    def check(self, value: str | None) -> None:
        """Refuse a missing, unknown or expired token."""
        if not value:
            raise Refused(41001)
        if value not in self.expiry:
            raise Refused(40001)
        if self._left(value) <= 0:
            raise Refused(42001)

    def _mint(self) -> str:
        value = f"{secrets.randbelow(90) + 10}_{secrets.token_urlsafe(110)}"
        self.expiry[value] = self.clock.now() + LIFE
        return value

    def _left(self, value: str) -> float:
        return self.expiry[value] - self.clock.now()

    def _count_forced(self) -> None:
        day, count, last = self.forced
        if day != self.clock.today():
            count = 0
        if count >= FORCED_PER_DAY:
            raise Refused(45009)
        if self.clock.now() - last < FORCED_SPACING:
            raise Refused(45011)
        self.forced = (self.clock.today(), count + 1, self.clock.now())
