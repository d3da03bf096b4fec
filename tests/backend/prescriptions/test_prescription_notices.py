"""Nobody waits in silence: who is told what, and what is taken back when it is true no more."""

from datetime import timedelta
from uuid import UUID

import pytest
from contract_builders import a_contract
from flask import Flask
from people import a_member_of_staff, a_resident, by, by_itself
from prescription_builders import SELF, Surgery

from backend import contracting, messaging, prescriptions
from backend.kernel.clock import FixedClock
from backend.kernel.context import Role
from backend.kernel.database import db
from backend.prescriptions import Prescription, State, Stop
from jobs import relay

Told = list[tuple[str, str, UUID | None]]


@pytest.fixture
def surgery(app: Flask) -> Surgery:
    return Surgery()


def deliver() -> None:
    db.session.commit()
    relay.drain()


def told(prescription: Prescription) -> Told:
    """Kind, state and recipient of everything told of it."""
    deliver()
    rows = db.session.query(messaging.Message).filter_by(subject_id=prescription.id)
    return [
        (str(row.kind), str(row.state), row.to_staff_id or row.to_resident_id)
        for row in rows.order_by(messaging.Message.id)
    ]


def test_the_family_doctor_is_told_of_a_wish(app: Flask) -> None:
    resident = a_resident()
    contract = a_contract(resident=resident)
    surgery = Surgery(resident=resident)
    assert contracting.active(by_itself(), resident.id) is contract
    assert told(surgery.requested()) == [("prescription_requested", "queued", contract.doctor_id)]


def test_without_a_family_doctor_the_lead_is_told_of_a_wish(surgery: Surgery) -> None:
    wish = surgery.requested()
    assert told(wish) == [("prescription_requested", "queued", surgery.doctor.id)]
    prescriptions.withdraw(by(surgery.resident), wish)
    assert told(wish) == [("prescription_requested", "withdrawn", surgery.doctor.id)]


def test_every_pharmacist_of_the_house_is_told_what_to_review(surgery: Surgery) -> None:
    house = surgery.centre.id
    second = a_member_of_staff(Role.PHARMACIST, "孙药师", house)
    gone = a_member_of_staff(Role.PHARMACIST, "王药师", house)
    gone.left_at = by_itself().at
    Surgery()
    issued = surgery.issued()
    asked = {(surgery.pharmacist.id, "queued"), (second.id, "queued")}
    assert {(who, state) for _, state, who in told(issued)} == asked
    prescriptions.approve(by(second), issued)
    states = {(kind, state) for kind, state, _ in told(issued)}
    assert states == {("prescription_to_review", "withdrawn"), ("prescription_ready", "queued")}


def test_what_is_written_again_is_reviewed_again(surgery: Surgery) -> None:
    issued = surgery.issued()
    deliver()
    prescriptions.send_back(by(surgery.pharmacist), issued, "请核对剂量")
    deliver()
    prescriptions.issue(by(surgery.doctor), issued, surgery.draft(42))
    assert told(issued) == [
        ("prescription_to_review", "withdrawn", surgery.pharmacist.id),
        ("prescription_returned", "withdrawn", surgery.doctor.id),
        ("prescription_to_review", "queued", surgery.pharmacist.id),
    ]


def test_the_resident_is_told_of_a_refusal(surgery: Surgery) -> None:
    wish = surgery.requested()
    prescriptions.refuse(by(surgery.doctor), wish, "请先来门诊复查。")
    assert told(wish) == [("prescription_refused", "queued", surgery.resident.id)]


def test_the_resident_is_told_of_what_was_stopped(surgery: Surgery) -> None:
    used = surgery.dispensed()
    deliver()
    prescriptions.terminate(by(surgery.doctor), used, Stop.HOSPITALISED)
    reminders = [("run_out", "withdrawn", surgery.resident.id)] * 2
    stopped = ("prescription_stopped", "queued", surgery.resident.id)
    assert told(used) == [*reminders, stopped]


def test_the_resident_is_told_of_what_was_not_collected(
    surgery: Surgery, clock: FixedClock
) -> None:
    reviewed = surgery.reviewed()
    deliver()
    clock.at += timedelta(days=1)
    prescriptions.expire(by_itself(), reviewed)
    assert told(reviewed) == [
        ("prescription_ready", "withdrawn", surgery.resident.id),
        ("prescription_expired", "queued", surgery.resident.id),
    ]


def test_what_is_delivered_late_says_what_is_true_now(surgery: Surgery) -> None:
    used = surgery.dispensed()
    late = prescriptions.PrescriptionReviewed(surgery.resident.id, used.id)
    kinds = [kind for kind, _, _ in told(used)]
    assert kinds == ["run_out", "run_out"]
    prescriptions.tell_ready(by_itself(), late)
    prescriptions.stop_asking(by_itself(), late)
    assert {(kind, state) for kind, state, _ in told(used)} == {("run_out", "queued")}
    assert used.state is State.IN_USE


def test_nothing_is_told_before_it_is_delivered(surgery: Surgery) -> None:
    prescriptions.dispense(by(surgery.pharmacist), surgery.reviewed(), SELF)
    assert db.session.query(messaging.Message).count() == 0
