"""Break-glass: who may, for how long, how often; who is told, who judges."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from audit_builders import WHY, an_emergency, in_a_hurry
from contract_builders import a_centre
from family_builders import a_guardian, a_relative
from flask import Flask
from followup_builders import Patient, a_patient
from listening import listening
from people import a_member_of_staff, a_resident, an_id_number, by, by_itself
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from backend import auditing, followups, identity, messaging
from backend.auditing import Emergency, State, Verdict, Whom
from backend.auditing.rules import AccessPolicy
from backend.kernel import relay
from backend.kernel.clock import FixedClock
from backend.kernel.context import Context, Role, Scope
from backend.kernel.database import db
from backend.kernel.errors import Forbidden, Invalid, NotFound, StepUpNeeded
from backend.kernel.events import EventRow
from backend.kernel.ids import new_id
from backend.kernel.lifecycle import IllegalMove
from backend.kernel.paging import Wanted
from backend.kernel.relations import Kind, is_related
from backend.messaging import Message, MessageKind
from jobs import auditing as job

HOUR = timedelta(hours=1)


class Ward:
    """A hospital's house with a doctor and two managers, and a patient of somebody else."""

    def __init__(self) -> None:
        self.house = a_centre()
        self.doctor = a_member_of_staff(Role.SPECIALIST, "陈专家", self.house.id)
        self.manager = a_member_of_staff(Role.MANAGER, "管理员", self.house.id)
        self.patient: Patient = a_patient()

    def opened(self) -> auditing.EmergencyAccess:
        return an_emergency(self.doctor, self.patient.resident)


@pytest.fixture
def ward(app: Flask) -> Ward:
    return Ward()


def called(name: str, number: str | None) -> Whom:
    return Whom(claim=identity.Claim(name, number or ""))


def deliver() -> None:
    """Hand what happened to the reactions."""
    db.session.flush()
    while relay.deliver(by_itself, 50):
        pass


def told(kind: MessageKind) -> list[Message]:
    db.session.expire_all()
    return list(db.session.execute(select(Message).filter_by(kind=kind)).scalars())


def test_it_opens_the_record_for_reading_alone(ward: Ward) -> None:
    ctx, visit = by(ward.doctor), ward.patient.visit
    with pytest.raises(NotFound):
        followups.find(ctx, visit.id)
    access = ward.opened()
    assert (access.state, access.ends_at - access.begun_at) == (State.AWAITING, 4 * HOUR)
    assert access.review_by - access.begun_at == 72 * HOUR
    assert followups.find(ctx, visit.id).id == visit.id
    assert identity.resident(ctx, ward.patient.resident_id).name == "王桂芬"
    with pytest.raises(Forbidden):
        followups.acknowledge(ctx, followups.find(ctx, visit.id))


def test_after_its_hours_the_record_is_closed_again(ward: Ward, clock: FixedClock) -> None:
    ward.opened()
    clock.at += 4 * HOUR - timedelta(seconds=1)
    assert followups.find(by(ward.doctor), ward.patient.visit.id)
    clock.at += timedelta(seconds=1)
    with pytest.raises(NotFound):
        followups.find(by(ward.doctor), ward.patient.visit.id)


def test_it_opens_it_for_that_doctor_alone(ward: Ward) -> None:
    ward.opened()
    colleague = a_member_of_staff(Role.SPECIALIST, "同事", ward.house.id)
    with pytest.raises(NotFound):
        followups.find(by(colleague), ward.patient.visit.id)


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.ANYONE, Role.RESIDENT, Role.CLOCK}))
def test_only_doctors_may(ward: Ward, role: Role) -> None:
    person = a_member_of_staff(role, "某人", ward.house.id)
    whom = Whom(ward.patient.resident_id)
    if role in {Role.DOCTOR, Role.SPECIALIST}:
        assert auditing.begin(in_a_hurry(person), whom, Emergency.CRITICAL, WHY)
    else:
        with pytest.raises(Forbidden):
            auditing.begin(in_a_hurry(person), whom, Emergency.CRITICAL, WHY)


