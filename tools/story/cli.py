"""`manage.py story`: play the main job and say how it went."""

import argparse
import sys
from collections.abc import Sequence

import httpx2

from tools.launch.process import LaunchError
from tools.story.scene import Scene
from tools.story.stage import Stage, found_or_started
from tools.story.steps import STEPS
from tools.story.telling import Broken, Teller


def main(arguments: Sequence[str]) -> int:
    """Play every step whose feature exists; 0 when all of them went as told."""
    options = parser().parse_args(arguments)
    tell = Teller(as_json=options.json)
    try:
        with found_or_started() as stage:
            play(stage, tell, options.burst)
    except LaunchError as problem:
        print(f"story: {problem}", file=sys.stderr)
        return 1
    if not options.json:
        print(f"\nstory: {tell.steps} steps, {tell.failed} failed")
    return 1 if tell.failed or not tell.steps else 0


def parser() -> argparse.ArgumentParser:
    """The options."""
    new = argparse.ArgumentParser(prog="manage.py story", description=__doc__)
    new.add_argument("--json", action="store_true", help="one JSON object a check")
    new.add_argument("--burst", type=int, default=500, help="reminders of step 6")
    return new


def play(stage: Stage, tell: Teller, burst: int = 500) -> None:
    """Every step that this API can serve, with one new resident."""
    scene = Scene.open(stage, tell)
    scene.burst = burst
    for step in STEPS:
        if stage.offers(*step.needs):
            tell.begin(step.number, step.title)
            try:
                step.play(scene)
            except Broken:
                pass
            except (httpx2.HTTPError, KeyError, IndexError, TypeError) as failure:
                tell.check(
                    "The story", "goes on", f"{type(failure).__name__} {failure}", right=False
                )
            tell.end()
