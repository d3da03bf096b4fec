"""Which program used how much of the processors for one answer."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from bench.figures import Run
from bench.processor import spent_s
from tools.launch.stack import Part, Stack

PROGRAMS: Mapping[str, Part] = {"api": Part.API, "postgres": Part.POSTGRES, "cache": Part.VALKEY}


@contextmanager
def watched(stack: Stack) -> Iterator[dict[str, float]]:
    """Filled at the end: the seconds that each program of the stack used meanwhile."""
    spent: dict[str, float] = {}
    before = _now(stack)
    yield spent
    spent.update({name: now - before[name] for name, now in _now(stack).items()})


def _now(stack: Stack) -> dict[str, float]:
    there = {name: part for name, part in PROGRAMS.items() if part in stack.services}
    return {name: spent_s(stack.services[part]) for name, part in there.items()}


def each(spent: Mapping[str, float], run: Run) -> Mapping[str, float]:
    """Milliseconds of CPU for each answer, the client's too, and `all` together."""
    seconds = {**spent, "client": run.client_s}
    told = {name: 1000 * some / max(run.asked, 1) for name, some in seconds.items()}
    return {name: round(some, 3) for name, some in [*told.items(), ("all", sum(told.values()))]}
