"""Residents and sessions by bulk load, and whether anything was sold twice."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import psycopg

from backend.identity import Purpose, consent_text
from backend.kernel.ids import new_id

OVERSOLD = """
SELECT coalesce(sum(greatest(live - capacity, seats_lost, abs(live - taken))), 0) FROM (
  SELECT s.capacity, s.taken, count(b.id) AS live, count(b.id) - count(DISTINCT b.seat_number)
    AS seats_lost
  FROM clinic_session s LEFT JOIN booking b ON b.session_id = s.id AND b.ended_at IS NULL
  GROUP BY s.id
) counted
"""
SEATS = """
INSERT INTO clinic_seat (id, session_id, number, starts_at, ends_at)
SELECT gen_random_uuid(), s.id, n, s.starts_at + n * interval '1 second',
  s.starts_at + (n + 1) * interval '1 second'
FROM clinic_session s, generate_series(1, s.capacity) n WHERE s.id = ANY(%s)
"""
AGREED = """
INSERT INTO consent (id, resident_id, channel, purpose, version, text_hash, given_at)
SELECT gen_random_uuid(), resident, 'desk', 'health_data', %s, '', now()
FROM unnest(%s::uuid[]) resident
"""
LOGGED_IN = """
INSERT INTO session (id, account_id, door, started_at, refreshed_at, expires_at)
SELECT session, account, 'wechat', now(), now(), now() + interval '1 day'
FROM unnest(%s::uuid[], %s::uuid[]) AS logged_in (session, account)
"""


@dataclass(frozen=True)
class People:
    """Verified residents, their accounts and the sessions of these, in the same order."""

    residents: Sequence[UUID]
    accounts: Sequence[UUID]
    sessions: Sequence[UUID]

    @classmethod
    def make(cls, link: psycopg.Connection, many: int) -> "People":
        """So many new ones; nobody reads their ID numbers here."""
        people = cls(*([new_id() for _ in range(many)] for _ in range(3)))
        now = datetime.now(UTC)
        columns = "id, name, id_number_sealed, id_number_index, birth_date, sex, verified_at"
        with link.cursor() as cursor:
            with cursor.copy(f"COPY resident ({columns}) FROM STDIN") as copy:
                for person in people.residents:
                    number = os.urandom(32)
                    copy.write_row((person, "示例", number, number, now.date(), "female", now))
            words = "COPY account (id, openid, resident_id, created_at) FROM STDIN"
            with cursor.copy(words) as copy:
                for account, person in zip(people.accounts, people.residents, strict=True):
                    copy.write_row((account, account.hex[-28:], person, now))
        link.execute(AGREED, [consent_text(Purpose.HEALTH_DATA).version, people.residents])
        link.execute(LOGGED_IN, [people.sessions, people.accounts])
        link.execute("ANALYZE resident, account, consent, session")
        return people

    def part(self, first: int, many: int) -> "People":
        """Some of them."""
        kept = slice(first, first + many)
        return People(self.residents[kept], self.accounts[kept], self.sessions[kept])


@dataclass(frozen=True)
class Sessions:
    """Sessions with seats for everybody."""

    ids: Sequence[UUID]

    @classmethod
    def make(
        cls, link: psycopg.Connection, many: int, attempts: int, capacity: int = 0
    ) -> "Sessions":
        """`many` new ones in two days, with seats of a second for `attempts` people together.

        With a capacity each has so many seats.
        """
        capacity = capacity or attempts // many + 1
        begin = datetime.now(UTC) + timedelta(days=2)
        end = begin + timedelta(seconds=capacity + 2)
        sessions = cls([new_id() for _ in range(many)])
        for session in sessions.ids:
            made = link.execute(
                "INSERT INTO roster SELECT %s, %s, %s, '心内科', 'outpatient', '3诊室', NULL, 1,"
                " '9:00', '10:00', %s, %s RETURNING id, expert_id, institution_id",
                [new_id(), new_id(), new_id(), capacity, begin.date()],
            ).fetchone()
            assert made
            link.execute(
                "INSERT INTO clinic_session SELECT %s, %s, %s, %s, '心内科', 'outpatient', '3诊室',"
                " NULL, %s, %s, %s, now() - interval '1 day', %s",
                [session, *made, begin.date(), begin, end, capacity],
            )
        link.execute(SEATS, [list(sessions.ids)])
        link.execute("VACUUM ANALYZE clinic_seat, clinic_session, booking")
        link.execute("CHECKPOINT")
        return sessions

    def close(self, link: psycopg.Connection) -> None:
        """Nothing is left to do: the next scenario makes its own."""
        link.execute("VACUUM ANALYZE booking, event, idempotency, relation")


def oversold(link: psycopg.Connection) -> int:
    """Seats sold twice, above the capacity, or not counted, over all sessions there are."""
    row = link.execute(OVERSOLD).fetchone()
    assert row
    return int(row[0])
