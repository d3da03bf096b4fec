"""`manage.py demo`: the whole product with an invented region, on this machine."""

import argparse
import contextlib
import importlib.util
import os
import sys
import time
from collections.abc import Sequence
from typing import Any

from tools.launch.placement import forget_cluster
from tools.launch.process import LaunchError
from tools.launch.stack import Part, Stack
from tools.launch.state import ROOT, State
from tools.launch.supervisor import Stopped, Supervisor, stop_at_signals

LEAST, MOST = 20, 3_000_000
KEPT = (
    "region.json",
    "ledger.jsonl",
    "ledger.jsonl.journal",
    "texts.jsonl",
    "journal",
    "metrics",
)


def main(arguments: Sequence[str]) -> int:
    """Run until a signal comes."""
    options = parser().parse_args(arguments)
    stop_at_signals()
    try:
        state = State(ROOT / ".jiayi")
        with state.alone() as alone:
            if not alone:
                return already_there(state)
            run(state, options)
    except LaunchError as problem:
        print(f"demo: {problem}", file=sys.stderr)
        return 1
    except Stopped:
        say("Stopped.")
    return 0


def parser() -> argparse.ArgumentParser:
    """The options."""
    new = argparse.ArgumentParser(prog="manage.py demo", description=__doc__)
    new.add_argument("--fresh", action="store_true", help="forget the data of earlier starts")
    new.add_argument("--region", default="huzhou", help="a profile of config/regions")
    new.add_argument("--port", type=int, default=8000, help="of the API")
    words = "how many people live there (300; 10000 and more make a whole tenant)"
    new.add_argument("--residents", type=enough, help=words)
    return new


def enough(text: str) -> int:
    """As many as the cast and some neighbours, and no more than there are numbers for."""
    if not text.isdecimal() or int(text) not in range(LEAST, MOST + 1):
        raise argparse.ArgumentTypeError(f"a number from {LEAST} to {MOST}")
    return int(text)


def run(state: State, options: argparse.Namespace) -> None:
    """Start everything, say where it is, and keep it alive."""
    if options.fresh:
        forget(state)
    say("Starting …")
    began = time.monotonic()
    stack = Stack(
        state, parts(), region=options.region, residents=options.residents,
        api_port=options.port, say=say,
    )  # fmt: skip
    try:
        with stack:
            write_down(state, stack)
            say(welcome(stack, options, time.monotonic() - began))
            Supervisor(stack.services, say, lambda: write_down(state, stack)).watch()
    finally:
        state.remove("demo.json")


def parts() -> list[Part]:
    """All of them; the region once its generator is part of the checkout."""
    ready = importlib.util.find_spec("tools.demo_region")
    return [part for part in Part if ready or part is not Part.REGION]


def forget(state: State) -> None:
    """Remove what earlier starts left; the keys stay."""
    if os.environ.get("DATABASE_URL"):
        raise LaunchError("--fresh would empty the database DATABASE_URL names: do that by hand.")
    forget_cluster(state)
    for name in KEPT:
        state.remove(name)


def write_down(state: State, stack: Stack) -> None:
    """Let `story` and others find us."""
    children = {name: each.child.pid for name, each in stack.services.items() if each.child}
    state.write(
        "demo.json",
        {
            "api": stack.api_url,
            "simulator": stack.simulator_url,
            "sms": stack.sms_url,
            "pid": os.getpid(),
            "children": children,
        },
    )


def running(state: State) -> dict[str, Any]:
    """What the running demo wrote down; empty when none runs."""
    with state.alone() as alone:
        return {} if alone else state.read("demo.json")


def already_there(state: State) -> int:
    """Say where the other one is."""
    api = state.read("demo.json").get("api", "it is still starting")
    print(f"demo: one is running already: {api}", file=sys.stderr)
    return 1


def welcome(stack: Stack, options: argparse.Namespace, seconds: float) -> str:
    """What a person needs to know now."""
    port = stack.services[Part.API].port
    notes = [] if port == options.port else [f"Port {options.port} is taken, so it is {port}."]
    notes += [] if stack.redis_url else ["No Valkey or Redis here: it runs without a cache."]
    lines = [
        f"Jiayi 家医 is ready after {seconds:.1f} s. Ctrl-C stops it; the data stay in .jiayi/.",
        *notes,
        "",
        f"  Try it          {stack.api_url}/demo",
        "                  log in with one click as a resident, a doctor, a pharmacist, a manager",
        f"  API             {stack.api_url}/docs",
        f"  WeChat messages {stack.simulator_url}/",
        f"  SMS             {stack.sms_url}/",
        f"  Logs            {stack.state.logs}",
        "",
        "  python3 manage.py story   plays the main job against it",
        "",
    ]
    return "\n".join(lines)


def say(text: str) -> None:
    """A line for the person at the terminal, who may have gone."""
    with contextlib.suppress(BrokenPipeError):
        print(text, flush=True)
