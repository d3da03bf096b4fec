"""One simulator for all tests of this folder, new for each."""

from collections.abc import Iterator

import pytest
from simulators import Simulator


@pytest.fixture(scope="session")
def _process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    process = Simulator(tmp_path_factory.mktemp("wechat") / "ledger.jsonl")
    yield process
    process.stop()


@pytest.fixture
def sim(_process: Simulator) -> Simulator:
    """A simulator that knows one template and nobody."""
    _process.reset()
    return _process
