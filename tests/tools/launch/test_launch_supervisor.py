import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from processes import alive, descendants, eventually

from tools.launch.placement import scratch_state
from tools.launch.process import Child, LaunchError, finish
from tools.launch.service import Program
from tools.launch.state import ROOT, State
from tools.launch.supervisor import FIRST_PAUSE, LONGEST_PAUSE, STEADY, Supervisor, Trouble

SUPERVISED = """
import json, os, sys, time
from pathlib import Path
from tools.launch.postgres import CARELESS, Postgres
from tools.launch.process import Child
from tools.launch.state import ROOT, State
state = State(Path(sys.argv[1]))
server = Postgres(state, CARELESS)
server.start()
tree = Child("tree", [sys.executable, "-c", sys.argv[2]], state.log("tree"), os.environ, ROOT)
tree.start()
while not (state.folder / "log" / "tree.log").read_text().count("up") == 2:
    time.sleep(0.02)
print(json.dumps([server.child.pid, tree.pid]), flush=True)
time.sleep(60)
"""
TREE = """
import multiprocessing, time
from backend.kernel.process import die_with_parent
def work():
    die_with_parent()
    print("up", flush=True)
    time.sleep(60)
context = multiprocessing.get_context("fork")
for _ in range(2):
    context.Process(target=work).start()
time.sleep(60)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="2026-11-23: reads /proc")
def test_a_killed_supervisor_leaves_no_process() -> None:
    with scratch_state() as state:
        words = [sys.executable, "-c", SUPERVISED, str(state.folder), TREE]
        with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE) as supervisor:
            assert supervisor.stdout is not None
            json.loads(supervisor.stdout.readline())
            below = descendants(supervisor.pid)
            assert len(below) >= 2 + 2 + 3  # the two, the workers, PostgreSQL's own
            supervisor.kill()
        assert eventually(lambda: not any(alive(pid) for pid in below))


def program(state: State, source: str) -> Program:
    child = Child("stub", [sys.executable, "-c", source], state.log("stub"), os.environ, ROOT)
    return Program(child, 0, lambda: True)


def test_what_ended_starts_again_after_its_pause(tmp_path: Path) -> None:
    service, said, changes = program(State(tmp_path), "import time; time.sleep(60)"), [], []
    service.start()
    supervisor = Supervisor({"stub": service}, said.append, lambda: changes.append(1))
    assert service.child is not None
    first = service.child.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)

    def revived() -> bool:
        supervisor.look("stub", service, supervisor.troubles["stub"])
        return service.child is not None and service.child.pid not in {None, first}

    began = time.monotonic()
    assert eventually(revived)
    assert time.monotonic() - began >= FIRST_PAUSE
    assert said == ["stub ended; it starts again."]
    assert changes == [1]
    service.stop()


def test_pauses_grow_up_to_a_limit_and_shrink_after_a_steady_time() -> None:
    trouble, pauses = Trouble(started_at=0), []
    for _ in range(7):
        trouble.ended(now=1)
        pauses.append((trouble.again_at or 0) - 1)
    assert pauses == [0.5, 1, 2, 4, 8, LONGEST_PAUSE, LONGEST_PAUSE]
    trouble.ended(now=STEADY + 1)
    assert trouble.again_at == STEADY + 1 + FIRST_PAUSE


def test_a_program_that_cannot_start_is_reported_with_its_last_words(tmp_path: Path) -> None:
    service = program(State(tmp_path), "import sys; sys.exit('no licence')")
    service.ready = lambda: False
    with pytest.raises(LaunchError, match="no licence"):
        service.start()


def test_stopping_ends_also_what_ignores_the_signal(tmp_path: Path) -> None:
    deaf = "import signal, time; signal.signal(15, signal.SIG_IGN); print('up', flush=True)"
    service = program(State(tmp_path), f"{deaf}; time.sleep(60)")
    assert service.child is not None
    log = service.child.log
    service.ready = lambda: "up" in log.read_text()
    service.start()
    service.child.stop(0.2)
    assert service.child.pid is None


def test_a_long_program_is_heard_while_it_works(tmp_path: Path) -> None:
    state, heard = State(tmp_path), list[str]()
    state.log("long").write_text("of an earlier start\n")
    words = [sys.executable, "-uc", "print('first'); print('last')"]
    finish(Child("long", words, state.log("long"), os.environ, ROOT), 20, heard.append)
    assert heard == ["first", "last"]


def test_a_long_program_that_fails_shows_its_last_words(tmp_path: Path) -> None:
    state = State(tmp_path)
    child = Child("long", [sys.executable, "-c", "exit('oh')"], state.log("long"), os.environ, ROOT)
    with pytest.raises(LaunchError, match=r"(?s)failed with status 1.*oh"):
        finish(child, 20, print)
