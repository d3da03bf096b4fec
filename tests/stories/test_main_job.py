"""The main job on real servers: the same steps that `manage.py story` plays."""

from collections.abc import Iterator

import pytest

from tools.launch.placement import scratch_state
from tools.launch.postgres import CARELESS
from tools.story.cli import play
from tools.story.stage import Stage, started
from tools.story.steps import STEPS
from tools.story.telling import Teller

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with scratch_state() as state, started(state, CARELESS) as stage:
        yield stage


def test_the_main_job_goes_as_told(stage: Stage, request: pytest.FixtureRequest) -> None:
    tell = Teller()
    play(stage, tell, 500 if request.config.getoption("--full") else 60)
    assert tell.steps == len(STEPS) == 8
    assert tell.failed == 0
