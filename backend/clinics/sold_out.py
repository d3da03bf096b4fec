"""For which sessions this process refused somebody a moment ago.

That only chooses what is asked first: the database is asked each time, so that a seat given back
is found at once, whichever process freed it.
"""

from threading import Lock
from time import monotonic
from uuid import UUID

MOST, LIFE_S = 1000, 5.0


class SoldOut:
    """The sessions that had nothing for somebody in the last seconds, at most a thousand."""

    def __init__(self) -> None:
        self._until: dict[UUID, float] = {}
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._until)

    def note(self, session_id: UUID) -> None:
        """Somebody was refused."""
        with self._lock:
            if len(self._until) >= MOST:
                self._until.clear()
            self._until[session_id] = monotonic() + LIFE_S

    def knows(self, session_id: UUID) -> bool:
        """Whether somebody was refused lately."""
        return self._until.get(session_id, 0.0) > monotonic()


SOLD_OUT = SoldOut()
