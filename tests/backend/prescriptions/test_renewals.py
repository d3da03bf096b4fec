"""What goes on, what begins anew, and what stays in use beside it."""

from datetime import date, timedelta
from uuid import UUID

import pytest
from flask import Flask
from people import by, by_itself
from prescription_builders import SELF, Surgery, a_drug, a_line
from sqlalchemy import select

from backend import messaging, prescriptions
from backend.kernel.clock import FixedClock
from backend.kernel.database import db
from backend.messaging import Message, MessageKind
from backend.prescriptions import FormularyDrug, Prescription, State, Stop, Turn
from backend.prescriptions.errors import NotLawful
from jobs import relay


@pytest.fixture
def surgery(app: Flask) -> Surgery:
    return Surgery()


def refusals(refused: pytest.ExceptionInfo[NotLawful]) -> tuple[str, set[str]]:
    return refused.value.clause, {fault.pointer for fault in refused.value.faults}


def reminders(subject: UUID) -> set[messaging.State]:
    """How the run-out reminders of a prescription stand, once everything is delivered."""
    db.session.commit()
    relay.drain()
    found = select(Message.state).where(
        Message.subject_id == subject, Message.kind == MessageKind.RUN_OUT
    )
    return set(db.session.execute(found).scalars())


def test_a_junior_doctor_goes_on_but_does_not_begin(app: Flask, clock: FixedClock) -> None:
    surgery = Surgery()
    surgery.dispensed()
    clock.at += timedelta(days=49)
    surgery.doctor.title = "住院医师"
    renewal = surgery.issued()
    assert renewal.turn is Turn.RENEWAL
    prescriptions.terminate(by(surgery.doctor), renewal, Stop.HOSPITALISED, "住院")
    with pytest.raises(NotLawful) as refused:
        surgery.issued()
    assert refused.value.clause == "LP-8"


def test_another_drug_makes_it_a_first_one(surgery: Surgery, clock: FixedClock) -> None:
    surgery.dispensed()
    clock.at += timedelta(days=50)
    both = [surgery.drug, a_drug("二甲双胍片")]
    wish = surgery.confirmed(drugs=[drug.code for drug in both])
    draft = surgery.draft(lines=[a_line(drug) for drug in both])
    assert prescriptions.issue(by(surgery.doctor), wish, draft).turn is Turn.FIRST


def test_a_renewal_begins_where_the_one_before_ends(surgery: Surgery, clock: FixedClock) -> None:
    first = surgery.dispensed(56)
    assert reminders(first.id) == {messaging.State.QUEUED}
    clock.at += timedelta(days=49)
    second = surgery.dispensed(28)
    assert (first.state, second.turn) == (State.RENEWED, Turn.RENEWAL)
    assert second.runs_out_on == date(2027, 1, 18) + timedelta(days=28)
    assert reminders(first.id) == {messaging.State.WITHDRAWN}


def another_dispensed(surgery: Surgery, *drugs: FormularyDrug, days: int = 56) -> Prescription:
    """Another prescription, of these drugs, all the way."""
    wish = surgery.confirmed(days, drugs=[drug.code for drug in drugs])
    draft = surgery.draft(days, lines=[a_line(drug, days) for drug in drugs])
    prescriptions.issue(by(surgery.doctor), wish, draft)
    prescriptions.approve(by(surgery.pharmacist), wish)
    return prescriptions.dispense(by(surgery.pharmacist), wish, SELF)


def test_another_drug_does_not_end_what_is_in_use(surgery: Surgery, clock: FixedClock) -> None:
    first = surgery.dispensed(56)
    clock.at += timedelta(days=30)
    other = another_dispensed(surgery, a_drug("二甲双胍片"))
    assert (first.state, other.state) == (State.IN_USE, State.IN_USE)
    assert reminders(first.id) == {messaging.State.QUEUED}


def test_each_of_two_in_use_is_renewed_alone(surgery: Surgery, clock: FixedClock) -> None:
    first, metformin = surgery.dispensed(56), a_drug("二甲双胍片")
    clock.at += timedelta(days=30)
    other = another_dispensed(surgery, metformin)
    clock.at += timedelta(days=20)
    renewal = another_dispensed(surgery, surgery.drug)
    assert (renewal.turn, first.state, other.state) == (
        Turn.RENEWAL,
        State.RENEWED,
        State.IN_USE,
    )
    assert renewal.runs_out_on == date(2027, 1, 18) + timedelta(days=56)
    clock.at += timedelta(days=52)
    both = another_dispensed(surgery, metformin, surgery.drug, days=28)
    assert (both.turn, renewal.state, other.state) == (
        Turn.RENEWAL,
        State.RENEWED,
        State.RENEWED,
    )
    assert both.runs_out_on == date(2027, 4, 2)


def test_a_drug_that_was_lacking_is_not_renewed(surgery: Surgery, clock: FixedClock) -> None:
    metformin = a_drug("二甲双胍片")
    first = another_dispensed(surgery, surgery.drug, metformin)
    clock.at += timedelta(days=50)
    wish = surgery.confirmed(56, drugs=[surgery.drug.code, metformin.code])
    lines = [a_line(drug) for drug in (surgery.drug, metformin)]
    prescriptions.issue(by(surgery.doctor), wish, surgery.draft(lines=lines))
    prescriptions.approve(by(surgery.pharmacist), wish)
    prescriptions.dispense(by(surgery.pharmacist), wish, SELF, {metformin.code: 0})
    assert (first.state, wish.state) == (State.IN_USE, State.IN_USE)


def test_long_after_the_drugs_ran_out_it_begins_anew(surgery: Surgery, clock: FixedClock) -> None:
    used = surgery.dispensed(28)
    clock.at += timedelta(days=28)
    prescriptions.run_out(by_itself(), used)
    clock.at += timedelta(days=28)
    within = surgery.issued()
    assert within.turn is Turn.RENEWAL
    prescriptions.withdraw(by(surgery.resident), within)
    clock.at += timedelta(days=1)
    assert surgery.issued().turn is Turn.FIRST


def test_a_renewal_is_not_given_while_much_is_in_hand(surgery: Surgery, clock: FixedClock) -> None:
    surgery.dispensed(56)
    clock.at += timedelta(days=41)
    wish = surgery.confirmed()
    with pytest.raises(NotLawful) as refused:
        prescriptions.issue(by(surgery.doctor), wish, surgery.draft())
    assert refusals(refused) == ("LP-3", {"/lines/0/drug"})
    assert "还够用15天" in refused.value.detail
    clock.at += timedelta(days=1)
    assert prescriptions.issue(by(surgery.doctor), wish, surgery.draft()).turn is Turn.RENEWAL


def test_a_drug_that_was_stopped_begins_anew(surgery: Surgery, clock: FixedClock) -> None:
    stopped, metformin = surgery.dispensed(), a_drug("二甲双胍片")
    prescriptions.terminate(by(surgery.doctor), stopped, Stop.TARGET_NOT_MET)
    clock.at += timedelta(days=1)
    another_dispensed(surgery, metformin, days=28)
    clock.at += timedelta(days=20)
    again = surgery.issued()
    assert again.turn is Turn.FIRST
