"""From a wish to drugs in her hand: what passes, what is refused, and who may do it."""

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import pytest
from flask import Flask
from people import a_member_of_staff, a_resident, by
from prescription_builders import SELF, Surgery, a_draft, a_drug, a_line, an_assessment
from sqlalchemy import select

from backend import identity, prescriptions
from backend.kernel.clock import FixedClock
from backend.kernel.context import Role
from backend.kernel.database import db
from backend.kernel.errors import Forbidden, Invalid, NotFound
from backend.kernel.events import EventRow
from backend.kernel.lifecycle import IllegalMove
from backend.kernel.regions import Region
from backend.messaging import Message, MessageKind
from backend.prescriptions import (
    Collector,
    Handover,
    State,
    Stop,
    Turn,
)
from backend.prescriptions.errors import (
    AlreadyOpen,
    ContractNeeded,
    IdsNotSeen,
    Lapsed,
    NotLawful,
    TextChanged,
    UnknownDrug,
)
from jobs import relay


@pytest.fixture
def surgery(app: Flask) -> Surgery:
    return Surgery()


def refusals(refused: pytest.ExceptionInfo[NotLawful]) -> tuple[str, set[str]]:
    return refused.value.clause, {fault.pointer for fault in refused.value.faults}


def messages(subject: UUID, kind: MessageKind) -> list[Message]:
    """What is told of a prescription, once everything that happened is delivered."""
    db.session.commit()
    relay.drain()
    found = select(Message).where(Message.subject_id == subject, Message.kind == kind)
    return list(db.session.execute(found.order_by(Message.due_at)).scalars())


def test_eight_weeks_pass_with_assessment_education_and_confirmation(surgery: Surgery) -> None:
    issued = surgery.issued(56)
    assert (issued.state, issued.turn, issued.days) == (State.ISSUED, Turn.FIRST, 56)
    assert issued.valid_until == date(2026, 11, 23)
    assert issued.rule_set == "long_prescription@2021-08-10"
    assert issued.confirmation is not None
    assert "56天" in issued.confirmation.text


def test_above_four_weeks_nothing_passes_unprepared(surgery: Surgery) -> None:
    wish, doctor = surgery.requested(56), by(surgery.doctor)
    unprepared = an_assessment(note=None, educated=False)
    with pytest.raises(NotLawful) as refused:
        prescriptions.issue(doctor, wish, surgery.draft(56, assessment=unprepared))
    missing = {"/days", "/assessment/note", "/assessment/educated"}
    assert refusals(refused) == ("LP-4", missing)
    assert (wish.state, wish.lines, wish.doctor_id) == (State.REQUESTED, [], None)


def test_above_four_weeks_the_resident_confirms_first(surgery: Surgery) -> None:
    wish, doctor = surgery.requested(56), by(surgery.doctor)
    with pytest.raises(NotLawful) as refused:
        prescriptions.issue(doctor, wish, surgery.draft(56))
    assert refusals(refused) == ("LP-4", {"/days"})
    text = prescriptions.confirmation_text(wish)
    prescriptions.confirm(by(surgery.resident), wish, text.digest)
    assert prescriptions.issue(doctor, wish, surgery.draft(56)).state is State.ISSUED


def test_a_confirmation_covers_no_more_days_than_it_says(surgery: Surgery) -> None:
    wish = surgery.confirmed(42)
    with pytest.raises(NotLawful) as refused:
        prescriptions.issue(by(surgery.doctor), wish, surgery.draft(56))
    assert refusals(refused) == ("LP-4", {"/days"})


def test_four_weeks_need_no_confirmation(surgery: Surgery) -> None:
    issued = prescriptions.issue(by(surgery.doctor), surgery.requested(28), surgery.draft(28))
    assert issued.state is State.ISSUED


def test_another_text_than_the_one_shown_is_not_confirmed(surgery: Surgery) -> None:
    wish = surgery.requested()
    with pytest.raises(TextChanged):
        prescriptions.confirm(by(surgery.resident), wish, "0" * 64)
    text = prescriptions.confirmation_text(wish)
    prescriptions.confirm(by(surgery.resident), wish, text.digest)
    with pytest.raises(IllegalMove):
        prescriptions.confirm(by(surgery.resident), wish, text.digest)


def test_the_region_sets_the_most(surgery: Surgery) -> None:
    doctor = replace(by(surgery.doctor), region=Region.load("beijing"))
    wish = surgery.confirmed(84)
    with pytest.raises(NotLawful) as refused:
        prescriptions.issue(doctor, wish, surgery.draft(61))
    assert refusals(refused) == ("LP-15", {"/days"})
    assert "60天" in refused.value.detail
    assert prescriptions.issue(doctor, wish, surgery.draft(60)).days == 60


