import os
import signal
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tools.launch.placement import forget_cluster, scratch_state
from tools.launch.postgres import CARELESS, Postgres, end_leftover
from tools.launch.process import LaunchError
from tools.launch.state import State


@pytest.fixture
def state() -> Iterator[State]:
    with scratch_state() as outer:
        state = State(outer.folder / "a path with spaces")
        yield state
        forget_cluster(state)


@pytest.fixture
def server(state: State) -> Iterator[Postgres]:
    server = Postgres(state, CARELESS)
    yield server
    server.stop()


def ask(server: Postgres, query: str) -> object:
    with psycopg.connect(server.url(), autocommit=True) as link:
        found = link.execute(query.encode())
        return found.fetchall() if found.description else None


def test_data_survive_a_stop_a_crash_and_a_lock_file_of_somebody_else(server: Postgres) -> None:
    server.start()
    ask(server, "CREATE TABLE kept AS SELECT 42 AS answer")
    server.stop()
    server.start()
    assert server.child is not None
    assert server.child.pid is not None
    os.kill(server.child.pid, signal.SIGKILL)
    server.stop()
    lock = server.home.data / "postmaster.pid"
    lock.write_text(f"{os.getpid()}\n{server.home.data}\n")
    server.start()
    assert ask(server, "SELECT answer FROM kept") == [(42,)]


def test_an_interrupted_making_is_begun_anew(server: Postgres) -> None:
    (server.home.folder / "data.new").mkdir()
    (server.home.folder / "data.new" / "PG_VERSION").write_text("half")
    server.home.data.mkdir()
    server.start()
    assert ask(server, "SELECT 1") == [(1,)]


def test_roles_are_made_once_and_keep_their_passwords(server: Postgres) -> None:
    server.start()
    assert server.ensure_roles_and_database() == server.ensure_roles_and_database()
    urls = server.ensure_roles_and_database()
    with psycopg.connect(urls.app) as link:
        assert link.execute("SELECT current_user, current_database()").fetchone() == (
            "jiayi_app",
            "jiayi",
        )
    with psycopg.connect(urls.migrator) as link:
        link.execute("CREATE TABLE mine ()")


def test_a_failing_start_shows_the_last_words(server: Postgres) -> None:
    server.start()
    server.stop()
    (server.home.data / "global" / "pg_control").unlink()
    with pytest.raises(LaunchError, match="postgres ended while starting"):
        server.start()


def test_nothing_of_a_scratch_state_stays() -> None:
    with scratch_state() as state:
        folder = Postgres(state).home.folder
    assert not state.folder.exists()
    assert not folder.exists()
    assert not Path(folder).exists()


def test_an_empty_lock_file_is_a_leftover(tmp_path: Path) -> None:
    lock = tmp_path / "postmaster.pid"
    lock.touch()
    end_leftover(tmp_path)
    assert not lock.exists()
