"""`bench authorised-read`: what policy and disclosure cost, beside the same route without them."""

from collections.abc import Sequence
from typing import Any

import psycopg

from backend.identity.tokens import Holder, issue
from backend.kernel.ids import new_id
from bench import load
from bench.figures import ratio, show
from bench.load import Ask, Size
from tools.launch.stack import Part, Stack

NAME = "authorised-read"
PARTS = [
    Part.POSTGRES, Part.VALKEY, Part.SIMULATOR, Part.SCHEMA, Part.REGION, Part.API,
]  # fmt: skip
ONE, LIST = "/api/v1/doctor/follow-ups/{}", "/api/v1/doctor/follow-ups?limit=20"
MOST_PER_S = 2000
LOGGED_IN = """
INSERT INTO session (id, staff_id, door, started_at, refreshed_at, expires_at)
VALUES (%s, %s, 'wechat', now(), now(), now() + interval '1 day')
"""
SEEN = """
SELECT m.staff_id, f.id FROM followup f JOIN membership m ON m.party_id = f.team_id
JOIN staff s ON s.id = m.staff_id AND s.role = 'doctor'
JOIN relation r ON r.resident_id = f.resident_id AND r.party_id = f.team_id AND r.kind = 'signed'
"""


def main(arguments: Sequence[str]) -> int:
    """Run every scenario; the status is 1 if anything failed."""
    return load.run(NAME, __doc__, arguments, PARTS, measure, kind=load.Unlimited)


def measure(stack: Stack, size: Size) -> int:
    """One record, then a list of twenty: without the guards, and as it is."""
    wrong = 0
    seen = visits(stack)
    for scenario, path in (("one", ONE), ("list", LIST)):
        asked = requests(stack, seen, path, size)
        with load.served(stack, "bench.unguarded") as port:
            without = load.over_http(port, size, asked)
        show(NAME, f"{scenario}-unguarded", without, ratio_to_unguarded=1.0, disclosed=0)
        before = disclosed(stack)
        run = load.over_http(stack.services[Part.API].port, size, asked)
        written = disclosed(stack) - before
        show(NAME, scenario, run, ratio_to_unguarded=ratio(run, without), disclosed=written)
        wrong += without.errors + run.errors + (written < run.done)
    return 1 if wrong else 0


def visits(stack: Stack) -> list[Any]:
    """Who may see which follow-up."""
    with psycopg.connect(stack.urls.admin, autocommit=True) as link:
        return link.execute(SEEN).fetchall()


def requests(stack: Stack, seen: Sequence[Any], path: str, size: Size) -> list[Ask]:
    """Each doctor reads, in turn."""
    tokens = bearers(stack, {doctor for doctor, _ in seen})
    some = [Ask("GET", path.format(visit), tokens[doctor]) for doctor, visit in seen]
    many = int((size.seconds + size.warm_up_s) * MOST_PER_S)
    return (some * (many // len(some) + 1))[:many]


def bearers(stack: Stack, doctors: set[Any]) -> dict[Any, dict[str, str]]:
    """A session and its token for each doctor."""
    found = {}
    with load.issuing(stack.environment()), psycopg.connect(stack.urls.admin) as link:
        for doctor in doctors:
            session = new_id()
            link.execute(LOGGED_IN, [session, doctor])
            token = issue(Holder.STAFF, doctor, session).text
            found[doctor] = {"Authorization": f"Bearer {token}"}
    return found


def disclosed(stack: Stack) -> int:
    """How many disclosures are written."""
    with psycopg.connect(stack.urls.admin, autocommit=True) as link:
        row = link.execute("SELECT count(*) FROM disclosure").fetchone()
    assert row
    return int(row[0])
