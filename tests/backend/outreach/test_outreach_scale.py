"""A list costs by the teams nearby, not by the region: a million residents with --full."""

import time

import pytest
from clinic_database import Database
from races import race

from backend import clinics
from backend.kernel import entry
from backend.kernel.context import CLOCK
from backend.kernel.database import db
from backend.outreach.listing import candidates
from backend.outreach.rules import outreach_of

PEOPLE_OF_A_TEAM = 2000
LOAD = """
CREATE TEMP TABLE crowd AS
  SELECT n, gen_random_uuid() AS id, ('00000000-0000-7000-8000-' ||
    lpad((n / {team})::text, 12, '0'))::uuid AS team FROM generate_series(0, {people} - 1) n;
INSERT INTO institution (id, name, level, address, latitude, longitude, is_example)
  SELECT gen_random_uuid(), '社区' || t, 'centre', '示例', 30 + t * 0.05, 120, true
  FROM generate_series(0, {people} / {team} - 1) t;
INSERT INTO team SELECT ('00000000-0000-7000-8000-' || lpad(t::text, 12, '0'))::uuid, i.id,
  '队' || t, '', true FROM generate_series(0, {people} / {team} - 1) t
  JOIN institution i ON i.name = '社区' || t;
INSERT INTO resident (id, name, id_number_sealed, id_number_index, birth_date, sex, verified_at,
    latitude, longitude)
  SELECT id, '居民', '', decode(md5(n::text), 'hex'), date '1950-01-01' + n % 15000, 'female',
    now(), 30 + n / {team} * 0.05, 120 FROM crowd;
INSERT INTO relation (id, resident_id, party_id, kind, valid_from, source_id)
  SELECT gen_random_uuid(), id, team, 'signed', now() - interval '1 year', id FROM crowd;
INSERT INTO enrolment (id, resident_id, programme, state, diagnosed_on, enrolled_on, enrolled_by)
  SELECT gen_random_uuid(), id, 'hypertension', 'active', date '2020-01-01', date '2020-01-01', id
  FROM crowd WHERE n % 5 = 0;
ANALYZE resident; ANALYZE relation; ANALYZE enrolment; ANALYZE team; ANALYZE institution;
"""


def listed(session_id: str) -> tuple[int, float]:
    """How many are listed, and in how many seconds."""
    ctx = entry.context(CLOCK, entry.moment())
    policy = outreach_of(ctx.region)
    session = db.session.get_one(clinics.ClinicSession, session_id)
    (fit,) = policy.fits
    candidates(ctx, session, fit, policy)
    began = time.perf_counter()
    found = candidates(ctx, session, fit, policy)
    return len(found), time.perf_counter() - began


def test_a_list_is_quick_however_many_people_the_region_has(
    database: Database, request: pytest.FixtureRequest
) -> None:
    people = 1_000_000 if request.config.getoption("--full") else 6_000
    database.link.execute(LOAD.format(people=people, team=PEOPLE_OF_A_TEAM))
    session = database.session()
    database.link.execute("UPDATE institution SET latitude = 30 WHERE id = %s", [database.house])
    ((many, seconds),) = race(database.url, listed, [(session,)])
    assert many == 2 * 20  # the teams of two houses within reach, each its list
    assert seconds < 1.0
