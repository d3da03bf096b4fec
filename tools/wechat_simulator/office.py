"""What the platform keeps about the account itself: quotas, request ids, the template library."""

from collections import Counter, OrderedDict
from dataclasses import dataclass
from ipaddress import ip_address

from .clock import Clock
from .refusal import Refused

CLEARS_PER_MONTH, MOST_TEMPLATES = 10, 25
PLAIN_PER_DAY, OTHERS_PER_DAY = 2000, 1_000_000
RID_LIFE = 7 * 24 * 3600
KEPT_RIDS = 5000
# The public library: number → title and its keywords' keys and labels, in the order of their kid.
_TEXT, _WHEN = ("thing", "提醒内容"), ("time", "时间")
LIBRARY = {
    "2001": ("随访提醒", [_TEXT, ("date", "日期"), ("thing", "备注"), ("name", "姓名")]),
    "2002": ("预约提醒", [_TEXT, _WHEN, ("thing", "地点"), ("phrase", "状态")]),
    "2003": ("待办提醒", [_TEXT, _WHEN, ("character_string", "编号")]),
}


@dataclass(frozen=True)
class Request:
    """One refused call, found again by its rid."""

    at: float
    url: str
    body: str
    answer: str
    address: str


class Office:
    """Forgotten at a restart, as codes and tokens are."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.allowed: frozenset[str] = frozenset()
        self.requests: OrderedDict[str, Request] = OrderedDict()
        self.links: dict[str, dict[str, object]] = {}
        self._cleared: tuple[str, int] = ("", 0)
        self._day = clock.today()
        self._used: Counter[str] = Counter()

    def admit(self, address: str) -> None:
        """Refuse a caller that is not on the list of IPs, where there is one."""
        if self.allowed and address not in self.allowed:
            seen = f"invalid ip {address} ipv6 ::ffff:{address}, not in whitelist"
            raise Refused(40164, seen)

    def allow(self, addresses: list[str]) -> None:
        """Set the list; `ValueError` for what is no address."""
        self.allowed = frozenset(str(ip_address(one)) for one in addresses)

    def count(self, path: str, limit: int | None = None) -> None:
        """One call of this path today, refusing the one above a limit."""
        self._begin_day()
        if limit is not None and self._used[path] >= limit:
            raise Refused(45009)
        self._used[path] += 1

    def used(self, path: str) -> int:
        """Calls of this path today."""
        self._begin_day()
        return self._used[path]

    def clear(self) -> None:
        """Reset the day's counters, ten times in a month."""
        month = f"{self.clock.today():%Y-%m}"
        so_far = self._cleared[1] if self._cleared[0] == month else 0
        if so_far >= CLEARS_PER_MONTH:
            raise Refused(48006)
        self._cleared = (month, so_far + 1)
        self._used.clear()

    def remember(self, rid: str, request: Request) -> None:
        """Keep a refused call for seven days, the latest of them."""
        self.requests[rid] = request
        if len(self.requests) > KEPT_RIDS:
            self.requests.popitem(last=False)

    def request(self, rid: str) -> Request:
        """The call of a rid."""
        if len(rid.split("-")) != 3:
            raise Refused(76002)
        found = self.requests.get(rid)
        if found is None:
            raise Refused(76001)
        if self.clock.now() - found.at > RID_LIFE:
            raise Refused(76004)
        return found

    def _begin_day(self) -> None:
        if self._day != self.clock.today():
            self._day = self.clock.today()
            self._used.clear()
