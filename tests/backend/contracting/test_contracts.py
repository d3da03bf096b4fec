"""A contract is made by both sides and ends honestly."""

from datetime import date, timedelta
from typing import Any

import pytest
from contract_builders import (
    a_contract,
    a_team,
    an_accepted,
    an_application,
    confirmed,
    join,
    lead_of,
    nurse_of,
    resident_of,
    team_of,
)
from flask import Flask
from people import a_member_of_staff, a_resident, an_account, by, by_itself
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from backend import contracting, messaging, teams
from backend.contracting import Act, EndReason, State
from backend.contracting.errors import (
    AgreementChanged,
    AlreadySigned,
    DoctorFull,
    NotAccepting,
    ReasonNotYours,
    TeamFull,
    TermNotOffered,
)
from backend.kernel.clock import FixedClock
from backend.kernel.context import Role
from backend.kernel.database import db
from backend.kernel.errors import Forbidden, IdentityNeeded, NotFound
from backend.kernel.events import EventRow
from backend.kernel.lifecycle import IllegalMove
from backend.kernel.relations import Kind, is_related
from jobs import contracting as job
from jobs import relay


def recorded(contract: contracting.Contract) -> list[str]:
    rows = db.session.query(EventRow).filter_by(resident_id=contract.resident_id)
    return [row.name.partition(".")[2] for row in rows.order_by(EventRow.id)]


def knows(contract: contracting.Contract, kind: Kind) -> bool:
    return is_related(by(nurse_of(team_of(contract))), contract.resident_id, kind)


def lasting_figures(monkeypatch: pytest.MonkeyPatch, per_doctor: int) -> None:
    region = by_itself().region
    section = {**region.tables["contracting"], "capacity_per_doctor": per_doctor}
    monkeypatch.setattr(type(region), "section", lambda self, key, kind: kind(**section))


def test_from_application_to_active(app: Flask) -> None:
    contract = an_application(months=24)
    assert (contract.state, contract.resident_acts) == (State.APPLIED, [Act.WITHDRAW])
    assert contract.team_acts == [Act.ACCEPT, Act.DECLINE]
    assert knows(contract, Kind.APPLIED)
    lead = lead_of(team_of(contract))
    contracting.accept(by(lead), contract)
    assert (contract.doctor_id, contract.answered_by) == (lead.id, lead.id)
    assert contract.resident_acts == [Act.CONFIRM, Act.WITHDRAW]
    confirmed(by(resident_of(contract)), contract)
    assert contract.state is State.ACTIVE
    assert (contract.starts_on, contract.ends_on) == (date(2026, 11, 23), date(2028, 11, 22))
    assert knows(contract, Kind.SIGNED)
    assert not knows(contract, Kind.APPLIED)
    assert recorded(contract) == ["ContractApplied", "ContractAccepted", "ContractActivated"]


def test_the_exact_bytes_are_kept_and_cannot_be_changed(app: Flask) -> None:
    contract = an_accepted()
    ctx = by(resident_of(contract))
    read = contracting.agreement(ctx, contract)
    confirmed(ctx, contract)
    kept = contract.agreement
    assert kept.content.decode() == read.text
    assert (kept.version, kept.digest.hex()) == (read.version, read.sha256)
    assert (kept.account_id, kept.agreed_at) == (ctx.actor.id, ctx.at)
    team_of(contract).name = "改名了"
    assert contracting.agreement(ctx, contract).text == read.text
    for words in ("UPDATE agreement SET version = 'x'", "DELETE FROM agreement"):
        with pytest.raises(DBAPIError, match="permission denied"), db.session.begin_nested():
            db.session.execute(text(words))


def test_what_was_not_read_cannot_be_confirmed(app: Flask) -> None:
    contract = an_accepted()
    ctx = by(resident_of(contract))
    read = contracting.agreement(ctx, contract)
    for version, digest in [("2020-01", read.sha256), (read.version, "0" * 64)]:
        with pytest.raises(AgreementChanged):
            contracting.confirm(ctx, contract, version, digest)
    team_of(contract).name = "改名的团队"
    with pytest.raises(AgreementChanged):
        contracting.confirm(ctx, contract, read.version, read.sha256)
    assert contract.state is State.ACCEPTED
    assert confirmed(ctx, contract).state is State.ACTIVE


def test_the_draft_is_what_will_be_confirmed(app: Flask) -> None:
    team, person = a_team(), a_resident()
    draft = contracting.draft(by(person), team.id, 12)
    contract = an_accepted(team, person)
    assert contracting.agreement(by(person), contract) == draft


