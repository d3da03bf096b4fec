"""Everything the simulated platform remembers."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from .clock import Clock
from .codes import Codes, MinuteRate
from .faults import Faults
from .ledger import Ledger
from .letters import Agreed
from .office import Office
from .postman import Postman
from .refusal import Refused
from .templates import Template, parse
from .tokens import Tokens
from .users import Users

ANY_PAGE = re.compile(r"pages/[A-Za-z0-9_\-/]+")


@dataclass(frozen=True)
class Account:
    """The mini-program and the provider's customer this process plays the server for."""

    appid: str
    secret: str
    realname_key: str
    pages: frozenset[str] = frozenset()

    def released(self, page: str) -> bool:
        """Whether the released version has this page; with no list given, any `pages/…` has."""
        bare = page.partition("?")[0]
        return bare in self.pages if self.pages else ANY_PAGE.fullmatch(bare) is not None


class Traffic:
    """Who is calling now, and how often each answer was given."""

    def __init__(self) -> None:
        self.calls: dict[str, Counter[str]] = {}
        self.in_flight: Counter[str] = Counter()
        self.peak: Counter[str] = Counter()

    def answered(self, path: str, outcome: str) -> None:
        """Count one answer: its `errcode`, the result of a verification, or what became of it."""
        self.calls.setdefault(path, Counter())[outcome] += 1

    @contextmanager
    def entered(self, openid: str) -> Iterator[bool]:
        """Yields whether this is the only call for that person at the moment."""
        self.in_flight[openid] += 1
        self.peak[openid] = max(self.peak[openid], self.in_flight[openid])
        try:
            yield self.in_flight[openid] == 1
        finally:
            self.in_flight[openid] -= 1
            if not self.in_flight[openid]:
                del self.in_flight[openid]


class DailyQuota:
    """Sends of one Beijing day."""

    def __init__(self, clock: Clock, limit: int) -> None:
        self.clock = clock
        self.limit = limit
        self.day: date | None = None
        self.used = 0

    def count(self) -> None:
        """Count one send, refusing the one above the limit."""
        if self.day != self.clock.today():
            self.day, self.used = self.clock.today(), 0
        if self.used >= self.limit:
            raise Refused(45009)
        self.used += 1


class Platform:
    """One account, its users and templates, and the ledger of what was delivered."""

    def __init__(
        self,
        account: Account,
        ledger: Path,
        templates: Iterable[Template],
        daily_sends: int,
        agreed: Agreed | None = None,
    ) -> None:
        self.own_account = self.account = account
        self.paths: frozenset[str] = frozenset()
        self.users = Users(ledger.with_name(ledger.name + ".journal"))
        self.own_templates = list(templates)
        self.daily_sends = daily_sends
        self.own_agreed = agreed
        self.postman = Postman(agreed)
        self._begin()
        self.ledger = Ledger(ledger, self.clock)
        for message in self.ledger.messages():
            if message["one_time"]:
                self.users.spend(message["openid"], message["template_id"])

    def _begin(self) -> None:
        """What a restart forgets."""
        self.clock = Clock()
        self.tokens = Tokens(self.clock)
        self.login_codes = Codes(self.clock, when_reused=40163)
        self.phone_codes = Codes(self.clock, when_reused=40029)
        self.login_rate = MinuteRate(self.clock, 100)
        self.daily = DailyQuota(self.clock, self.daily_sends)
        self.faults = Faults()
        self.office = Office(self.clock)
        self.account = self.own_account
        self.traffic = Traffic()
        self.latency = 0.0
        registered = map(parse, self.users.templates.values())
        self.templates = {one.id: one for one in [*self.own_templates, *registered]}

    def define(self, record: dict[str, Any]) -> Template:
        """Register a template by a control call."""
        template = parse(record)
        self.users.keep_template(record)
        self.templates[template.id] = template
        return template

    def reset(self) -> None:
        """Begin anew with empty files."""
        self.users.wipe()
        self.ledger.wipe()
        self.postman.forget(self.own_agreed)
        self._begin()
        self.ledger.clock = self.clock
