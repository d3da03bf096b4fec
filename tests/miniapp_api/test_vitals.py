"""What operators and load balancers ask."""

import json

import pytest
import structlog
from flask import Flask
from people import a_resident
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from backend.identity import Resident
from backend.kernel import logs
from backend.kernel.database import db


def test_alive_ready_and_measured(app: Flask) -> None:
    client = app.test_client()
    assert client.get("/healthz").json == {"status": "ok"}
    assert client.get("/readyz").json == {"status": "ready"}
    metrics = client.get("/metrics").text
    assert 'jiayi_requests_total{method="GET",route="/readyz",status="200"}' in metrics
    assert "jiayi_relay_lag_seconds 0.0" in metrics


def test_made_up_methods_grow_no_metric(app: Flask) -> None:
    client = app.test_client()
    for word in ("BREW", "WHEN"):
        client.open("/healthz", method=word)
    metrics = client.get("/metrics").text
    assert 'method="other"' in metrics
    assert "BREW" not in metrics


@pytest.mark.parametrize("rows", ["WHERE false", ""])
def test_not_ready_while_the_schema_is_too_old(app: Flask, rows: str) -> None:
    """No revision at all, or an older one."""
    older = f"CREATE TEMPORARY TABLE alembic_version AS SELECT '0001' AS version_num {rows}"
    db.session.execute(text(older))
    answer = app.test_client().get("/readyz")
    assert (answer.status_code, answer.json) == (503, {"status": "schema too old"})


NAME = "慕容测试"


def test_no_name_reaches_the_log(app: Flask, capsys: pytest.CaptureFixture[str]) -> None:
    """PostgreSQL tells the failing row, and SQLAlchemy what it was asked."""
    kept = structlog.get_config()
    logs.configure("INFO")
    person = a_resident()
    try:
        with pytest.raises(IntegrityError) as broken:
            db.session.execute(
                text("UPDATE resident SET latitude = 91, name = :name WHERE id = :id"),
                {"name": NAME, "id": person.id},
            )
        log = structlog.get_logger("test")
        log.error("failed", exc_info=broken.value)
        try:
            raise RuntimeError(f"about {NAME}") from broken.value
        except RuntimeError as failure:
            log.error("failed", exc_info=failure)
        log.error("other", exc_info=ValueError("kept"))
    finally:
        structlog.configure(**kept)
    written = capsys.readouterr().out
    assert NAME not in written
    assert "latitude" not in written
    lines = [json.loads(line) for line in written.splitlines()]
    assert "IntegrityError" in [each["exc_type"] for each in lines[0]["exception"]]
    assert lines[2]["exception"][0]["exc_value"] == "kept"


def test_a_failed_statement_hides_what_it_was_asked(app: Flask) -> None:
    with pytest.raises(Exception) as broken:  # noqa: PT011
        db.session.execute(select(text("1/0")).where(Resident.name == NAME))
    assert NAME not in str(broken.value)