def test_nobody_asks_for_more_than_the_region_allows(surgery: Surgery) -> None:
    resident = replace(by(surgery.resident), region=Region.load("beijing"))
    wish = {"drugs": [surgery.drug.code], "institution_id": surgery.centre.id}
    with pytest.raises(NotLawful) as refused:
        prescriptions.request(resident, days=61, **wish)
    assert refusals(refused) == ("LP-15", {"/days"})


def test_every_refusal_is_listed_with_its_place(surgery: Surgery) -> None:
    poppy = a_drug("示例麻醉药", drug_class=prescriptions.DrugClass.NARCOTIC)
    lines = [a_line(surgery.drug, usage="遵医嘱"), a_line(poppy)]
    wish = surgery.confirmed(drugs=[surgery.drug.code, poppy.code])
    with pytest.raises(NotLawful) as refused:
        prescriptions.issue(
            by(surgery.doctor), wish, surgery.draft(lines=lines, diagnoses=["J06.9"])
        )
    assert refusals(refused) == ("LP-2", {"/lines/1/drug", "/lines/0/usage", "/diagnoses"})


def test_five_drugs_at_most(surgery: Surgery) -> None:
    lines = [a_line(a_drug(f"示例药{n}"), 28) for n in range(6)]
    with pytest.raises(NotLawful) as refused:
        prescriptions.issue(by(surgery.doctor), surgery.confirmed(), surgery.draft(28, lines=lines))
    assert refusals(refused) == ("RX-1", {"/lines"})


def test_an_unknown_drug_is_pointed_at(surgery: Surgery) -> None:
    gone = a_drug(is_listed=False)
    with pytest.raises(UnknownDrug) as refused:
        prescriptions.issue(by(surgery.doctor), surgery.requested(), a_draft(gone))
    assert [fault.pointer for fault in refused.value.faults] == ["/lines/0/drug"]
    with pytest.raises(UnknownDrug):
        Surgery().requested(drugs=["EX-NONE"])


def test_without_a_contract_there_is_nobody_to_ask(surgery: Surgery) -> None:
    surgery.resident = a_resident("沈阿姨")
    with pytest.raises(ContractNeeded):
        surgery.requested()


def test_one_wish_at_a_time(surgery: Surgery) -> None:
    first = surgery.requested()
    with pytest.raises(AlreadyOpen):
        surgery.requested()
    prescriptions.withdraw(by(surgery.resident), first)
    assert surgery.requested().state is State.REQUESTED


def test_a_confirmation_covers_no_other_drug_than_it_names(surgery: Surgery) -> None:
    wish, doctor = surgery.confirmed(56), by(surgery.doctor)
    lines = [a_line(surgery.drug), a_line(a_drug("二甲双胍片"))]
    with pytest.raises(NotLawful) as refused:
        prescriptions.issue(doctor, wish, surgery.draft(lines=lines))
    assert refusals(refused) == ("LP-4", {"/days"})
    fewer = surgery.draft(28)
    assert prescriptions.issue(doctor, wish, fewer).state is State.ISSUED


def test_the_pharmacist_passes_and_the_resident_is_told(surgery: Surgery) -> None:
    reviewed = surgery.reviewed()
    assert reviewed.state is State.REVIEWED
    told = messages(reviewed.id, MessageKind.PRESCRIPTION_READY)
    assert [message.to_resident_id for message in told] == [surgery.resident.id]


def test_what_is_returned_is_written_again_and_stays_on_record(surgery: Surgery) -> None:
    issued = surgery.issued()
    returned = prescriptions.send_back(by(surgery.pharmacist), issued, "请核对剂量")
    assert returned.state is State.RETURNED
    told = messages(issued.id, MessageKind.PRESCRIPTION_RETURNED)
    assert [message.to_staff_id for message in told] == [surgery.doctor.id]
    again = prescriptions.issue(by(surgery.doctor), returned, surgery.draft(42))
    assert [line.quantity for line in again.lines] == [42]
    assert [line.quantity for line in again.every_line] == [56, 42]
    assert prescriptions.approve(by(surgery.pharmacist), again).state is State.REVIEWED
    assert len(again.reviews) == 2


