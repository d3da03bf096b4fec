"""Eight of a team take the same task on at once: one succeeds, because the row is held."""

import time
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from conftest import MORNING, environment
from followup_builders import a_patient, fall_due
from people import by_itself
from races import race

from backend import followups, identity
from backend.assembly import assemble
from backend.followups import State
from backend.kernel import entry
from backend.kernel.clock import FixedClock
from backend.kernel.context import Actor, Role
from backend.kernel.database import db
from backend.kernel.transaction import transaction
from config.settings import Settings

READING_TAKES_S = 1.0


@pytest.fixture
def due(own_database: str, tmp_path: Path) -> Iterator[tuple[UUID, UUID, UUID]]:
    """A follow-up that fell due, a doctor who may take it on, and the doctor's team."""
    app = assemble(Settings.from_env(environment(own_database, tmp_path)), FixedClock(MORNING))
    with app.app_context():
        with transaction():
            patient = a_patient()
            patient.visit.due_on = by_itself().today
            fall_due(patient)
            known = patient.visit.id, patient.doctor.id, patient.team.id
        yield known
        db.session.remove()
        db.engine.dispose()


def acknowledge(followup_id: UUID, doctor_id: UUID, team_id: UUID, held: bool) -> str:
    doctor = Actor(doctor_id, Role.DOCTOR, frozenset({doctor_id, team_id}))
    with transaction():
        ctx = entry.context(doctor, MORNING)
        read = followups.hold if held else followups.find
        visit = read(ctx, followup_id)
        if not held:
            time.sleep(READING_TAKES_S)
        followups.acknowledge(ctx, visit)
    return "done"


def test_one_of_eight_takes_it_on(own_database: str, due: tuple[UUID, UUID, UUID]) -> None:
    answers = race(own_database, acknowledge, [(*due, True)] * 8)
    assert sorted(answers) == ["done"] + ["illegal-move"] * 7


def test_without_the_lock_several_do(own_database: str, due: tuple[UUID, UUID, UUID]) -> None:
    """The negative control: it is `hold` that lets one win."""
    answers = race(own_database, acknowledge, [(*due, False)] * 8)
    assert answers.count("done") > 1


def test_the_winner_is_written_down(own_database: str, due: tuple[UUID, UUID, UUID]) -> None:
    race(own_database, acknowledge, [(*due, True)] * 2)
    visit = db.session.get_one(followups.FollowUp, due[0])
    assert (visit.state, visit.acknowledged_by) == (State.ACKNOWLEDGED, due[1])
    assert identity.staff(by_itself(), [due[1]])
