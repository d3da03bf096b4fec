"""`manage.py chaos reminders`: kill everything under load, and say what became of the reminders.

PostgreSQL, Valkey, the WeChat simulator, the API and six jobs processes are started on this
machine's loopback in a temporary folder, struck by a schedule that the seed fixes, and removed.
Prints one JSON object; the status is 1 when a mark is missed. docs/chaos.md says what each means.
"""

import argparse
import json
import os
import secrets
import sys
from collections.abc import Sequence

from tools.chaos import controls
from tools.chaos.reminders import QUICK, Scale, run
from tools.launch.process import LaunchError
from tools.launch.supervisor import Stopped, stop_at_signals

OTHERS = ("DATABASE_URL", "MIGRATOR_DATABASE_URL", "REDIS_URL")


def main(arguments: Sequence[str]) -> int:
    """Run once; 2 where a server of somebody else is named, which nothing here may touch."""
    options = parser().parse_args(arguments)
    if named := [name for name in OTHERS if os.environ.get(name)]:
        print(
            f"chaos: it kills servers, and only its own: unset {', '.join(named)}.", file=sys.stderr
        )
        return 2
    stop_at_signals()
    scale = QUICK if options.quick else Scale()
    try:
        found = run(options.seed, options.kills, scale, options.without)
    except (LaunchError, TimeoutError) as problem:
        print(f"chaos: {problem}", file=sys.stderr)
        return 1
    except Stopped:
        print("chaos: stopped; nothing is left.", file=sys.stderr)
        return 130
    print(json.dumps(found.told(), ensure_ascii=False, indent=None if options.line else 1))
    return 1 if found.missed else 0


def parser() -> argparse.ArgumentParser:
    """The options."""
    new = argparse.ArgumentParser(prog="manage.py chaos", description=__doc__)
    new.add_argument("what", choices=["reminders"])
    new.add_argument("--kills", type=int, default=60, help="how many kill -9 (60)")
    new.add_argument("--seed", type=int, default=secrets.randbelow(10**6), help="fixes the strikes")
    new.add_argument("--quick", action="store_true", help="dense and small, as in the tests")
    new.add_argument("--line", action="store_true", help="the JSON object on one line")
    words = "take a guard away, so that the judge must find something"
    new.add_argument("--without", choices=[*controls.WITHOUT], help=words)
    return new
