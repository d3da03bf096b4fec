"""Many messages queued by one statement are what as many calls of `queue` would have made."""

from datetime import timedelta

import pytest
from flask import Flask
from message_builders import a_message, messages_about
from people import a_resident, by_itself

from backend import identity, messaging
from backend.kernel.database import db
from backend.kernel.ids import new_id
from backend.messaging import Message, MessageKind, Planned, State

KIND = MessageKind.FOLLOW_UP_DUE
OWN = {"id", "subject_id", "to_resident_id", "collapse_key", "page", "next_at"}


def planned(*residents: identity.Resident, occasion: str = "due") -> list[Message]:
    due = by_itself().at + timedelta(days=3)
    rows = [Planned(one.id, new_id(), due) for one in residents]
    messaging.plan(by_itself(), KIND, occasion, rows)
    return [message for row in rows for message in messages_about(row.subject_id)]


def test_it_is_the_message_that_queue_would_have_made(app: Flask) -> None:
    resident = a_resident()
    (many,) = planned(resident)
    one = a_message(resident, KIND, occasion="due", due=by_itself().at + timedelta(days=3))
    names = {column.name for column in Message.__table__.columns} - OWN
    assert {name: getattr(many, name) for name in names} == {
        name: getattr(one, name) for name in names
    }
    assert many.page == one.page.replace(str(one.subject_id), str(many.subject_id))
    assert many.collapse_key == f"follow_up:{many.subject_id}"


def test_again_adds_nothing_and_another_occasion_replaces(app: Flask) -> None:
    row = Planned(a_resident().id, new_id(), by_itself().at)
    assert [messaging.plan(by_itself(), KIND, "due", [row]) for _ in range(2)] == [1, 0]
    assert messaging.plan(by_itself(), KIND, "due again", [row]) == 1
    first, second = messages_about(row.subject_id)
    db.session.expire_all()
    assert (first.state, second.state) == (State.WITHDRAWN, State.QUEUED)


def test_nobody_who_left_is_planned_for(app: Flask) -> None:
    gone, here = a_resident(), a_resident()
    gone.restricted_at = by_itself().at
    db.session.flush()
    assert [one.to_resident_id for one in planned(gone, here)] == [here.id]


def test_too_many_at_once_are_refused(app: Flask) -> None:
    row = Planned(new_id(), new_id(), by_itself().at)
    with pytest.raises(ValueError, match="at most"):
        messaging.plan(by_itself(), KIND, "due", [row] * 10_001)
