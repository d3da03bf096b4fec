"""A result and the end of a contract at one moment: both lock the enrolment before the visit."""

import time
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from conftest import MORNING, environment
from followup_builders import a_patient, found
from races import race
from sqlalchemy.exc import OperationalError

from backend import contracting, followups
from backend.assembly import assemble
from backend.followups import FollowUp, State
from backend.kernel import entry
from backend.kernel.clock import FixedClock
from backend.kernel.context import CLOCK, Actor, Role
from backend.kernel.database import db
from backend.kernel.transaction import transaction
from config.settings import Settings

SETTLING_TAKES_S, LOCKING_TAKES_S = 1.5, 0.7


@pytest.fixture
def known(own_database: str, tmp_path: Path) -> Iterator[tuple[UUID, ...]]:
    """A follow-up, its doctor, the doctor's team, the resident and the contract."""
    app = assemble(Settings.from_env(environment(own_database, tmp_path)), FixedClock(MORNING))
    with app.app_context():
        with transaction():
            patient = a_patient()
            ids = (patient.visit.id, patient.doctor.id, patient.team.id)
            ids += (patient.resident_id, patient.contract.id)
        yield ids
        db.session.remove()
        db.engine.dispose()


def complete(known: tuple[UUID, ...], in_order: bool) -> str:
    """Hold the follow-up, think for a while, and write the result down."""
    followup_id, doctor_id, team_id, *_ = known
    ctx = entry.context(Actor(doctor_id, Role.DOCTOR, frozenset({doctor_id, team_id})), MORNING)
    with transaction():
        if in_order:
            visit = followups.hold(ctx, followup_id)
        else:
            visit = db.session.get_one(FollowUp, followup_id, with_for_update=True)
        time.sleep(SETTLING_TAKES_S)
        followups.complete(ctx, visit, found(128, 82))
    return "completed"


def follow(known: tuple[UUID, ...], _in_order: bool) -> str:
    """The contract ended a moment later."""
    *_, team_id, resident_id, contract_id = known
    time.sleep(LOCKING_TAKES_S)
    reason = contracting.EndReason.MOVED
    with transaction():
        ended = contracting.ContractEnded(resident_id, contract_id, team_id, reason)
        followups.follow_contract(entry.context(CLOCK, MORNING), ended)
    return "followed"


def act(name: str, known: tuple[UUID, ...], in_order: bool) -> str:
    try:
        return {"complete": complete, "follow": follow}[name](known, in_order)
    except OperationalError as failure:
        db.session.rollback()
        return type(failure.orig).__name__


def both(own_database: str, known: tuple[UUID, ...], *, in_order: bool) -> list[str]:
    return race(own_database, act, [(name, known, in_order) for name in ("complete", "follow")])


def test_both_come_through(own_database: str, known: tuple[UUID, ...]) -> None:
    assert both(own_database, known, in_order=True) == ["completed", "followed"]
    assert db.session.get_one(FollowUp, known[0]).state is State.DONE


def test_in_another_order_one_of_them_fails(own_database: str, known: tuple[UUID, ...]) -> None:
    """The negative control."""
    answers = both(own_database, known, in_order=False)
    assert "DeadlockDetected" in answers