def test_the_second_factor_is_given_anew(ward: Ward) -> None:
    whom, ctx = Whom(ward.patient.resident_id), by(ward.doctor)
    old = replace(ctx.actor, stepped_up_at=datetime.now(UTC) - timedelta(minutes=11))
    for stale in (ctx, replace(ctx, actor=old)):
        with pytest.raises(StepUpNeeded):
            auditing.begin(stale, whom, Emergency.CRITICAL, WHY)


def test_by_name_and_number_as_by_id(ward: Ward) -> None:
    resident = ward.patient.resident
    whom = called(resident.name, resident.id_number)
    access = auditing.begin(in_a_hurry(ward.doctor), whom, Emergency.UNCONSCIOUS, WHY)
    assert access.resident_id == resident.id


def test_by_any_document_of_theirs(ward: Ward) -> None:
    resident = ward.patient.resident
    passport = identity.DocumentKind.PASSPORT, "GBR"
    nurse = a_member_of_staff(Role.NURSE, "小陈", ward.house.id)
    card = identity.Claim(resident.name, resident.id_number or "")
    further = identity.Claim(resident.name, "AB12345", *passport)
    identity.add_document(by(nurse), card, further)
    whom = Whom(claim=identity.Claim(resident.name, "ab 12345", *passport))
    access = auditing.begin(in_a_hurry(ward.doctor), whom, Emergency.UNCONSCIOUS, WHY)
    assert access.resident_id == resident.id


def test_known_and_unknown_are_looked_for_alike(ward: Ward) -> None:
    known = ward.patient.resident
    card, nobody = called(known.name, known.id_number), called(known.name, an_id_number())
    ctx, asked = in_a_hurry(ward.doctor), []
    for claim in (card.claim, nobody.claim):
        assert claim
        with listening() as heard:
            identity.person_claimed(ctx, claim)
        asked.append(heard)
    assert asked[0] == asked[1]
    assert len(asked[0]) == 1


def test_a_stranger_and_a_wrong_name_are_the_same_refusal(ward: Ward) -> None:
    known = ward.patient.resident
    unknown = a_resident("没登记")
    number = unknown.id_number
    db.session.delete(db.session.query(identity.Account).filter_by(resident_id=unknown.id).one())
    db.session.execute(db.delete(identity.Consent).filter_by(resident_id=unknown.id))
    db.session.flush()
    db.session.delete(unknown)
    db.session.flush()
    asked = [
        called(known.name, number),
        called("李秀英", known.id_number),
        Whom(new_id()),
    ]
    refusals = []
    for whom in asked:
        with pytest.raises(auditing.NobodyFound) as refused:
            auditing.begin(in_a_hurry(ward.doctor), whom, Emergency.CRITICAL, WHY)
        refusals.append((refused.value.code, refused.value.detail))
    assert len(set(refusals)) == 1
    db.session.flush()
    missed = select(EventRow).filter_by(name="auditing.EmergencyAccessMissed")
    assert len(db.session.execute(missed).scalars().all()) == len(asked)


def test_a_number_that_is_none_is_pointed_at(ward: Ward) -> None:
    whom = called("王桂芬", "11010519491231002A")
    with pytest.raises(Invalid) as refused:
        auditing.begin(in_a_hurry(ward.doctor), whom, Emergency.CRITICAL, WHY)
    assert refused.value.faults[0].pointer == "/id_number"


def test_a_day_has_an_end_of_it_and_the_next_begins_anew(ward: Ward, clock: FixedClock) -> None:
    for _ in range(3):
        ward.opened()
    with pytest.raises(auditing.TooManyEmergencies):
        ward.opened()
    another = a_member_of_staff(Role.DOCTOR, "另一位", ward.house.id)
    assert an_emergency(another, ward.patient.resident).place_of_day == 1
    clock.at += timedelta(days=1)
    assert ward.opened().place_of_day == 1


@pytest.mark.parametrize(
    ("figures", "lawful"),
    [((4, 3, 72), True), ((5, 3, 72), False), ((4, 0, 72), False), ((4, 3, 73), False)],
)
def test_a_region_may_be_stricter_and_never_laxer(figures: Any, lawful: bool) -> None:
    if lawful:
        assert AccessPolicy(*figures)
    else:
        with pytest.raises(ValueError, match=r"at most 4 hours|emergencies a day"):
            AccessPolicy(*figures)


