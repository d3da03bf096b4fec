"""The chaos itself, in its smallest size; `manage.py chaos reminders` is the whole of it."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from forked_troupe import ForkedTroupe
from processes import alive, descendants, eventually

from tools.chaos import cli, schedule
from tools.chaos.reminders import QUICK, run
from tools.chaos.schedule import Target, What
from tools.launch.state import ROOT

SEED = 20261123


@pytest.mark.long
def test_nothing_is_lost_or_doubled_whatever_is_killed() -> None:
    told = run(SEED, 6, QUICK, kind=ForkedTroupe).told()
    # Where others use the machine a process is kept from it for seconds, in a transaction too.
    assert set(told["missed"]) <= {"longest_transaction_s"}, told
    assert told["kills"] == {"total": 6, **dict.fromkeys(map(str, Target), 1)}
    assert told["totals"]["states"]["sent"] > 50
    assert told["recovery_p100_s"] > 0


@pytest.mark.full
def test_nothing_is_lost_or_doubled_in_sixty_kills() -> None:
    told = subprocess.run(
        [sys.executable, "-m", "tools.cli", "chaos", "reminders", "--kills", "60", "--seed", "1"],
        cwd=ROOT,
        env={name: text for name, text in os.environ.items() if not name.endswith("_URL")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stdout + told.stderr
    assert json.loads(told.stdout)["kills"]["total"] == 60


def test_it_refuses_servers_of_others(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in cli.OTHERS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DATABASE_URL", "postgresql://jiayi_app@db.example/jiayi")
    assert cli.main(["reminders", "--kills", "1"]) == 2


def test_interrupted_at_its_start_it_leaves_nothing(tmp_path: Path) -> None:
    given = {name: text for name, text in os.environ.items() if not name.endswith("_URL")}
    words = [sys.executable, "-m", "tools.cli", "chaos", "reminders", "--quick"]
    chaos = subprocess.Popen(words, cwd=ROOT, env=given | {"TMPDIR": str(tmp_path)})
    tmp_path.chmod(0o711)
    assert eventually(lambda: len(descendants(chaos.pid)) >= 1, 20)
    time.sleep(0.3)
    below = descendants(chaos.pid)
    chaos.send_signal(signal.SIGTERM)
    assert chaos.wait(30) == 130
    assert not any(alive(pid) for pid in below)
    assert list(tmp_path.iterdir()) == []


def test_a_seed_fixes_every_strike() -> None:
    first, again = (schedule.planned(7, 60, schedule.USUAL) for _ in range(2))
    assert first == again != schedule.planned(8, 60, schedule.USUAL)
    assert [strike.what for strike in first].count(What.KILL) == 60
    assert {strike.what for strike in first} == set(What)
    kinds = {strike.errcode or strike.target for strike in first if strike.what is What.FAULT}
    assert kinds == {errcode or kind for kind, errcode, _ in schedule.FAULTS}


@pytest.mark.parametrize("seed", range(20))
def test_what_is_frozen_longer_than_its_lease_is_not_killed_meanwhile(seed: int) -> None:
    strikes = schedule.planned(seed, 60, schedule.USUAL)
    freezes = [strike for strike in strikes if strike.what is What.FREEZE]
    assert freezes
    assert all(strike.seconds > 45 for strike in freezes)
    for freeze in freezes:
        assert not any(
            strike.target == freeze.target and freeze.at_s <= strike.at_s <= freeze.at_s + 54
            for strike in strikes
            if strike.what is What.KILL
        )
