"""`bench flatness`: what a booking costs with ten thousand, and with millions, booked before."""

from collections.abc import Sequence

import psycopg

from bench import history, load
from bench.booking import pairs, requests
from bench.clinics import People, Sessions, oversold
from bench.figures import Run, show
from bench.load import Size
from bench.processor import spent_s
from tools.launch.stack import Part, Stack

NAME = "flatness"
PARTS = [Part.POSTGRES, Part.VALKEY, Part.SCHEMA, Part.API]
BOOKED, MOST = (10_000, 100_000, 1_000_000), 10_000_000
MOST_PER_S = 2500
SCENARIOS = ("raw", "stack")
TAKEN = "SELECT sum(taken) FROM clinic_session WHERE id = ANY(%s)"


def main(arguments: Sequence[str]) -> int:
    """Run every size; the status is 1 if anything failed. `--most` adds ten million."""
    sizes = [*BOOKED, MOST] if "--most" in arguments else list(BOOKED)
    rest = [word for word in arguments if word != "--most"]
    return load.run(NAME, __doc__, rest, PARTS, lambda stack, size: measure(stack, size, sizes))


def measure(stack: Stack, size: Size, sizes: Sequence[int]) -> int:
    """The statement alone and the whole stack at each size, the smallest first."""
    wrong, first = 0, dict[str, float]()
    with psycopg.connect(stack.urls.admin, autocommit=True) as link:
        many = int((size.seconds + size.warm_up_s) * MOST_PER_S)
        people = People.make(link, many * len(sizes) * len(SCENARIOS))
        for number, whole in enumerate(sizes):
            booked = size.of(whole)
            history.grow(link, booked, people.residents)
            for nth, scenario in enumerate(SCENARIOS, number * len(SCENARIOS)):
                run, cost = costs(stack, size, link, people.part(nth * many, many), scenario)
                smallest = first.setdefault(scenario, cost)
                show(
                    NAME, f"{scenario}-{booked}", run,
                    booked=booked, cpu_ms=round(1000 * cost, 3),
                    cost_to_smallest=round(cost / smallest, 2), oversold=oversold(link),
                )  # fmt: skip
                wrong += run.errors
        wrong += oversold(link)
    return 1 if wrong else 0


def costs(
    stack: Stack, size: Size, link: psycopg.Connection, people: People, scenario: str
) -> tuple[Run, float]:
    """Bookings over fresh sessions, and the processor seconds of API and database for each."""
    sessions = Sessions.make(link, size.sessions, len(people.residents))
    postgres, api = stack.services[Part.POSTGRES], stack.services[Part.API]
    before = spent_s(postgres, api)
    if scenario == "raw":
        run = raw(stack, size, people, sessions)
    else:
        run = load.over_http(api.port, size, requests(stack, people, sessions), 201)
    cost = spent_s(postgres, api) - before
    row = link.execute(TAKEN, [list(sessions.ids)]).fetchone()
    assert row
    sessions.close(link)
    return run, cost / max(1, row[0])


def raw(stack: Stack, size: Size, people: People, sessions: Sessions) -> Run:
    """The claim's statement alone, for people whom the stack does not ask about later."""
    told = {"url": stack.urls.app, **load.timing(size)}
    lines = [f"{person} {session}" for person, session in pairs(people.residents, sessions)]
    return load.in_process("bench.raw_client", told, lines)
