"""Where a query forgets its scope, PostgreSQL still shows a manager no other house."""

import pytest
from contract_builders import a_contract
from flask import Flask
from people import Http, a_member_of_staff, a_resident, by
from prescription_builders import Surgery
from sqlalchemy import ColumnElement, text, true

from backend.contracting import policy
from backend.identity import recognition
from backend.kernel.context import Context, Role
from backend.kernel.database import db
from backend.kernel.ids import new_id


@pytest.fixture
def careless(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first fence is down: the scope of contracts lets everything through."""

    def everything(_ctx: Context) -> ColumnElement[bool]:
        return true()

    monkeypatch.setattr(policy, "visible_to", everything)


@pytest.fixture
def surgery(app: Flask) -> Surgery:
    """A house with a contract."""
    house = Surgery()
    a_contract(house.team, a_resident("周小红"))
    return house


def test_an_auditor_has_no_house(surgery: Surgery) -> None:
    by(a_member_of_staff(Role.AUDITOR, "审计员", surgery.centre.id))
    assert db.session.execute(text("SELECT count(*) FROM contract")).scalar_one() == 0


def seen(http: Http, surgery: Surgery, role: Role, *, here: bool) -> int:
    house = surgery.centre.id if here else new_id()
    manager = a_member_of_staff(role, "管理员", house)
    answer = http("GET", "/manager/contracts", manager)
    assert answer.json is not None
    return len(answer.json["items"])


def test_a_manager_sees_the_own_house(http: Http, surgery: Surgery, careless: None) -> None:
    assert seen(http, surgery, Role.MANAGER, here=True) > 0


def test_another_houses_rows_are_not_there(http: Http, surgery: Surgery, careless: None) -> None:
    assert seen(http, surgery, Role.MANAGER, here=False) == 0


def test_without_the_fence_they_would_be(
    http: Http, surgery: Surgery, careless: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    untold = recognition._STAFF.replace("coalesce(managed.houses::text, '')", "''")
    monkeypatch.setattr(recognition, "_STAFF", untold)
    assert seen(http, surgery, Role.MANAGER, here=False) > 0
