"""Years of bookings by INSERT … SELECT: what a clinic has seen before the one that is measured."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from uuid import UUID

import psycopg
from psycopg import sql

TABLES = ("clinic_session", "clinic_seat", "booking")
SEATS = 20
# Everything that the database keeps beside the rows, but for keys: made anew after a load.
BESIDE = """
SELECT c.conrelid::regclass::text, c.conname, pg_get_constraintdef(c.oid), true
FROM pg_constraint c WHERE c.contype = 'x' AND c.conrelid = ANY(%(tables)s::regclass[])
UNION ALL
SELECT i.indrelid::regclass::text, i.indexrelid::regclass::text,
  pg_get_indexdef(i.indexrelid), false
FROM pg_index i WHERE i.indrelid = ANY(%(tables)s::regclass[]) AND NOT EXISTS (
  SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid)
"""
DROP_INDEX = sql.SQL("DROP INDEX {name}")
DROP_CONSTRAINT = sql.SQL("ALTER TABLE {table} DROP CONSTRAINT {name}")
ADD_CONSTRAINT = sql.SQL("ALTER TABLE {table} ADD CONSTRAINT {name} ")
PERSONS = "CREATE TABLE IF NOT EXISTS history_person (n bigint PRIMARY KEY, id uuid NOT NULL)"
KNOWN = """
INSERT INTO history_person
SELECT n - 1, id FROM unnest(%(known)s::uuid[]) WITH ORDINALITY AS known (id, n)
ON CONFLICT DO NOTHING
"""
OTHERS = """
INSERT INTO history_person SELECT n, gen_random_uuid()
FROM generate_series((SELECT count(*) FROM history_person), %(persons)s::bigint - 1) n
"""
# Ten minutes each, one after the other into the past; a hundred experts take turns.
SESSIONS = """
CREATE TEMP TABLE new_session ON COMMIT DROP AS
SELECT j, gen_random_uuid() AS id, b.starts_at, b.starts_at + interval '10 minutes' AS ends_at
FROM generate_series(%(first)s::int, %(last)s::int) j, LATERAL (
  SELECT date_trunc('day', now()) - interval '30 days' - j * interval '10 minutes' AS starts_at) b
"""
COPIED = """
INSERT INTO clinic_session (id, expert_id, institution_id, specialty, service, room, day, starts_at,
  ends_at, releases_at, capacity, taken)
SELECT id, md5('expert' || j %% 100)::uuid, md5('house' || j %% 20)::uuid, '心内科', 'outpatient',
  '3诊室', starts_at::date, starts_at, ends_at, starts_at - interval '14 days',
  %(seats)s::int, %(seats)s::int
FROM new_session
"""
NUMBERED = """
INSERT INTO clinic_seat (id, session_id, number, starts_at, ends_at, is_free)
SELECT gen_random_uuid(), id, n, starts_at + (n - 1) * interval '30 seconds',
  starts_at + n * interval '30 seconds', false
FROM new_session, generate_series(1, %(seats)s::int) n
"""
BOOKED = """
INSERT INTO booking (id, session_id, seat_number, resident_id, day, starts_at, ends_at, state,
  booked_at, seen_at)
SELECT gen_random_uuid(), s.id, seat, p.id, s.starts_at::date,
  s.starts_at + (seat - 1) * interval '30 seconds', s.starts_at + seat * interval '30 seconds',
  'seen', s.starts_at - interval '3 days', s.starts_at
FROM new_session s, generate_series(1, %(seats)s::int) seat, history_person p
WHERE p.n = (s.j::bigint * %(seats)s::int + seat) %% %(persons)s::bigint
"""


def grow(link: psycopg.Connection, to: int, known: Sequence[UUID]) -> None:
    """Have `to` bookings of the past, twenty a person or more; `known` are the first persons."""
    row = link.execute("SELECT count(*) FROM booking WHERE state = 'seen'").fetchone()
    assert row
    told = {
        "first": row[0] // SEATS,
        "last": to // SEATS - 1,
        "seats": SEATS,
        "persons": max(len(known), to // SEATS),
        "known": list(known),
    }
    with link.transaction(), _bare(link):
        link.execute(PERSONS)
        for words in (KNOWN, OTHERS, SESSIONS, COPIED, NUMBERED, BOOKED):
            link.execute(words, told)
    link.execute(f"VACUUM (ANALYZE) {', '.join(TABLES)}")


@contextmanager
def _bare(link: psycopg.Connection) -> Iterator[None]:
    """Without triggers, and without what is quicker made at the end than kept row by row."""
    beside = link.execute(BESIDE, {"tables": list(TABLES)}).fetchall()
    link.execute("SET LOCAL session_replication_role = replica")
    link.execute("SET LOCAL maintenance_work_mem = '512MB'")
    for table, name, _, is_constraint in beside:
        words = DROP_CONSTRAINT if is_constraint else DROP_INDEX
        link.execute(_about(words, table, name))
    yield
    for table, name, definition, is_constraint in beside:
        made = _about(ADD_CONSTRAINT, table, name) if is_constraint else sql.Composed([])
        link.execute(made + sql.SQL(definition))


def _about(words: sql.SQL, table: str, name: str) -> sql.Composed:
    return words.format(table=sql.Identifier(table), name=sql.Identifier(name))
