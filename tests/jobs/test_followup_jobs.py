"""The sweeps: twice, late, side by side, and past a follow-up that fails."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from conftest import environment
from databases import admin_url
from flask import Flask
from followup_builders import a_due_patient, a_patient, completed, go_to, happened
from message_builders import messages_about
from people import by, by_itself
from races import race

from backend import followups
from backend.assembly import assemble
from backend.followups import State
from backend.kernel import relay
from backend.kernel.clock import FixedClock
from backend.kernel.database import db
from backend.kernel.lifecycle import IllegalMove
from backend.kernel.transaction import transaction
from config.settings import Settings
from jobs.followups import escalate_unanswered, remind_due, report_overdue


def test_reminding_twice_changes_nothing(app: Flask, clock: FixedClock) -> None:
    patient = a_patient()
    db.session.commit()
    assert remind_due() == 0
    go_to(clock, patient.visit.due_on - timedelta(days=7))
    assert [remind_due(), remind_due()] == [1, 0]
    assert happened(patient).count("FollowUpFellDue") == 1


def test_reminding_late_loses_nothing(app: Flask, clock: FixedClock) -> None:
    patient = a_patient()
    db.session.commit()
    go_to(clock, patient.visit.due_on + timedelta(days=1))
    assert remind_due() == 1
    assert patient.visit.state is State.DUE


def test_escalating_twice_or_a_day_late_tells_the_lead_once(app: Flask, clock: FixedClock) -> None:
    patient = a_due_patient(clock)
    db.session.commit()
    assert escalate_unanswered() == 0
    clock.at = patient.visit.answer_by + timedelta(days=1)
    assert [escalate_unanswered(), escalate_unanswered()] == [1, 0]
    assert happened(patient).count("FollowUpEscalated") == 1


def test_what_stays_open_long_after_its_day_is_put_to_the_lead_once(
    app: Flask, clock: FixedClock
) -> None:
    patient = a_due_patient(clock)
    followups.acknowledge(by(patient.nurse), patient.visit)
    lead_id = patient.lead.id
    db.session.commit()
    go_to(clock, patient.visit.due_on + timedelta(days=7))
    assert report_overdue() == 0
    go_to(clock, patient.visit.due_on + timedelta(days=8))
    assert [report_overdue(), report_overdue()] == [1, 0]
    assert happened(patient).count("FollowUpOverdue") == 1
    while relay.deliver(by_itself):
        pass
    told = [row for row in messages_about(patient.visit.id) if row.kind == "follow_up_overdue"]
    assert [(row.to_staff_id, row.state) for row in told] == [(lead_id, "queued")]


def test_what_was_done_meanwhile_is_not_put_to_the_lead(app: Flask, clock: FixedClock) -> None:
    patient = a_due_patient(clock)
    visit = patient.visit
    followups.acknowledge(by(patient.nurse), visit)
    go_to(clock, visit.due_on + timedelta(days=8))
    completed(patient, 128, 82)
    with pytest.raises(IllegalMove):
        followups.report_overdue(by_itself(), visit)
    late = followups.FollowUpOverdue(visit.resident_id, visit.id, patient.lead.id, visit.due_on)
    followups.tell_overdue(by_itself(), late)
    assert messages_about(visit.id) == []


LONG_AGO = date(2026, 1, 5)


@pytest.fixture
def three_due(own_database: str, clock: FixedClock, tmp_path: Path) -> Iterator[list[UUID]]:
    """Three follow-ups long due, committed in a database of their own."""
    app = assemble(Settings.from_env(environment(own_database, tmp_path)), FixedClock(clock.at))
    with app.app_context():
        with transaction():
            patients = [a_patient() for _ in range(3)]
            for patient in patients:
                patient.visit.due_on = LONG_AGO
            ids = [patient.visit.id for patient in patients]
        yield ids
        db.session.remove()
        db.engine.dispose()


def test_one_that_fails_does_not_stop_the_others(three_due: list[UUID], worker: str) -> None:
    bad = three_due[0]
    with psycopg.connect(admin_url(f"jiayi_own_{worker}"), autocommit=True) as link:
        link.execute(
            "ALTER TABLE followup ADD CONSTRAINT ck_followup_bad"  # type: ignore[arg-type]
            f" CHECK (id <> '{bad}' OR state = 'scheduled')"
        )
        assert remind_due() == 2
        assert followups.due(by_itself()) == [bad]
        assert followups.due(by_itself(), {bad}) == []
        db.session.remove()
        link.execute("ALTER TABLE followup DROP CONSTRAINT ck_followup_bad")
    assert remind_due() == 1


def test_sweeps_side_by_side_tell_each_once(three_due: list[UUID], own_database: str) -> None:
    assert sum(race(own_database, remind_due, [()] * 4)) == 3