@pytest.mark.parametrize("make", [an_application, an_accepted, a_contract])
def test_a_second_application_is_refused_with_the_reason(app: Flask, make: Any) -> None:
    contract = make()
    with pytest.raises(AlreadySigned) as refused:
        contracting.apply(by(resident_of(contract)), a_team().id, 12)
    assert team_of(contract).name in refused.value.detail
    assert "请先在“我的签约”里" in refused.value.detail


def test_after_withdrawal_or_refusal_another_team_may_be_asked(app: Flask) -> None:
    person = a_resident()
    first = an_application(resident=person)
    contracting.withdraw(by(person), first)
    second = an_application(resident=person)
    contracting.decline(by(lead_of(team_of(second))), second, "您住得较远，建议选择附近的团队。")
    assert (first.state, second.state) == (State.WITHDRAWN, State.DECLINED)
    assert not knows(first, Kind.APPLIED)
    assert not knows(second, Kind.APPLIED)
    assert a_contract(resident=person).state is State.ACTIVE


def test_an_application_needs_a_known_team_a_term_and_a_verified_resident(app: Flask) -> None:
    team = a_team()
    with pytest.raises(NotFound):
        contracting.apply(by(a_resident()), a_resident().id, 12)
    with pytest.raises(TermNotOffered, match="12 个月、24 个月、36 个月"):
        contracting.apply(by(a_resident()), team.id, 13)
    with pytest.raises(IdentityNeeded):
        contracting.apply(by(an_account()), team.id, 12)
    with pytest.raises(Forbidden):
        contracting.apply(by(lead_of(team)), team.id, 12)


def test_a_closed_team_and_one_without_a_doctor_take_nobody(app: Flask) -> None:
    with pytest.raises(NotAccepting):
        an_application(a_team(is_accepting=False))
    with pytest.raises(TeamFull):
        an_application(a_team(lead=a_member_of_staff(Role.NURSE)))


