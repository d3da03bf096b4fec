"""The simulator's own clock, which a control call may move forward."""

import time
from datetime import date, datetime
from zoneinfo import ZoneInfo

BEIJING = ZoneInfo("Asia/Shanghai")


class Clock:
    """Real time plus an offset, so that codes and tokens can be seen to expire."""

    def __init__(self) -> None:
        self.offset = 0.0

    def now(self) -> float:
        """Seconds since the epoch."""
        return time.time() + self.offset

    def advance(self, seconds: float) -> float:
        """Move forward; the platform never goes back in time."""
        self.offset += max(0.0, seconds)
        return self.offset

    def local(self) -> datetime:
        """The wall clock in Beijing."""
        return datetime.fromtimestamp(self.now(), BEIJING)

    def today(self) -> date:
        """The day whose counters are running; they start anew at 00:00 in Beijing."""
        return self.local().date()
