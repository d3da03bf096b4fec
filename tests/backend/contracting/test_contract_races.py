"""One live contract a resident, one answer an application, whatever happens at once."""

import time
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from conftest import MORNING, environment
from contract_builders import a_contract, a_team, an_accepted, an_application, join, lead_of
from databases import admin_url, slow_down_inserts
from flask import Flask
from people import a_member_of_staff, a_resident, by, by_itself
from races import race

from backend import contracting, identity
from backend.assembly import assemble, release
from backend.kernel.clock import FixedClock
from backend.kernel.context import Role
from backend.kernel.database import db
from backend.kernel.events import EventRow
from backend.kernel.transaction import transaction
from config.settings import Settings


@pytest.fixture
def apart(own_database: str, tmp_path: Path) -> Iterator[Flask]:
    """An app whose commits are real, on the database of the race."""
    app = assemble(Settings.from_env(environment(own_database, tmp_path)), FixedClock(MORNING))
    with app.app_context():
        yield app
        db.session.remove()
    release(app)


def apply(resident_id: UUID, team_id: UUID) -> str:
    with transaction():
        ctx = by(db.session.get_one(identity.Resident, resident_id))
        return str(contracting.apply(ctx, team_id, 12).state)


def accept(staff_id: UUID, contract_id: UUID, locked: bool) -> str:
    with transaction():
        ctx = by(db.session.get_one(identity.Staff, staff_id))
        read = contracting.hold if locked else contracting.find
        contract = read(ctx, contract_id)
        if not locked:
            time.sleep(0.3)
        return str(contracting.accept(ctx, contract).state)


def confirm(resident_id: UUID, contract_id: UUID, version: str, digest: str) -> str:
    with transaction():
        ctx = by(db.session.get_one(identity.Resident, resident_id))
        held = contracting.hold(ctx, contract_id)
        return str(contracting.confirm(ctx, held, version, digest).state)


def applications(own_database: str) -> list[object]:
    with transaction():
        person, wanted = a_resident().id, [a_team().id for _ in range(8)]
    return race(own_database, apply, [(person, team) for team in wanted])


def test_of_eight_applications_at_once_one_stands(apart: Flask, own_database: str) -> None:
    answers = applications(own_database)
    assert sorted(answers) == ["already-signed"] * 7 + ["applied"]
    assert db.session.query(contracting.Contract).count() == 1


def test_without_the_index_more_would_stand(apart: Flask, own_database: str, worker: str) -> None:
    """The negative control: it is the partial unique index that makes it one."""
    with psycopg.connect(admin_url(f"jiayi_own_{worker}")) as link:
        link.execute("DROP INDEX uq_contract_live")
    slow_down_inserts(f"jiayi_own_{worker}", "contract", 0.5)
    assert applications(own_database).count("applied") > 1


def two_doctors() -> tuple[UUID, list[UUID]]:
    """An application and the two doctors of its team."""
    with transaction():
        team = a_team()
        contract = an_application(team).id
        second = a_member_of_staff(Role.DOCTOR, "吴医生")
        join(second, team)
        return contract, [lead_of(team).id, second.id]


def test_of_two_doctors_accepting_at_once_one_does(apart: Flask, own_database: str) -> None:
    contract, doctors = two_doctors()
    answers = race(own_database, accept, [(doctor, contract, True) for doctor in doctors])
    assert sorted(answers) == ["accepted", "illegal-move"]
    made = db.session.get_one(contracting.Contract, contract)
    assert made.doctor_id == made.answered_by == doctors[answers.index("accepted")]


def test_without_the_lock_both_would(apart: Flask, own_database: str) -> None:
    """The negative control: it is the lock on the row that lets one see what the other did."""
    contract, doctors = two_doctors()
    answers = race(own_database, accept, [(doctor, contract, False) for doctor in doctors])
    assert answers == ["accepted", "accepted"]


def test_the_last_place_of_a_doctor_is_taken_once(
    apart: Flask, own_database: str, worker: str
) -> None:
    asked = last_place(worker)
    answers = race(own_database, confirm, asked)
    assert sorted(answers) == ["active"] + ["doctor-full"] * 7


def test_without_taking_turns_more_would_pass(apart: Flask, own_database: str, worker: str) -> None:
    """The negative control: a lock of the same name that locks nothing comes first."""
    waiting = last_place(worker)
    name = f"jiayi_own_{worker}"
    with psycopg.connect(admin_url(name)) as link:
        link.execute(
            "CREATE FUNCTION public.pg_advisory_xact_lock(bigint) RETURNS void"
            " LANGUAGE sql AS 'SELECT'"
        )
        link.execute(f"ALTER DATABASE {name} SET search_path = public, pg_catalog")
    slow_down_inserts(name, "agreement", 0.5)
    assert race(own_database, confirm, waiting).count("active") > 1


def last_place(worker: str) -> list[tuple[UUID, UUID, str, str]]:
    """Eight who are about to confirm, and one place left with their doctor."""
    with transaction():
        team = a_team()
        filled = a_contract(team).id
        waiting = [an_accepted(team) for _ in range(8)]
        asked = []
        for contract in waiting:
            text = contracting.agreement(by(resident(contract)), contract)
            assert text is not None
            asked.append((contract.resident_id, contract.id, text.version, text.sha256))
    fill(worker, filled, 1998)
    return asked


def end_or_apply(resident_id: UUID, team_id: UUID, sweeps: bool) -> str:
    """The sweep ends what is over and takes its time; meanwhile she applies again."""
    if not sweeps:
        time.sleep(0.5)
        return apply(resident_id, team_id)
    with transaction():
        ended = contracting.expire(by_itself())
        time.sleep(1.5)
        return f"{ended} ended"


def test_applying_while_the_sweep_is_at_work_ends_the_old_one_once(
    apart: Flask, own_database: str, worker: str
) -> None:
    with transaction():
        contract = a_contract()
        person, team = contract.resident_id, contract.team_id
    with psycopg.connect(admin_url(f"jiayi_own_{worker}")) as link:
        link.execute("UPDATE contract SET starts_on = '2020-01-01', ends_on = '2020-12-31'")
    answers = race(own_database, end_or_apply, [(person, team, True), (person, team, False)])
    assert answers == ["1 ended", "applied"]
    ended = db.session.query(EventRow).filter_by(name="contracting.ContractEnded")
    assert ended.count() == 1


def resident(contract: contracting.Contract) -> identity.Resident:
    return db.session.get_one(identity.Resident, contract.resident_id)


def fill(worker: str, model: UUID, copies: int) -> None:
    """Copy an active contract to as many other residents."""
    people = """
        INSERT INTO resident (id, name, id_number_sealed, id_number_index, birth_date, sex,
          verified_at)
        SELECT gen_random_uuid(), name, id_number_sealed, sha256(n::text::bytea), birth_date, sex,
          verified_at
        FROM resident, generate_series(1, %s) n
        WHERE resident.id = (SELECT resident_id FROM contract WHERE id = %s)
        RETURNING id
    """
    copy = """
        INSERT INTO contract (id, resident_id, team_id, institution_id, doctor_id, package, months,
          state, applied_at, applied_by, answered_at, answered_by, agreement_id, starts_on, ends_on)
        SELECT gen_random_uuid(), new.id, team_id, institution_id, doctor_id, package, months,
          state, applied_at, applied_by, answered_at, answered_by, agreement_id, starts_on, ends_on
        FROM contract, new WHERE contract.id = %s
    """
    with psycopg.connect(admin_url(f"jiayi_own_{worker}")) as link:
        link.execute(f"WITH new AS ({people}) {copy}", [copies, model, model])