def test_capacity_counts_active_contracts_only(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    lasting_figures(monkeypatch, 1)
    team = a_team()
    first, second, third = (an_application(team) for _ in range(3))
    for waiting in (first, second):
        contracting.accept(by(lead_of(team)), waiting)
    confirmed(by(resident_of(first)), first)
    with pytest.raises(DoctorFull):
        confirmed(by(resident_of(second)), second)
    with pytest.raises(DoctorFull):
        contracting.accept(by(lead_of(team)), third)
    with pytest.raises(TeamFull):
        an_application(team)
    contracting.dispute(by(resident_of(first)), first)
    assert confirmed(by(resident_of(second)), second).state is State.ACTIVE


def test_only_a_doctor_of_this_team_answers(app: Flask) -> None:
    contract = an_application()
    stranger = by(lead_of(a_team()))
    with pytest.raises(NotFound):
        contracting.find(stranger, contract.id)
    with pytest.raises(Forbidden):
        contracting.accept(stranger, contract)
    nurse = by(nurse_of(team_of(contract)))
    assert contracting.find(nurse, contract.id) is contract
    with pytest.raises(Forbidden):
        contracting.accept(nurse, contract)
    second = a_member_of_staff(Role.DOCTOR, "吴医生")
    join(second, team_of(contract))
    assert contracting.accept(by(second), contract).doctor_id == second.id


def test_another_resident_neither_sees_nor_acts(app: Flask) -> None:
    contract, stranger = an_accepted(), by(a_resident("张三"))
    with pytest.raises(NotFound):
        contracting.hold(stranger, contract.id)
    for act in (contracting.withdraw, contracting.dispute):
        with pytest.raises(Forbidden):
            act(stranger, contract)


def test_the_team_cannot_confirm_for_the_resident(app: Flask) -> None:
    contract = an_accepted()
    ctx = by(lead_of(team_of(contract)))
    read = contracting.agreement(ctx, contract)
    with pytest.raises(Forbidden):
        contracting.confirm(ctx, contract, read.version, read.sha256)


@pytest.mark.parametrize("state", ["active", "ended"])
def test_the_database_keeps_no_contract_that_nobody_confirmed(app: Flask, state: str) -> None:
    contract = an_accepted()
    db.session.flush()
    words = text("UPDATE contract SET state = :state WHERE id = :id")
    with pytest.raises(DBAPIError, match="ck_contract_"), db.session.begin_nested():
        db.session.execute(words, {"state": state, "id": contract.id})


def test_a_resident_ends_it_early_and_the_team_knows_them_no_more(app: Flask) -> None:
    contract = a_contract()
    person = by(resident_of(contract))
    with pytest.raises(ReasonNotYours):
        contracting.terminate(person, contract, EndReason.DIED)
    contracting.terminate(person, contract, EndReason.MOVED)
    assert (contract.state, contract.end_reason) == (State.ENDED, EndReason.MOVED)
    assert contract.closed_by == person.actor.id
    assert not knows(contract, Kind.SIGNED)
    assert contracting.active(person, person.person) is None
    with pytest.raises(IllegalMove):
        contracting.terminate(person, contract, EndReason.MOVED)


def test_this_was_not_me_ends_it_at_once_and_it_counts_for_nobody(app: Flask) -> None:
    contract = a_contract()
    contracting.dispute(by(resident_of(contract)), contract)
    assert (contract.state, contract.end_reason) == (State.ENDED, EndReason.DISPUTED)
    assert teams.profile(by_itself(), contract.team_id).signed == 0
    assert contract.agreement is not None
    [event] = db.session.query(EventRow).filter_by(name="contracting.ContractEnded")
    assert event.payload["reason"] == "disputed"


def test_it_ends_after_its_last_day_once_and_never_renews(app: Flask, clock: FixedClock) -> None:
    contract = a_contract()
    clock.at += timedelta(days=364)
    assert contracting.active(by_itself(), contract.resident_id) is contract
    assert job.expire() == 0
    clock.at += timedelta(days=1)
    assert not knows(contract, Kind.SIGNED)
    assert contracting.active(by_itself(), contract.resident_id) is None
    assert (job.expire(), job.expire()) == (1, 0)
    assert (contract.state, contract.end_reason) == (State.ENDED, EndReason.EXPIRED)
    assert contract.closed_by is None
    assert recorded(contract).count("ContractEnded") == 1


def test_the_sweep_goes_on_until_all_are_ended(app: Flask, clock: FixedClock) -> None:
    team = a_team()
    made = [a_contract(team) for _ in range(3)]
    clock.at += timedelta(days=365)
    assert contracting.expire(by_itself(), 2) == 2
    assert contracting.expire(by_itself(), 2) == 1
    assert {contract.state for contract in made} == {State.ENDED}
    with pytest.raises(Forbidden):
        contracting.expire(by(lead_of(team)))


def test_one_that_is_over_stands_in_nobodys_way_before_the_sweep(
    app: Flask, clock: FixedClock
) -> None:
    contract = a_contract()
    clock.at += timedelta(days=365)
    person = by(resident_of(contract))
    again = contracting.apply(person, contract.team_id, 12)
    assert (contract.end_reason, again.state) == (EndReason.EXPIRED, State.APPLIED)
    assert job.expire() == 0


def test_the_resident_is_asked_to_confirm_and_told_of_the_end(
    app: Flask, clock: FixedClock
) -> None:
    contract = an_accepted()
    deliver()
    assert told(contract) == [("contract_accepted", "queued")]
    confirmed(by(resident_of(contract)), contract)
    deliver()
    assert told(contract) == [("contract_accepted", "withdrawn")]
    clock.at += timedelta(days=365)
    job.expire()
    deliver()
    assert told(contract)[1:] == [("contract_ended", "queued")]


def test_every_doctor_of_the_team_is_told_of_an_application(app: Flask) -> None:
    contract = an_application()
    second = a_member_of_staff(Role.DOCTOR, "吴医生")
    join(second, team_of(contract))
    deliver()
    rows = db.session.query(messaging.Message).filter_by(subject_id=contract.id)
    assert {row.to_staff_id for row in rows} == {lead_of(team_of(contract)).id, second.id}
    contracting.withdraw(by(resident_of(contract)), contract)
    deliver()
    assert told(contract) == [("contract_applied", "withdrawn")] * 2


def test_the_resident_is_told_of_a_refusal(app: Flask) -> None:
    contract = an_application()
    deliver()
    contracting.decline(by(lead_of(team_of(contract))), contract, "您住得较远。")
    deliver()
    assert told(contract) == [("contract_applied", "withdrawn"), ("contract_declined", "queued")]


def test_nobody_is_told_of_their_own_tap(app: Flask) -> None:
    contract = a_contract()
    contracting.terminate(by(resident_of(contract)), contract, EndReason.OWN_WISH)
    deliver()
    assert ("contract_ended", "queued") not in told(contract)


def deliver() -> None:
    db.session.commit()
    relay.drain()


def told(contract: contracting.Contract) -> list[tuple[str, str]]:
    rows = db.session.query(messaging.Message).filter_by(subject_id=contract.id)
    return [(str(row.kind), str(row.state)) for row in rows.order_by(messaging.Message.id)]
