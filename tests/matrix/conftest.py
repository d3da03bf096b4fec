"""One world for all cells of the matrix."""

from collections.abc import Iterator

import pytest
from conftest import MORNING
from flask import Flask
from flask.testing import FlaskClient
from matrix_world import World, a_world
from sqlalchemy import Connection, text

from backend.kernel.clock import FixedClock
from backend.kernel.database import db
from backend.kernel.limits import Limiter


@pytest.fixture(scope="module")
def connection(whole_app: Flask, clock: FixedClock) -> Iterator[Connection]:
    """One transaction for all cells, rolled back at the end."""
    clock.at = MORNING
    with whole_app.app_context():
        engines = db._app_engines[whole_app]
        engine, limits = engines[None], whole_app.extensions["limiter"]
        with engine.connect() as link:
            outer = link.begin()
            link.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
            engines[None] = link
            whole_app.extensions["limiter"] = Limiter({})
            db.session.session_factory.configure(join_transaction_mode="create_savepoint")
            yield link
            db.session.remove()
            outer.rollback()
            engines[None], whole_app.extensions["limiter"] = engine, limits


@pytest.fixture(scope="module")
def world(connection: Connection) -> World:
    return a_world()


@pytest.fixture(scope="module")
def client(whole_app: Flask) -> FlaskClient:
    return whole_app.test_client()
