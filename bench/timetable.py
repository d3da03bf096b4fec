"""`bench timetable`: the sessions of a centre for 14 days, as everybody may read them."""

from collections.abc import Sequence
from datetime import timedelta
from urllib.parse import urlencode

import httpx2
import psycopg

from backend.kernel.calendar import shanghai_date
from backend.kernel.clock import real_time
from bench import load
from bench.figures import Run, each_ms, ratio, show
from bench.load import Ask, Size
from tools.launch.stack import Part, Stack

NAME = "timetable"
PARTS = [
    Part.POSTGRES, Part.VALKEY, Part.SIMULATOR, Part.SCHEMA, Part.REGION, Part.API,
]  # fmt: skip
PATH = "/api/v1/open/clinics/sessions"
MOST_PER_S, RAW_PER_S = 12_000, 8000
BUSIEST = """
SELECT institution_id FROM clinic_session GROUP BY 1 ORDER BY count(*) DESC LIMIT 1
"""


def main(arguments: Sequence[str]) -> int:
    """Run every scenario; the status is 1 if anything failed."""
    return load.run(NAME, __doc__, arguments, PARTS, measure)


def measure(stack: Stack, size: Size) -> int:
    """The baselines, then the API: each read anew, the last second's, and with its ETag."""
    api, weeks = stack.services[Part.API].port, two_weeks(stack)
    path = f"{PATH}?{urlencode(weeks)}&limit=100"
    with load.served(stack, "bench.bare") as port:
        bare = load.over_http(port, size, asked(size, path))
    raw = raw_run(stack, size, weeks)
    show(NAME, "bare", bare, ratio_to_raw=ratio(bare, raw), ratio_to_bare=1.0)
    show(NAME, "raw", raw, ratio_to_raw=1.0, ratio_to_bare=ratio(raw, bare))
    own = {"SHARED_ANSWERS_S": "0", "METRICS_DIR": str(stack.state.folder / "metrics-anew")}
    with load.served(stack, "tools.cli", ["api"], **own) as port:
        anew = load.over_http(port, size, asked(size, path))
    with load.costing(*stack.services.values()) as of_shared:
        shared = load.over_http(api, size, asked(size, path))
    tag = httpx2.get(f"{stack.api_url}{path}", trust_env=False).headers["ETag"]
    with load.costing(*stack.services.values()) as of_known:
        known = load.over_http(api, size, asked(size, path, {"If-None-Match": tag}), 304)
    told = (("anew", anew, []), ("shared", shared, of_shared), ("etag", known, of_known))
    for scenario, run, cost in told:
        show(
            NAME, scenario, run,
            ratio_to_raw=ratio(run, raw), ratio_to_bare=ratio(run, bare), cpu_ms=each_ms(cost, run),
        )  # fmt: skip
    return 1 if sum(run.errors for run in (bare, raw, anew, shared, known)) else 0


def two_weeks(stack: Stack) -> dict[str, str]:
    """Of the house with most sessions, as a query."""
    with psycopg.connect(stack.urls.admin, autocommit=True) as link:
        row = link.execute(BUSIEST).fetchone()
    assert row
    first = shanghai_date(real_time())
    last = first + timedelta(days=13)
    return {"institution_id": str(row[0]), "from": str(first), "to": str(last)}


def asked(size: Size, path: str, headers: dict[str, str] | None = None) -> list[Ask]:
    """Enough of the same question."""
    return [Ask("GET", path, headers or {})] * int((size.seconds + size.warm_up_s) * MOST_PER_S)


def raw_run(stack: Stack, size: Size, weeks: dict[str, str]) -> Run:
    """The two statements alone."""
    asked = {"house": weeks["institution_id"], "first": weeks["from"], "last": weeks["to"]}
    told = {"url": stack.urls.app, **asked, **load.timing(size)}
    many = int((size.seconds + size.warm_up_s) * RAW_PER_S)
    return load.in_process("bench.raw_reader", told, [""] * many)
