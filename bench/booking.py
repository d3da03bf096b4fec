"""`bench booking`: the whole stack, beside the bare server and the raw statement."""

from collections.abc import Iterator, Mapping, Sequence
from uuid import UUID

import psycopg

from backend.identity.tokens import Holder, issue
from backend.kernel.ids import new_id
from bench import load
from bench.clinics import People, Sessions, oversold
from bench.figures import Run, ratio, show
from bench.load import Ask, Size
from bench.profile import each, watched
from tools.launch.stack import Part, Stack

NAME = "booking"
PATH = "/api/v1/resident/bookings"
Profiled = tuple[Run, Mapping[str, float]]
PARTS = [Part.POSTGRES, Part.VALKEY, Part.SCHEMA, Part.API]


def main(arguments: Sequence[str]) -> int:
    """Run every scenario; the status is 1 if anything was oversold or failed."""
    return load.run(NAME, __doc__, arguments, PARTS, measure)


def measure(stack: Stack, size: Size) -> int:
    """All scenarios on one database, the baselines first."""
    with psycopg.connect(stack.urls.admin, autocommit=True) as link:
        spread, hot = size.sessions, 1
        bare = bare_run(stack, size)
        show(NAME, "bare", bare, ratio_to_raw=None, ratio_to_bare=1.0, oversold=0, profile=None)
        wrong = bare.errors
        for scenario, many in (("spread", spread), ("hot", hot)):
            raw, profile = raw_run(stack, size, link, many)
            sold_twice = oversold(link)
            show(
                NAME, f"raw-{scenario}", raw, ratio_to_raw=1.0, ratio_to_bare=ratio(raw, bare),
                oversold=sold_twice, profile=profile,
            )  # fmt: skip
            run, profile = stack_run(stack, size, link, many)
            sold_twice += oversold(link)
            show(
                NAME, scenario, run, ratio_to_raw=ratio(run, raw), ratio_to_bare=ratio(run, bare),
                oversold=sold_twice, profile=profile,
            )  # fmt: skip
            wrong += raw.errors + run.errors + sold_twice
    return 1 if wrong else 0


def stack_run(stack: Stack, size: Size, link: psycopg.Connection, many: int) -> Profiled:
    """Bookings through the API, each by another resident."""
    people = People.make(link, size.attempts)
    sessions = Sessions.make(link, many, size.attempts)
    asked = requests(stack, people, sessions)
    with watched(stack) as spent:
        run = load.over_http(stack.services[Part.API].port, size, asked, 201)
    sessions.close(link)
    return run, each(spent, run)


def bare_run(stack: Stack, size: Size) -> Run:
    """The same requests to the server without a database."""
    with load.served(stack, "bench.bare") as port:
        ids = [new_id() for _ in range(5000)]
        some = requests(stack, People(ids, ids, ids), Sessions([new_id()]))
        again = (some * (4 * size.attempts // len(some) + 1))[: 4 * size.attempts]
        return load.over_http(port, size, again, 201)


def raw_run(stack: Stack, size: Size, link: psycopg.Connection, many: int) -> Profiled:
    """The claim's statement alone."""
    people = [new_id() for _ in range(2 * size.attempts)]
    sessions = Sessions.make(link, many, len(people))
    told = {"url": stack.urls.app, **load.timing(size)}
    lines = [f"{a} {b}" for a, b in pairs(people, sessions)]
    with watched(stack) as spent:
        run = load.in_process("bench.raw_client", told, lines)
    sessions.close(link)
    return run, each(spent, run)


def requests(stack: Stack, people: People, sessions: Sessions) -> list[Ask]:
    """One request for each account, over all sessions in turn."""
    with load.issuing(stack.environment()):
        return [
            Ask("POST", PATH, headers_of(account, login, person), {"session_id": str(session)})
            for (account, session), person, login in zip(
                pairs(people.accounts, sessions), people.residents, people.sessions, strict=True
            )
        ]


def headers_of(account: UUID, login: UUID, person: UUID) -> dict[str, str]:
    """What a phone sends along."""
    token = issue(Holder.RESIDENT, account, login).text
    key = {"Idempotency-Key": str(new_id())}
    return {"Authorization": f"Bearer {token}", "Jiayi-Person": str(person)} | key


def pairs(people: Sequence[UUID], sessions: Sessions) -> Iterator[tuple[UUID, UUID]]:
    """Everybody with a session, in turn."""
    for n, person in enumerate(people):
        yield person, sessions.ids[n % len(sessions.ids)]
