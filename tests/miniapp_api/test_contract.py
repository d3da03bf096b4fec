"""Whatever a client sends, every operation answers as its contract says, and never with a 5xx."""

from collections.abc import Iterator
from itertools import cycle
from typing import Any

import pytest
import schemathesis
from a_region import Region, a_region
from conftest import MORNING, environment
from databases import own
from flask import Flask
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from simulators import Simulator

from backend.assembly import release
from backend.kernel.clock import FixedClock
from backend.kernel.database import db
from config.settings import Settings
from miniapp_api.application import create_app
from tools.openapi import document_without_servers

KEPT = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
LABELS = sorted(
    f"{method.upper()} {path}"
    for path, operations in document_without_servers()["paths"].items()
    for method in operations
    if method != "parameters"
)


@pytest.fixture(scope="module")
def live(
    template: str,
    worker: str,
    wechat_process: Simulator,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Flask]:
    """The API on a database whose commits stay, with somebody of each audience."""
    with own(template, f"jiayi_contract_{worker}") as address:
        journal = tmp_path_factory.mktemp("journal")
        known = Settings.from_env(environment(address, journal, wechat_process.base))
        app = create_app(known, FixedClock(MORNING))
        with app.app_context():
            app.extensions["seeded"] = a_region()
            db.session.commit()
            db.session.remove()
            yield app
        release(app)


@pytest.fixture(scope="module")
def contract(live: Flask) -> Any:
    """The document as the API gives it, read once, with what the code compares values to."""
    return schemathesis.openapi.from_wsgi("/openapi.json", live)


@pytest.mark.parametrize("label", LABELS)
def test_every_operation_keeps_its_contract(
    live: Flask, contract: Any, label: str, request: pytest.FixtureRequest
) -> None:
    method, path = label.split(" ")
    seeded: Region = live.extensions["seeded"]
    theirs = cycle(seeded.headers.get(path.split("/")[3], [{}]))
    known = {name: cycle(ids) for name, ids in seeded.ids.items()}
    strangers = cycle([True, True, True, False])

    @given(case=contract[path][method].as_strategy())
    @settings(
        max_examples=200 if request.config.getoption("--full") else 8,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    def keeps_its_contract(case: schemathesis.Case) -> None:
        """Mostly of what exists, as its resident, its doctor, its pharmacist, its expert."""
        for name in case.path_parameters or {}:
            if next(strangers):
                case.path_parameters[name] = str(next(known[name]))
        case.call_and_validate(headers=next(theirs), checks=KEPT)

    keeps_its_contract()
