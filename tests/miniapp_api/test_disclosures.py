"""Every answer that shows a resident to somebody else is written down, or it is not given."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from conftest import MORNING, environment
from databases import admin_url
from flask import Flask
from followup_builders import a_due_patient, a_patient, a_signed_resident, leave, sign
from people import Http, a_resident, by_itself, headers_of
from sqlalchemy import select

from backend.assembly import release
from backend.kernel.clock import FixedClock
from backend.kernel.database import db
from backend.kernel.disclosures import disclosure
from backend.kernel.ids import new_id
from backend.kernel.relations import Kind, Kinship, Relation, relate
from backend.kernel.transaction import transaction
from config.settings import Settings
from miniapp_api.application import create_app
from miniapp_api.shown import known_operation

ENROLMENT = {"diagnosed_on": "2020-05-06"}
KEYED = {"headers": {"Idempotency-Key": "one-enrolment"}}


def told() -> list[Any]:
    """What the log holds, in order."""
    rows = select(disclosure).order_by(disclosure.c.recorded_at, disclosure.c.id)
    return list(db.session.execute(rows))


def a_son_of(mother: Any, scopes: str = "book,results") -> Any:
    """Her son, who may act for her."""
    son = a_resident("王小明")
    relate(
        by_itself(),
        mother.id,
        son.id,
        Kind.PROXY,
        source_id=new_id(),
        scope=scopes,
        kinship=Kinship.SON,
    )
    return son


def test_a_row_says_who_where_what_and_why(http: Http, clock: FixedClock) -> None:
    patient = a_due_patient(clock)
    path = f"/doctor/follow-ups/{patient.visit.id}"
    assert http("GET", path, patient.doctor).status_code == 200
    (row,) = told()
    assert (row.actor_id, row.actor_role) == (patient.doctor.id, "doctor")
    assert (row.institution_id, row.resident_ids) == (
        patient.doctor.institution_id,
        [patient.resident_id],
    )
    assert (row.operation, row.refusal, row.reasons) == ("doctor.followups.task", None, ["signed"])
    assert row.session_id is not None
    operation = known_operation(row.operation)
    assert operation is not None
    assert (operation.words, operation.changes) == ("随访详情", False)


def test_an_act_that_ends_the_relation_was_done_within_it(http: Http) -> None:
    patient = a_patient()
    body = {"obstacle": "moved", "way": 3, "ends_programme": True}
    path = f"/doctor/follow-ups/{patient.visit.id}/attempt"
    answer = http("POST", path, patient.doctor, json=body)
    assert answer.status_code == 200
    assert "signed" in told()[-1].reasons[0]


def test_a_list_names_everybody_on_it_once(http: Http) -> None:
    patient = a_signed_resident()
    other = a_resident("李秀英")
    sign(other, patient.team, patient.doctor)
    a_signed_resident("他队居民")
    http("GET", "/doctor/residents", patient.doctor)
    (row,) = told()
    assert row.resident_ids == sorted([patient.resident_id, other.id])
    assert ["signed" in reason for reason in row.reasons] == [True, True]


def test_a_refusal_after_the_record_was_looked_at_tells_something(http: Http) -> None:
    patient = a_patient()
    good = {"way": 1, "systolic": 128, "diastolic": 82}
    path = f"/doctor/follow-ups/{patient.visit.id}/result"
    assert http("POST", path, patient.doctor, json=good).status_code == 200
    before = len(told())
    assert http("POST", path, patient.doctor, json=good).status_code == 409
    row = told()[-1]
    assert len(told()) == before + 1
    assert (row.refusal, row.resident_ids) == ("illegal-move", [patient.resident_id])


def test_a_refusal_that_looked_at_nobody_tells_nothing(http: Http) -> None:
    patient, stranger = a_patient(), a_signed_resident().doctor
    path = f"/doctor/follow-ups/{patient.visit.id}"
    assert http("GET", path, stranger).status_code == 404
    wrong = http("POST", f"{path}/result", patient.doctor, json={})
    assert (wrong.status_code, told()) == (422, [])


def test_a_proxys_reading_is_a_disclosure_to_the_proxy(http: Http) -> None:
    patient = a_patient()
    son = a_son_of(patient.resident)
    assert http("GET", "/resident/follow-ups", patient.resident).status_code == 200
    assert told() == []
    answer = http("GET", "/resident/follow-ups", son, on_behalf_of=patient.resident)
    assert (answer.status_code, answer.headers["Jiayi-Acting"]) == (200, "proxy")
    (row,) = told()
    assert (row.actor_role, row.resident_ids) == ("resident", [patient.resident_id])
    assert row.reasons == ["proxy:son"]


def test_what_a_proxy_is_refused_may_tell_as_well(http: Http) -> None:
    patient = a_patient()
    son = a_son_of(patient.resident, "book")
    body = {"systolic": 130, "diastolic": 80}
    path = f"/resident/follow-ups/{patient.visit.id}/answer"
    answer = http("POST", path, son, on_behalf_of=patient.resident, json=body)
    if answer.status_code >= 400:
        assert told()[-1].refusal is not None
    assert told()[-1].resident_ids == [patient.resident_id]


@pytest.mark.parametrize("path", ["me", "me/sessions", "subscriptions"])
def test_what_is_of_the_holder_shows_nobody_else(http: Http, path: str) -> None:
    mother = a_resident()
    son = a_son_of(mother)
    answer = http("GET", f"/resident/{path}", son, on_behalf_of=mother)
    assert (answer.status_code, answer.headers["Jiayi-Acting"]) == (200, "self")
    assert answer.headers["Jiayi-Person"] == str(son.id)
    assert told() == []


def test_a_replay_is_written_down_again(http: Http) -> None:
    patient = a_signed_resident()
    path = f"/doctor/residents/{patient.resident_id}/enrolments"
    first = http("POST", path, patient.doctor, json=ENROLMENT, **KEYED)
    again = http("POST", path, patient.doctor, json=ENROLMENT, **KEYED)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert [row.resident_ids for row in told()] == [[patient.resident_id]] * 2


def test_whoever_has_no_relation_any_more_gets_no_replay(http: Http) -> None:
    patient = a_signed_resident()
    path = f"/doctor/residents/{patient.resident_id}/enrolments"
    assert http("POST", path, patient.doctor, json=ENROLMENT, **KEYED).status_code == 201
    leave(patient)
    again = http("POST", path, patient.doctor, json=ENROLMENT, **KEYED)
    assert (again.status_code, "Idempotency-Replayed" in again.headers) == (404, False)
    assert len(told()) == 1


@pytest.fixture
def live(own_database: str, tmp_path: Path) -> Iterator[Flask]:
    app = create_app(Settings.from_env(environment(own_database, tmp_path)), FixedClock(MORNING))
    with app.app_context():
        yield app
        db.session.remove()
    release(app)


@pytest.mark.parametrize("table", ["disclosure", "disclosure_unsealed"])
def test_a_reading_that_cannot_be_written_down_is_not_given(
    live: Flask, own_database: str, table: str
) -> None:
    with transaction():
        patient = a_patient()
        headers, name = headers_of(patient.doctor), patient.resident.name
        path = f"/api/v1/doctor/follow-ups/{patient.visit.id}"
    assert name in live.test_client().get(path, headers=headers).text
    with psycopg.connect(admin_url(urlsplit(own_database).path.strip("/"))) as link:
        link.execute(f"REVOKE INSERT ON {table} FROM jiayi_app")  # type: ignore[arg-type]
    refused = live.test_client().get(path, headers=headers)
    assert refused.status_code >= 500
    assert name not in refused.text
    assert str(patient.resident_id) not in refused.text


def test_a_refusal_that_cannot_be_written_down_is_not_given_either(
    live: Flask, own_database: str
) -> None:
    with transaction():
        patient = a_patient()
        headers = headers_of(patient.nurse)
        path = f"/api/v1/doctor/follow-ups/{patient.visit.id}/acknowledgement"
    assert live.test_client().post(path, headers=headers).status_code == 409
    with psycopg.connect(admin_url(urlsplit(own_database).path.strip("/"))) as link:
        link.execute("REVOKE INSERT ON disclosure FROM jiayi_app")
    refused = live.test_client().post(path, headers=headers)
    assert (refused.status_code, "illegal-move" in refused.text) == (500, False)


def test_relations_of_the_moment_are_the_reason(http: Http, clock: FixedClock) -> None:
    patient = a_due_patient(clock)
    relate(
        by_itself(),
        patient.resident_id,
        patient.doctor.id,
        Kind.EMERGENCY,
        source_id=patient.team.id,
    )
    http("GET", f"/doctor/follow-ups/{patient.visit.id}", patient.doctor)
    assert told()[-1].reasons == [f"emergency:{patient.team.id},signed"]
    db.session.query(Relation).filter_by(kind=Kind.EMERGENCY).delete()
