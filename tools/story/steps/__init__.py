"""The steps, one module each, in the order of the main job."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from tools.story.scene import Scene
from tools.story.steps import (
    arrival,
    burst,
    clinic,
    contract,
    family,
    followup,
    prescription,
    refusals,
)


class Step(NamedTuple):
    """Its number in the main job, its title, the routes it needs, and how it is played."""

    number: int
    title: str
    needs: Sequence[str]
    play: Callable[[Scene], None]


STEPS = [
    Step(1, arrival.TITLE, arrival.NEEDS, arrival.play),
    Step(2, contract.TITLE, contract.NEEDS, contract.play),
    Step(3, clinic.TITLE, clinic.NEEDS, clinic.play),
    Step(4, followup.TITLE, followup.NEEDS, followup.play),
    Step(5, prescription.TITLE, prescription.NEEDS, prescription.play),
    Step(6, burst.TITLE, burst.NEEDS, burst.play),
    Step(7, refusals.TITLE, refusals.NEEDS, refusals.play),
    Step(8, family.TITLE, family.NEEDS, family.play),
]