@pytest.mark.parametrize(
    "change",
    [
        {"ends_at": "begun_at + interval '4 hours 1 second'"},
        {"review_by": "begun_at + interval '73 hours'"},
        {"reason": "'写在密文旁边的明文，谁都读得到'"},
        {"reason_sealed": "NULL"},
        {"reviewed_by": "staff_id"},
        {"state": "'reviewed'"},
    ],
)
def test_the_database_knows_the_limits_too(ward: Ward, change: dict[str, str]) -> None:
    access = ward.opened()
    db.session.flush()
    sets = ", ".join(f"{column} = {value}" for column, value in change.items())
    with pytest.raises(IntegrityError), db.session.begin_nested():
        db.session.execute(
            db.text(f"UPDATE emergency_access SET {sets} WHERE id = :id"), {"id": access.id}
        )


def test_a_reason_says_something(ward: Ward) -> None:
    whom = Whom(ward.patient.resident_id)
    with pytest.raises(Invalid) as refused:
        auditing.begin(in_a_hurry(ward.doctor), whom, Emergency.CRITICAL, "病重     ……")
    assert refused.value.faults[0].pointer == "/reason"


def test_why_and_how_it_was_judged_is_read_from_no_dump(ward: Ward) -> None:
    access = ward.opened()
    auditing.review(by(ward.manager), access, Verdict.JUSTIFIED, "确有糖尿病酮症")
    db.session.flush()
    kept = "SELECT reason, note, e::text FROM emergency_access e WHERE id = :id"
    row = db.session.execute(db.text(kept), {"id": access.id}).one()
    assert row[:2] == (None, None)
    words = (WHY, "确有糖尿病酮症")
    assert not any(form in row[2] for word in words for form in (word, word.encode().hex()))
    db.session.expire(access)
    assert (access.reason, access.note) == words


def test_what_was_written_before_is_read_as_well(ward: Ward) -> None:
    access = ward.opened()
    db.session.flush()
    plain = "UPDATE emergency_access SET reason = '旧的理由', reason_sealed = NULL WHERE id = :id"
    db.session.execute(db.text(plain), {"id": access.id})
    db.session.expire(access)
    assert auditing.reasons_of([access.id]) == {access.id: "旧的理由"}


def test_the_resident_is_told_at_once_even_at_night(ward: Ward, clock: FixedClock) -> None:
    clock.at = clock.at.replace(hour=2)
    access = ward.opened()
    deliver()
    (message,) = told(MessageKind.EMERGENCY_ACCESS)
    assert (message.to_resident_id, message.urgent) == (access.resident_id, True)
    assert message.due_at == access.begun_at
    (asked,) = told(MessageKind.EMERGENCY_REVIEW)
    assert asked.to_staff_id == ward.manager.id


@pytest.mark.parametrize("has_account", [True, False])
def test_a_childs_guardians_are_told_as_well_each_once(ward: Ward, has_account: bool) -> None:
    child = a_resident("王小宝", date(2014, 5, 1), account=has_account)
    both = [a_guardian(child), a_guardian(child)]
    a_relative(child, *Scope)
    access = an_emergency(ward.doctor, child)
    deliver()
    pushes = {one.to_resident_id: one for one in told(MessageKind.EMERGENCY_ACCESS)}
    assert pushes.keys() == {one.id for one in [*both, *[child] * has_account]}
    assert {one.urgent for one in pushes.values()} == {True}
    words = {key: one.content["thing1"] for key, one in pushes.items()}
    assert words[both[0].id] == words[both[1].id] == "医生紧急调阅了您监护的孩子的记录"
    assert "孩子" not in words.get(child.id, "您")
    assert not auditing.hold_access(by_itself(), access.id).to_call
    sent = [one for one in messaging.claim(by_itself(), "s1", 10) if "孩子" in str(one.content)]
    assert len({one.openid for one in sent}) == len(sent) == len(both)


