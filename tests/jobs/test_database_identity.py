"""Which database it is: the same after every crash, another one after a promotion."""

import shutil
from collections.abc import Iterator

import psycopg
import pytest
from processes import eventually

from backend.kernel import migrate
from tools.launch.placement import scratch_state
from tools.launch.postgres import Postgres, Urls

REPLICA = {"wal_level": "replica", "max_wal_senders": "2"}


@pytest.fixture
def server() -> Iterator[Postgres]:
    with scratch_state() as state:
        postgres = Postgres(state, REPLICA)
        postgres.start()
        yield postgres
        postgres.stop()


def identity(urls: Urls) -> str:
    with psycopg.connect(urls.app, autocommit=True) as link:
        row = link.execute("SELECT database_identity()").fetchone()
        assert row is not None
        return str(row[0])


@pytest.mark.full
def test_a_crash_changes_nothing_and_a_promotion_does(server: Postgres) -> None:
    urls = server.ensure_roles_and_database()
    migrate.upgrade(urls.migrator)
    before = identity(urls)
    assert server.child is not None
    server.child.kill()
    server.start()
    assert identity(server.ensure_roles_and_database()) == before
    server.stop()
    signal = server.home.data / "standby.signal"
    signal.touch()
    if server.home.user is not None:
        shutil.chown(signal, server.home.user, server.home.user)
    server.start()
    with psycopg.connect(server.url(), autocommit=True) as link:
        link.execute("SELECT pg_promote()")
    assert eventually(lambda: not _is_standby(server))
    after = identity(urls)
    assert after != before
    assert [one.split("/")[0] for one in (after, before)] == [before.split("/")[0]] * 2


def _is_standby(server: Postgres) -> bool:
    with psycopg.connect(server.url(), autocommit=True) as link:
        row = link.execute("SELECT pg_is_in_recovery()").fetchone()
        return bool(row and row[0])
