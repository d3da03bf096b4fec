"""`manage.py test`: pytest beside servers of its own, unless the environment names others."""

import contextlib
import functools
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence

import psycopg
from psycopg import sql

from backend.kernel.process import arm
from tools.launch import valkey
from tools.launch.placement import scratch_state
from tools.launch.postgres import CARELESS, Postgres
from tools.launch.process import LaunchError
from tools.launch.state import ROOT, State


def main(arguments: Sequence[str]) -> int:
    """Run the tests; the servers end whatever happens."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        with contextlib.ExitStack() as stack:
            servers = stack.enter_context(test_servers())
            command = [sys.executable, "-m", "pytest", *spread(arguments), *arguments]
            return run_to_end(command, remembering() | servers)
    except LaunchError as problem:
        print(f"test: {problem}", file=sys.stderr)
        return 1


def remembering() -> dict[str, str]:
    """Our environment; what Python compiles is kept apart from the sources, whatever it says.

    A run starts some hundred processes, each of which would compile the project again.
    """
    kept = {name: text for name, text in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return kept | {"PYTHONPYCACHEPREFIX": str(ROOT / ".jiayi" / "pycache")}


def run_to_end(command: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run pytest as our child; at Ctrl-C it ends by itself, with its report."""
    parent = os.getpid()
    guard = functools.partial(arm, signal.SIGKILL, parent)
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment,
        preexec_fn=guard,  # noqa: PLW1509  # takes no lock
    ) as child:
        try:
            return child.wait()
        except KeyboardInterrupt:
            return child.wait()
        except SystemExit:
            child.terminate()
            raise


def spread(arguments: Sequence[str]) -> list[str]:
    """Three workers, except where the caller chose or asks for one test.

    A race waits more than it works: on two cores a third worker has something to do meanwhile.
    """
    chosen = any(word.startswith("-n") or "::" in word for word in arguments)
    return [] if chosen else ["-n", "3", "--dist", "worksteal"]


@contextlib.contextmanager
def test_servers() -> Iterator[dict[str, str]]:
    """The addresses as environment variables; what the caller's environment names is used as is."""
    with contextlib.ExitStack() as stack:
        state = stack.enter_context(test_state())
        yield {
            "TEST_ADMIN_URL": os.environ.get("DATABASE_URL")
            or stack.enter_context(database(state)),
            "TEST_REDIS_URL": os.environ.get("REDIS_URL") or stack.enter_context(cache(state)),
        }


@contextlib.contextmanager
def test_state() -> Iterator[State]:
    """`.jiayi/test`, or a folder of its own while another run uses that one."""
    state = State(ROOT / ".jiayi" / "test")
    with state.alone() as alone:
        if alone:
            yield state
            return
        with scratch_state() as scratch:
            yield scratch


@contextlib.contextmanager
def database(state: State) -> Iterator[str]:
    """A PostgreSQL that forces nothing to disk; a cluster that does not start is remade."""
    server = Postgres(state, CARELESS)
    try:
        try:
            server.start()
        except LaunchError:
            server.stop()
            shutil.rmtree(server.home.data, ignore_errors=True)
            server.start()
        drop_leftovers(server.url())
        yield server.url()
    finally:
        server.stop()


@contextlib.contextmanager
def cache(state: State) -> Iterator[str]:
    """A Valkey, or an empty address where none can be had."""
    binary = valkey.find_binary()
    if binary is None:
        print("test: no Valkey or Redis on this machine; the tests run without.", file=sys.stderr)
        yield ""
        return
    server = valkey.Valkey(state, binary)
    try:
        server.start()
        yield server.url
    finally:
        server.stop()


def drop_leftovers(url: str) -> None:
    """Remove the databases of a run that was killed."""
    with psycopg.connect(url, autocommit=True) as link:
        query = "SELECT datname FROM pg_database WHERE NOT datistemplate AND datname <> 'postgres'"
        for (name,) in link.execute(query).fetchall():
            link.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
