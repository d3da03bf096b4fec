"""Two API and two jobs processes against one PostgreSQL and one Redis: one installation."""

import os
import subprocess
import sys
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

import pytest
from api_server import serving
from processes import eventually
from sending import Outside
from serving import ask

from config.settings import ROOT

RUNNER = [sys.executable, "-m", "jobs.runner"]


def a_machine(world: Outside, folder: Path) -> "subprocess.Popen[bytes]":
    """All loops of the jobs, with a folder of its own."""
    known = world.environment(JOURNAL_DIR=str(folder))
    process = subprocess.Popen(RUNNER, cwd=ROOT, env=dict(os.environ) | known)
    world.processes.append(process)
    return process


def an_api(world: Outside, folder: Path) -> AbstractContextManager[int]:
    """One worker on a port of its own."""
    folder.mkdir()
    return serving(world.database_url, folder, API_WORKERS="1")


@pytest.mark.full
def test_either_of_two_machines_may_go_and_nobody_notices(world: Outside, tmp_path: Path) -> None:
    world.simulator.control("POST", "latency", {"seconds": 0.05})
    with ExitStack() as machines:
        ports = [machines.enter_context(an_api(world, tmp_path / name)) for name in ("a", "b")]
        first, second = (a_machine(world, tmp_path / name) for name in ("one", "two"))
        world.burst(60)
        assert eventually(lambda: world.delivered().total() >= 15, 60)
        first.kill()
        world.burst(20)
        assert eventually(lambda: world.states()["queued"] == 0, 60)  # the second does it alone
        a_machine(world, tmp_path / "one")  # its journal settles what was under way there
        assert world.settled(60)
        assert set(world.delivered().values()) == {1}
        states = world.states()
        assert states["sent"] + states["unknown"] == 80
        assert states["unknown"] <= 8
        ticks = "SELECT count(*) - count(DISTINCT (job, slot)) FROM tick"
        assert world.sql(ticks) == [(0,)]
        for port in ports:
            assert ask(port, "GET", "/readyz") == (200, {"status": "ready"})
        second.terminate()
        assert second.wait(60) == 0
        world.burst(5)
        assert world.settled(60)
    assert set(world.delivered().values()) == {1}
