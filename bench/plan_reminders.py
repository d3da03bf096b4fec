"""`bench plan-reminders`: a million reminders queued in sets, beside a raw INSERT … SELECT."""

import json
import time
from collections.abc import Iterator, Sequence
from datetime import timedelta
from uuid import UUID

import psycopg

from backend import messaging
from backend.assembly import assemble, release
from backend.kernel import entry
from backend.kernel.ids import new_id
from backend.kernel.transaction import transaction
from backend.messaging import MessageKind, Planned
from backend.messaging.planning import AT_ONCE
from bench import load
from bench.clinics import People
from bench.load import Size
from config.settings import Settings
from tools.launch.stack import Part, Stack

NAME = "plan-reminders"
PARTS = [Part.POSTGRES, Part.SCHEMA]
MANY, PEOPLE, DAYS = 1_000_000, 100_000, 90
KIND = MessageKind.FOLLOW_UP_DUE
RAW = """
INSERT INTO message (id, kind, to_resident_id, subject_id, occasion, template_id, content, page,
  urgent, due_at, expires_at, collapse_key, created_at, climbs)
SELECT gen_random_uuid(), kind, to_resident_id, subject_id, 'raw', template_id, content, page,
  urgent, due_at, expires_at, collapse_key, created_at, climbs
FROM message WHERE occasion = 'due' ORDER BY id OFFSET %s LIMIT %s
"""


def main(arguments: Sequence[str]) -> int:
    """Plan, plan again, and insert the same rows with nothing but SQL."""
    return load.run(NAME, __doc__, arguments, PARTS, measure, kind=load.Unlimited)


def measure(stack: Stack, size: Size) -> int:
    """The status is 1 if the second plan added anything, or the first not everything."""
    many = size.of(MANY)
    with psycopg.connect(stack.urls.admin, autocommit=True) as link:
        residents = People.make(link, size.of(PEOPLE)).residents
        subjects = [new_id() for _ in range(many)]
        planned = in_sets(stack, residents, subjects)
        link.execute("VACUUM ANALYZE message")
        again = in_sets(stack, residents, subjects)
        raw_s = raw(link, many)
    for scenario, (added, took) in (
        ("set-based", planned),
        ("again", again),
        ("raw", (many, raw_s)),
    ):
        line = {"name": NAME, "scenario": scenario, "rows": many, "added": added}
        rate = {"seconds": round(took, 2), "rate_per_s": round(many / took)}
        print(json.dumps(line | rate | {"ratio_to_raw": round(raw_s / took, 3)}), flush=True)
    return int(planned[0] != many or again[0] != 0)


def in_sets(stack: Stack, residents: Sequence[UUID], subjects: Sequence[UUID]) -> tuple[int, float]:
    """How many were new, and the seconds it took."""
    app = assemble(Settings.from_env(stack.environment()))
    with app.app_context():
        added, began = 0, time.perf_counter()
        for some in sets(residents, subjects):
            with transaction():
                added += messaging.plan(entry.now(), KIND, "due", some)
        took = time.perf_counter() - began
    release(app)
    return added, took


def sets(residents: Sequence[UUID], subjects: Sequence[UUID]) -> Iterator[list[Planned]]:
    """Everybody's, over the days to come, some thousands at a time; always the same."""
    first = entry.moment().replace(minute=0, second=0, microsecond=0) + timedelta(days=1)
    days = [first + timedelta(days=day) for day in range(DAYS)]
    for start in range(0, len(subjects), AT_ONCE):
        numbered = enumerate(subjects[start : start + AT_ONCE], start)
        yield [
            Planned(residents[n % len(residents)], subject, days[n % DAYS])
            for n, subject in numbered
        ]


def raw(link: psycopg.Connection, many: int) -> float:
    """The seconds of the same rows by one statement a set, with no rule to keep."""
    began = time.perf_counter()
    link.execute(RAW, [0, many])
    return time.perf_counter() - began
