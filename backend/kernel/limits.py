"""How often is too often: by account, person, address and route, as config/limits.toml says.

Counters live in Redis and in each process; they may be lost at any moment. What security rests on
(attempts at a password, a code, an identity) is counted in PostgreSQL by its feature as well.
"""

import tomllib
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from flask import current_app

from backend.kernel import figures
from backend.kernel.errors import TooMany
from backend.kernel.regions import Region
from backend.kernel.tallies import Allowance, Counter, Shared, counters
from config.settings import ROOT

if TYPE_CHECKING:
    import redis

    from backend.kernel.crypto import Keyring


class Pace(StrEnum):
    """What kind of request it is, as far as its frequency goes."""

    READ = "read"
    WRITE = "write"
    SEARCH = "search"
    LOGIN = "login"
    REFRESH = "refresh"
    PASSWORD = "password"  # noqa: S105  # nosec B105
    VERIFICATION = "verification"
    DESK_CODE = "desk_code"
    CALLBACK = "callback"
    EXPORT = "export"


class Counted(StrEnum):
    """Who is counted."""

    ACCOUNT = "account"
    PERSON = "person"
    ADDRESS = "address"
    FAILURES = "failures"
    ROUTE = "route"


Key = tuple[Pace, Counted]


class LimitReached(TooMany):
    """An allowance is used up."""

    def __init__(self, retry_after_s: int) -> None:
        self.retry_after_s = retry_after_s
        super().__init__(f"操作太频繁了，请等{_told(retry_after_s)}再试。")


@dataclass(frozen=True, slots=True)
class Allowances:
    """What one class of routes allows; what is not named is not limited."""

    account: Allowance | None = None
    person: Allowance | None = None
    address: Allowance | None = None
    failures: Allowance | None = None
    route: Allowance | None = None


@dataclass(frozen=True, slots=True)
class Figures:
    """All classes, and what each process allows of them while Redis is away."""

    without_redis: float
    classes: Mapping[str, Allowances]

    def __post_init__(self) -> None:
        if not 0 < self.without_redis <= 1:
            raise ValueError("without Redis no more may be allowed than with it")
        if self.classes.keys() != set(Pace):
            raise ValueError(f"the classes are {', '.join(Pace)}")

    @classmethod
    def load(cls, region: Region) -> "Figures":
        """The national figures with the region's classes in place of ours."""
        told: dict[str, Any] = tomllib.loads((ROOT / "config" / "limits.toml").read_text("utf-8"))
        local: Mapping[str, Any] = region.tables.get("limits", {})
        classes = told.pop("class") | local.get("class", {})
        rest = {key: value for key, value in local.items() if key != "class"}
        return figures.shape(cls, told | rest | {"classes": classes}, "limits")

    def named(self, factor: float) -> dict[Key, Allowance]:
        """Each allowance, `factor` times as much."""
        return {
            (Pace(pace), who): allowance.times(factor)
            for pace, allowances in self.classes.items()
            for who in Counted
            if (allowance := getattr(allowances, who)) is not None
        }


class Limiter:
    """The limits of one process."""

    def __init__(self, found: Mapping[Key, Counter]) -> None:
        self._counters = found

    @classmethod
    def of(
        cls, region: Region, client: "redis.Redis | None", keyring: "Keyring", factor: float | None
    ) -> "Limiter":
        """As config says, `factor` times as much; without a factor nothing is limited."""
        if factor is None:
            return cls({})
        known = Figures.load(region)
        shared = Shared(client, lambda subject: keyring.index(subject, "limit").hex())
        return cls(counters(shared, known.named(factor), known.without_redis))

    def spend(self, pace: Pace, who: Counted, subject: Hashable) -> None:
        """Count one request; raises `LimitReached`."""
        counter = self._counters.get((pace, who))
        if counter is not None and (wait := counter.spend(subject)):
            raise LimitReached(wait)

    def require(self, pace: Pace, who: Counted, subject: Hashable) -> None:
        """Raise `LimitReached` if nothing is left; counts nothing."""
        counter = self._counters.get((pace, who))
        if counter is not None and (wait := counter.wait(subject)):
            raise LimitReached(wait)

    def note(self, pace: Pace, who: Counted, subject: Hashable) -> None:
        """Count what has happened, and refuse nothing yet."""
        counter = self._counters.get((pace, who))
        if counter is not None:
            counter.spend(subject)


def limiter() -> Limiter:
    """The limits of the running app."""
    found: Limiter = current_app.extensions["limiter"]
    return found


def _told(seconds: int) -> str:
    return f"{seconds} 秒" if seconds <= 90 else f"{-(-seconds // 60)} 分钟"
