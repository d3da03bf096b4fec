"""Whether anything is left, asked before the claim where lately nothing was.

Thousands want one seat in the same second: what refuses them takes no lock and no advisory lock.
A process remembers for which sessions it refused somebody a moment ago; that only chooses what is
asked first. What is true the database says each time, so that a seat given back is found at once.
"""

from collections.abc import Mapping
from threading import Lock
from time import monotonic
from typing import Any
from uuid import UUID

from backend.clinics.claim import CONDITIONS, nothing_left
from backend.clinics.errors import AlreadyBooked
from backend.kernel import hot

MOST, LIFE_S = 1000, 5.0
LOOK = """
WITH free AS (
  SELECT {released} AS released, {mine} AS mine
  FROM clinic_seat WHERE session_id = %(session)s AND is_free
)
SELECT s.state = 'open' AND s.starts_at > %(at)s::timestamptz + %(notice)s AS is_open,
  EXISTS (
    SELECT FROM booking b WHERE b.resident_id = %(person)s AND b.session_id = s.id
    AND b.ended_at IS NULL
  ) AS is_booked, counted.*
FROM clinic_session s, (
  SELECT count(*) FILTER (WHERE mine AND released) AS any_free,
    count(*) FILTER (WHERE mine AND NOT released) AS unreleased,
    count(*) FILTER (WHERE NOT mine) AS kept
  FROM free
) counted
WHERE s.id = %(session)s
""".format(**CONDITIONS)


class Lately:
    """The sessions that had nothing for somebody in the last seconds, at most a thousand."""

    def __init__(self) -> None:
        self._until: dict[UUID, float] = {}
        self._lock = Lock()

    def note(self, session_id: UUID) -> None:
        """Somebody was refused."""
        with self._lock:
            if len(self._until) >= MOST:
                self._until.clear()
            self._until[session_id] = monotonic() + LIFE_S

    def knows(self, session_id: UUID) -> bool:
        """Whether somebody was refused lately."""
        return self._until.get(session_id, 0.0) > monotonic()


LATELY = Lately()


def look(told: Mapping[str, Any]) -> None:
    """Raise what the claim would say where nothing is left for the person; else do nothing.

    `told` are the arguments of the claim.
    """
    row = hot.row(LOOK, told)
    if row is None or not row.is_open or row.any_free:
        return
    raise AlreadyBooked if row.is_booked else nothing_left(row)
