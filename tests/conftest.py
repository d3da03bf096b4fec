"""Real PostgreSQL; a savepoint a test, or a database of its own where processes race."""

import base64
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import databases
import pytest
import simulators
import sms_simulators
from databases import clone, make_roles, make_template, own, remove
from flask import Flask
from people import Http
from sqlalchemy import text

from backend.assembly import release
from backend.kernel import cache
from backend.kernel.calendar import SHANGHAI
from backend.kernel.clock import FixedClock
from backend.kernel.database import db
from config.settings import Settings
from miniapp_api.application import create_app

MORNING = datetime(2026, 11, 23, 9, 30, tzinfo=SHANGHAI)
KEY = base64.b64encode(databases.KEY).decode()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--full", action="store_true", help="the counts that issues name")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--full"):
        wanted = [item for item in items if not item.get_closest_marker("full")]
        config.hook.pytest_deselected(items=[item for item in items if item not in wanted])
        items[:] = wanted
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


NOWHERE = "http://127.0.0.1:9"


def environment(database_url: str, journal: Path, simulator: str = NOWHERE) -> dict[str, str]:
    """The settings of a process under test; without a simulator nobody outside answers."""
    return {
        "ENV": "test",
        "DATABASE_URL": database_url,
        "REDIS_URL": os.environ.get("TEST_REDIS_URL", ""),
        "FIELD_KEYS": f"f1:{KEY}",
        "INDEX_KEY": KEY,
        "WECHAT_BASE_URL": simulator,
        "WECHAT_APPID": simulators.APPID,
        "WECHAT_SECRET": simulators.SECRET,
        "WECHAT_CALLBACK_TOKEN": simulators.CALLBACK_TOKEN,
        "WECHAT_CALLBACK_AES_KEY": simulators.CALLBACK_KEY,
        **sms_simulators.account(),
        "REALNAME_BASE_URL": f"{simulator}/realname",
        "REALNAME_KEY": simulators.KEY,
        "JOURNAL_DIR": str(journal),
        "LOG_LEVEL": "CRITICAL",
        "LIMITS": "1000",
    }


@pytest.fixture(scope="session")
def worker(worker_id: str) -> str:
    return f"{worker_id}_{os.getpid()}"


@pytest.fixture(scope="session")
def template(worker: str) -> Iterator[str]:
    """A migrated database nobody is connected to."""
    name = f"jiayi_template_{worker}"
    make_roles()
    make_template(name)
    yield name
    remove(name)


@pytest.fixture(scope="session")
def clock() -> FixedClock:
    return FixedClock(MORNING)


@pytest.fixture(scope="session")
def wechat_process(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[simulators.Simulator]:
    process = simulators.Simulator(tmp_path_factory.mktemp("wechat") / "ledger.jsonl")
    yield process
    process.stop()


@pytest.fixture
def wechat(app: Flask, wechat_process: simulators.Simulator) -> simulators.Simulator:
    """The WeChat that the app speaks to; it remembers nobody from earlier tests."""
    wechat_process.reset()
    cache.drop(f"wechat:{simulators.APPID}:access_token")
    app.extensions["wechat"].token.forget()
    return wechat_process


@pytest.fixture(scope="session")
def whole_app(
    template: str,
    worker: str,
    clock: FixedClock,
    wechat_process: simulators.Simulator,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Flask]:
    """The API on this worker's database."""
    name = f"jiayi_{worker}"
    journal = tmp_path_factory.mktemp("journal")
    settings = Settings.from_env(environment(clone(template, name), journal, wechat_process.base))
    app = create_app(settings, clock)
    yield app
    release(app)
    remove(name)


@pytest.fixture
def app(whole_app: Flask, clock: FixedClock) -> Iterator[Flask]:
    """The API inside a transaction that is rolled back; commits become savepoints."""
    clock.at = MORNING
    with whole_app.app_context():
        engines = db._app_engines[whole_app]
        engine = engines[None]
        with engine.connect() as connection:
            outer = connection.begin()
            # Nothing is committed here, so what waits for the commit is done at once.
            connection.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
            engines[None] = connection
            db.session.session_factory.configure(join_transaction_mode="create_savepoint")
            yield whole_app
            db.session.remove()
            outer.rollback()
            engines[None] = engine


@pytest.fixture
def http(app: Flask) -> Http:
    """Requests as a person makes them."""
    return Http(app)


@pytest.fixture
def own_database(template: str, worker: str) -> Iterator[str]:
    """The URL of a committed database for tests with processes of their own."""
    with own(template, f"jiayi_own_{worker}") as address:
        yield address
