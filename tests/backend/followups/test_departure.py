"""Who died or moved away has no contract any more; the team says it once."""

from flask import Flask
from followup_builders import Patient, a_due_patient, a_patient, sign
from people import by, by_itself
from prescription_builders import DAY

from backend import contracting, followups, messaging
from backend.followups import Obstacle, Way
from backend.kernel.clock import FixedClock
from backend.kernel.database import db
from backend.kernel.events import EventRow
from jobs import relay


def record(patient: Patient, obstacle: Obstacle, *, ends: bool = False) -> None:
    """The team writes down why there was no reading, and what follows from it happens."""
    followups.miss(by(patient.doctor), patient.visit, obstacle, Way.PHONE, ends_programme=ends)
    db.session.commit()
    while relay.drain():
        pass


def ends_told(patient: Patient) -> int:
    kind = messaging.MessageKind.CONTRACT_ENDED
    return db.session.query(messaging.Message).filter_by(kind=kind).count()


def test_a_departure_ends_the_contract(app: Flask, clock: FixedClock) -> None:
    patient = a_due_patient(clock)
    record(patient, Obstacle.MOVED)
    contract = contracting.find(by_itself(), patient.contract.id)
    ended = (contracting.State.ENDED, contracting.EndReason.MOVED)
    assert (contract.state, contract.end_reason) == ended
    assert contract.closed_by is None
    assert ends_told(patient) == 1


def test_a_death_ends_the_contract_only_once_it_is_confirmed(app: Flask, clock: FixedClock) -> None:
    patient = a_due_patient(clock)
    record(patient, Obstacle.DIED)
    assert contracting.active(by_itself(), patient.resident_id) is not None


def test_another_end_of_the_programme_leaves_the_contract(app: Flask, clock: FixedClock) -> None:
    patient = a_due_patient(clock)
    record(patient, Obstacle.NOT_REACHED, ends=True)
    assert contracting.active(by_itself(), patient.resident_id) is not None


def test_a_departure_told_again_leaves_a_later_contract(app: Flask, clock: FixedClock) -> None:
    patient = a_due_patient(clock)
    record(patient, Obstacle.MOVED)
    [row] = db.session.query(EventRow).filter_by(name="followups.EnrolmentEnded")
    clock.at += 30 * DAY
    again = sign(patient.resident, patient.team, patient.doctor)
    told = followups.EnrolmentEnded(patient.resident_id, row.payload["enrolment_id"], 2)
    followups.end_contract(by_itself(), told)
    assert again.state is contracting.State.ACTIVE


def test_a_departure_ends_it_once(app: Flask) -> None:
    patient = a_patient()
    day, reason = by_itself().today, contracting.EndReason.DIED
    contracting.leave(by_itself(), patient.resident_id, reason, day)
    contracting.leave(by_itself(), patient.resident_id, reason, day)
    ended = db.session.query(EventRow).filter_by(name="contracting.ContractEnded")
    assert ended.count() == 1
