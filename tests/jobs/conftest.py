"""A simulator that knows our templates; senders that speak to it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sending import Outside, outside
from simulators import Simulator

from tools.launch import templates


@pytest.fixture(scope="session")
def _simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    folder = tmp_path_factory.mktemp("wechat")
    known = templates.write(folder / "templates.toml")
    process = Simulator(folder / "ledger.jsonl", "--templates", str(known))
    yield process
    process.stop()


@pytest.fixture
def world(own_database: str, _simulator: Simulator, tmp_path: Path) -> Iterator[Outside]:
    """One database, one simulator, no sender yet."""
    _simulator.control("POST", "reset")
    with outside(own_database, _simulator, tmp_path) as world:
        yield world