def test_whose_guardian_cannot_be_reached_either_is_called(ward: Ward) -> None:
    child = a_resident("王小宝", date(2014, 5, 1), account=False)
    mother = a_guardian(child)
    db.session.delete(db.session.query(identity.Account).filter_by(resident_id=mother.id).one())
    access = an_emergency(ward.doctor, child)
    deliver()
    assert auditing.hold_access(by_itself(), access.id).to_call


def test_whoever_has_no_account_is_on_the_houses_call_list(ward: Ward) -> None:
    offline = a_resident("张大爷", account=False)
    access = an_emergency(ward.doctor, offline)
    deliver()
    listed = auditing.accesses(by(ward.manager), Wanted(), to_call=True)
    assert [one.id for one in listed.items] == [access.id]
    held = auditing.hold_access(by(ward.manager), access.id)
    auditing.call(by(ward.manager), held)
    assert auditing.accesses(by(ward.manager), Wanted(), to_call=True).items == []


def test_whom_no_message_reached_in_time_is_called(ward: Ward, clock: FixedClock) -> None:
    access = ward.opened()
    deliver()
    assert auditing.untold(by_itself(), [], auditing.TOLD_WITHIN) == []
    clock.at += auditing.TOLD_WITHIN
    assert list(auditing.untold(by_itself(), [], auditing.TOLD_WITHIN)) == [access.id]
    auditing.plan_call(by_itself(), auditing.hold_access(by_itself(), access.id))
    assert auditing.accesses(by(ward.manager), Wanted(), to_call=True).items


def test_another_person_of_the_house_judges(ward: Ward) -> None:
    access = ward.opened()
    stranger = a_member_of_staff(Role.MANAGER, "别家", a_centre().id)
    with pytest.raises(NotFound):
        auditing.access(by(stranger), access.id)
    with pytest.raises(Forbidden):
        auditing.review(by(stranger), access, Verdict.JUSTIFIED, "属实")
    with pytest.raises(Forbidden):
        auditing.review(by(ward.doctor), access, Verdict.JUSTIFIED, "属实")
    auditing.review(by(ward.manager), access, Verdict.JUSTIFIED, "属实")
    assert (access.state, access.reviewed_by) == (State.REVIEWED, ward.manager.id)
    with pytest.raises(IllegalMove):
        auditing.review(by(ward.manager), access, Verdict.UNJUSTIFIED, "再看")


def test_nobody_judges_their_own(ward: Ward) -> None:
    access = ward.opened()
    db.session.flush()
    ward.doctor.role = Role.MANAGER
    db.session.flush()
    with pytest.raises(Forbidden):
        auditing.review(by(ward.doctor), access, Verdict.JUSTIFIED, "属实")


def test_what_was_not_justified_ends_at_once(ward: Ward) -> None:
    access = ward.opened()
    auditing.review(by(ward.manager), access, Verdict.UNJUSTIFIED, "无急救记录")
    assert not is_related(by(ward.doctor), ward.patient.resident_id, Kind.EMERGENCY)


def test_what_nobody_judged_in_time_goes_up(ward: Ward, clock: FixedClock) -> None:
    chief = a_member_of_staff(Role.CONSORTIUM_MANAGER, "医共体", ward.house.id).id
    auditor = a_member_of_staff(Role.AUDITOR, "审计员", ward.house.id).id
    access, manager = ward.opened().id, ward.manager.id
    db.session.commit()
    clock.at += 72 * HOUR - timedelta(seconds=1)
    assert job.escalate() == 0
    clock.at += timedelta(seconds=1)
    assert job.escalate() == 1
    assert job.escalate() == 0
    deliver()
    assert [one.to_staff_id for one in told(MessageKind.EMERGENCY_ESCALATED)] == [chief]
    listed = auditing.accesses(as_staff(auditor), Wanted(), State.ESCALATED)
    assert [one.id for one in listed.items] == [access]
    late = auditing.hold_access(as_staff(manager), access)
    auditing.review(as_staff(manager), late, Verdict.JUSTIFIED, "补看，属实")
    deliver()
    states = {one.state for one in told(MessageKind.EMERGENCY_ESCALATED)}
    assert states == {messaging.State.WITHDRAWN}


def as_staff(staff_id: UUID) -> Context:
    """The context of somebody whom a sweep's end has let go of."""
    return by(db.session.get_one(identity.Staff, staff_id))
