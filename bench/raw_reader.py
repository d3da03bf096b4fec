"""`python -m bench.raw_reader`: the two statements of the timetable, psycopg and nothing else.

Standard input as for `bench.raw_client`, with {house, first, last}; each further line is one read.
"""

from datetime import UTC, date, datetime, time
from typing import Any

import psycopg

from backend.clinics.queries import instant
from backend.clinics.timetable import COUNTED, FILTERS, SESSIONS, TO_COME
from bench.raw_client import Claims, main

OF_HOUSE = SESSIONS.format(which=f"{TO_COME} AND {FILTERS['house']}")


class Reads(Claims):
    """The reads to be made, shared by the threads."""

    def asked(self, link: psycopg.Connection, line: str) -> bool:
        """Read once; whether there was anything."""
        sessions = link.execute(OF_HOUSE, self.arguments(line), prepare=True).fetchall()
        told = {"sessions": [session[0] for session in sessions]}
        return bool(link.execute(COUNTED, told, prepare=True).fetchall())

    def arguments(self, _line: str) -> dict[str, Any]:
        """What the first statement is told."""
        first, last = (date.fromisoformat(self.told[name]) for name in ("first", "last"))
        return {
            "at": datetime.now(UTC),
            "first": instant(first, time()),
            "last": instant(last, time.max),
            "house": self.told["house"],
            "limit": 101,
        }


if __name__ == "__main__":
    main(Reads)