def test_what_is_dispensed_tells_when_it_runs_out(surgery: Surgery) -> None:
    used = surgery.dispensed(56)
    assert (used.state, used.runs_out_on) == (State.IN_USE, date(2027, 1, 18))
    planned = messages(used.id, MessageKind.RUN_OUT)
    assert [f"{message.due_at:%Y-%m-%d %H}" for message in planned] == [
        "2027-01-11 01",
        "2027-01-15 01",
    ]


def test_less_may_be_handed_over_than_was_prescribed(surgery: Surgery) -> None:
    reviewed = surgery.reviewed(56)
    code = surgery.drug.code
    for wrong in ({code: 57}, {code: 0}, {"EX-NONE": 1}):
        with pytest.raises(Invalid):
            prescriptions.dispense(by(surgery.pharmacist), reviewed, SELF, wrong)
    used = prescriptions.dispense(by(surgery.pharmacist), reviewed, SELF, {code: 28})
    assert ([line.dispensed for line in used.lines], used.runs_out_on) == ([28], date(2026, 12, 21))


def test_somebody_else_collects_with_both_ids(surgery: Surgery) -> None:
    reviewed, pharmacist = surgery.reviewed(), by(surgery.pharmacist)
    son = Handover(
        collector=Collector.REPRESENTATIVE, name="王建国", id_number="330502198001011234"
    )
    with pytest.raises(IdsNotSeen):
        prescriptions.dispense(pharmacist, reviewed, son)
    with pytest.raises(Invalid) as refused:
        prescriptions.dispense(pharmacist, reviewed, replace(son, both_ids_seen=True))
    assert [fault.pointer for fault in refused.value.faults] == ["/collector/id_number"]
    seen = replace(son, both_ids_seen=True, id_number="11010519491231002X")
    entry = prescriptions.dispense(pharmacist, reviewed, seen).dispensing
    assert entry is not None
    assert (entry.name, entry.id_number) == ("王建国", "11010519491231002X")


def test_it_is_dispensed_once(surgery: Surgery) -> None:
    used = surgery.dispensed()
    with pytest.raises(IllegalMove):
        prescriptions.dispense(by(surgery.pharmacist), used, SELF)


def test_it_is_valid_on_its_day_and_three_at_most(surgery: Surgery, clock: FixedClock) -> None:
    extended = surgery.reviewed(extended=True)
    assert extended.valid_until == date(2026, 11, 25)
    clock.at += timedelta(days=3)
    with pytest.raises(Lapsed):
        prescriptions.dispense(by(surgery.pharmacist), extended, SELF)


def test_strangers_neither_see_nor_act(surgery: Surgery) -> None:
    wish, other = surgery.requested(), Surgery()
    for stranger in (other.doctor, other.resident, other.pharmacist, surgery.pharmacist):
        with pytest.raises(NotFound):
            prescriptions.find(by(stranger), wish.id)
    for stranger in (other.doctor, surgery.pharmacist):
        with pytest.raises(Forbidden):
            prescriptions.refuse(by(stranger), wish, "不行")
    with pytest.raises(Forbidden):
        prescriptions.withdraw(by(other.resident), wish)
    with pytest.raises(NotFound):
        prescriptions.find(by(a_member_of_staff(Role.MANAGER)), wish.id)


def test_a_house_sees_what_was_issued_for_it_through_its_pharmacists(surgery: Surgery) -> None:
    issued = surgery.issued()
    assert prescriptions.find(by(surgery.pharmacist), issued.id) is issued
    elsewhere = Surgery()
    colleague = a_member_of_staff(Role.DOCTOR, "钱医生", surgery.centre.id)
    for stranger in (elsewhere.pharmacist, colleague):
        with pytest.raises(NotFound):
            prescriptions.find(by(stranger), issued.id)
        assert identity.residents(by(stranger), [surgery.resident.id]) == {}
    with pytest.raises(Forbidden):
        prescriptions.approve(by(elsewhere.pharmacist), issued)
    with pytest.raises(Forbidden):
        prescriptions.approve(by(surgery.doctor), issued)


def test_what_happened_is_on_record(surgery: Surgery) -> None:
    used = surgery.dispensed()
    prescriptions.terminate(by(surgery.doctor), used, Stop.TARGET_NOT_MET)
    found = select(EventRow.name).where(EventRow.resident_id == surgery.resident.id)
    names = [name.removeprefix("prescriptions.") for name in db.session.execute(found).scalars()]
    assert names == [
        "PrescriptionRequested",
        "PrescriptionConfirmed",
        "PrescriptionIssued",
        "PrescriptionReviewed",
        "PrescriptionDispensed",
        "PrescriptionEnded",
    ]
    with pytest.raises(NotFound):
        prescriptions.find(by(surgery.pharmacist), used.id)
