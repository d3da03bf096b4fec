import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator

import pytest
from processes import alive, descendants, eventually

from tools.launch.placement import scratch_state
from tools.launch.stack import Part, Stack
from tools.launch.state import ROOT, State

pytestmark = pytest.mark.long

WHOLE = """
import json, os, sys, time
from pathlib import Path
from tools.launch.postgres import CARELESS
from tools.launch.stack import Part, Stack
from tools.launch.state import State
parts = [part for part in Part if part is not Part.REGION]
with Stack(State(Path(sys.argv[1])), parts, given=os.environ, database_settings=CARELESS) as stack:
    print(json.dumps([stack.api_url, stack.simulator_url]), flush=True)
    time.sleep(60)
"""


@pytest.fixture
def state(monkeypatch: pytest.MonkeyPatch) -> Iterator[State]:
    for name in ("DATABASE_URL", "REDIS_URL"):
        monkeypatch.delenv(name, raising=False)
    with scratch_state() as state:
        yield state


def get(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=5) as answer:
        return bytes(answer.read())


@pytest.mark.skipif(sys.platform != "linux", reason="2026-11-23: reads /proc")
def test_the_whole_stack_serves_and_is_gone_when_its_supervisor_is_killed(state: State) -> None:
    words = [sys.executable, "-c", WHOLE, str(state.folder)]
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE) as supervisor:
        assert supervisor.stdout is not None
        api, simulator = json.loads(supervisor.stdout.readline())
        assert json.loads(get(f"{api}/readyz")) == {"status": "ready"}
        assert b"jiayi_requests_total" in get(f"{api}/metrics")
        assert get(simulator)
        below = descendants(supervisor.pid)
        supervisor.kill()
    assert len(below) >= 5 + 2  # the five services and the workers of the API
    assert eventually(lambda: not any(alive(pid) for pid in below))


def test_a_named_database_is_used_as_it_is(state: State) -> None:
    given = {
        "DATABASE_URL": "postgresql://app@db/jiayi",
        "MIGRATOR_DATABASE_URL": "postgresql://m@db",
    }
    with Stack(state, [Part.POSTGRES], given=given) as stack:
        assert stack.services == {}
        assert stack.environment()["DATABASE_URL"] == given["DATABASE_URL"]
        assert stack.urls.migrator == given["MIGRATOR_DATABASE_URL"]
