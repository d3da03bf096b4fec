"""Races with real processes: each has its own app and connections, and all start together."""

import multiprocessing
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from queue import Empty
from tempfile import mkdtemp
from typing import Any

from conftest import environment

from backend.assembly import assemble
from backend.kernel.errors import Refusal
from config.settings import ROOT, Settings

# The fork server begins with PYTHONPATH alone, and passes over in silence what it cannot import.
os.environ["PYTHONPATH"] = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
FORK = multiprocessing.get_context("forkserver")
FORK.set_forkserver_preload(["forked"])


@dataclass(frozen=True)
class Failure:
    """What a racing process died of."""

    words: str


def race(
    database_url: str, act: Callable[..., Any], arguments: Sequence[tuple[Any, ...]]
) -> list[Any]:
    """Run `act(*arguments[n])` in process n, all at once; the results in order.

    `act` is a module-level function; it runs inside the app's context and commits by itself (with
    `transaction()`). A refusal comes back as its code; any other failure fails the race.
    """
    start, results = FORK.Barrier(len(arguments)), FORK.Queue()
    processes = [
        FORK.Process(target=_compete, args=(database_url, start, results, n, act, given))
        for n, given in enumerate(arguments)
    ]
    for process in processes:
        process.start()
    try:
        found = dict(results.get(timeout=120) for _ in processes)
    except Empty:
        raise AssertionError("a racing process did not answer") from None
    finally:
        for process in processes:
            process.join(5)
            process.kill()
    failures = [answer for answer in found.values() if isinstance(answer, Failure)]
    assert failures == [], failures
    return [found[n] for n in range(len(processes))]


def _compete(
    database_url: str, start: Any, results: Any, number: int, act: Callable[..., Any], given: Any
) -> None:
    app = assemble(Settings.from_env(environment(database_url, Path(mkdtemp()))))
    with app.app_context():
        try:
            start.wait(60)
            results.put((number, act(*given)))
        except Refusal as refusal:
            results.put((number, refusal.code))
        except Exception as failure:
            results.put((number, Failure(f"{type(failure).__name__}: {failure}")))
