"""Where a query forgets its scope, PostgreSQL still shows a manager no other house."""

from contextlib import nullcontext

import pytest
from clinic_builders import a_roster, a_session, a_strike
from contract_builders import a_contract
from flask import Flask
from people import Http, a_member_of_staff, a_resident, by
from prescription_builders import Surgery
from sqlalchemy import ColumnElement, text, true

from backend import clinics
from backend.clinics import strike_queries
from backend.contracting import policy
from backend.identity import recognition
from backend.kernel.context import Context, Role
from backend.kernel.database import db
from backend.kernel.errors import NotFound
from backend.kernel.ids import new_id
from backend.kernel.paging import Wanted


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


@pytest.mark.parametrize(("is_own", "known"), [(True, 1), (False, 0)])
def test_missed_seats_are_behind_the_fence_of_their_bookings(
    surgery: Surgery, monkeypatch: pytest.MonkeyPatch, is_own: bool, known: int
) -> None:
    person, session = a_resident(), a_session(a_roster(surgery.centre))
    strike = a_strike(by(person), clinics.book(by(person), session.id).id)
    clinics.day.appeal(by(person), clinics.day.hold_strike(by(person), strike.id), "当天住院了")
    monkeypatch.setattr(strike_queries, "strikes_visible_to", lambda _: true())
    house = surgery.centre.id if is_own else new_id()
    manager = by(a_member_of_staff(Role.MANAGER, "管理员", house))
    assert len(clinics.day.to_decide(manager, Wanted()).items) == known
    with nullcontext() if is_own else pytest.raises(NotFound):
        clinics.day.hold_strike(manager, strike.id)
