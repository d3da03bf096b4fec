"""What a guardian is given of a child's record: written down, and never what the child hid."""

from datetime import date
from typing import Any

import pytest
from family_builders import a_guardian
from people import Http, a_resident
from privacy_builders import fresh
from sqlalchemy import select

from backend import identity
from backend.kernel.database import db
from backend.kernel.disclosures import disclosure
from jobs import privacy as jobs


def a_child() -> identity.Resident:
    return a_resident("小宝", date(2014, 5, 6))


def a_copy(http: Http, guardian: identity.Resident, child: identity.Resident) -> str:
    """The id of a copy that a guardian asked for, and that is made."""
    asked = http("POST", "/resident/me/exports", guardian, on_behalf_of=child)
    assert jobs.make_exports() == 1
    return str(asked.json["id"])


def lines() -> list[Any]:
    return list(db.session.execute(select(disclosure).order_by(disclosure.c.id)))


@pytest.mark.parametrize("form", ["content", "document"])
def test_a_guardians_download_is_written_down(http: Http, form: str) -> None:
    child = a_child()
    guardian = a_guardian(child)
    path = f"/resident/me/exports/{a_copy(http, guardian, child)}/{form}"
    child, guardian = fresh(child), fresh(guardian)
    before = len(lines())
    assert http("GET", path, guardian, on_behalf_of=child).status_code == 200
    (line,) = lines()[before:]
    assert (line.operation, line.resident_ids) == (f"resident.privacy.{form}", [child.id])
    assert line.reasons == ["guardian:mother"]


def test_ones_own_download_is_no_disclosure(http: Http) -> None:
    child = a_child()
    asked = http("POST", "/resident/me/exports", child)
    assert jobs.make_exports() == 1
    path = f"/resident/me/exports/{asked.json['id']}/content"
    assert http("GET", path, fresh(child)).status_code == 200
    assert lines() == []
