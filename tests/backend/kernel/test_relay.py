"""Events are delivered to each reaction, again after a failure, and set aside when poisonous."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

import pytest
from flask import Flask
from people import by_itself
from sqlalchemy import select, text

from backend.kernel import events, relay
from backend.kernel.context import Context
from backend.kernel.database import db
from backend.kernel.events import Delivery, DeliveryState, EventRow, decode, encode, record
from backend.kernel.ids import new_id


class Fruit(StrEnum):
    PEAR = "pear"


@dataclass(frozen=True)
class Rung(events.Event):
    """A bell, made up for these tests."""

    bell_id: UUID
    on: date
    fruit: Fruit = Fruit.PEAR
    at: datetime | None = None
    others: tuple[UUID, ...] = ()


Rung.__module__ = "backend.bells.events"
heard: list[UUID] = []
failures: list[Exception] = []


def hear(_ctx: Context, event: Rung) -> None:
    if failures:
        raise failures[0]
    heard.append(event.bell_id)


hear.__module__ = "backend.bells.service"


@pytest.fixture
def bell(app: Flask) -> Iterator[Rung]:
    before = app.extensions["reactions"]
    events.bind(app, {Rung: [hear]})
    heard.clear()
    failures.clear()
    yield Rung(new_id(), date(2026, 11, 23), others=(new_id(), new_id()))
    app.extensions["reactions"] = before


def deliver() -> int:
    return relay.deliver(by_itself)


def delivery() -> Delivery:
    db.session.expire_all()
    return db.session.execute(select(Delivery)).scalar_one()


def test_an_event_survives_its_journey_through_json(bell: Rung) -> None:
    assert decode(Rung.name, encode(bell)) == bell


def test_an_event_is_delivered_once(bell: Rung) -> None:
    record(by_itself(), bell)
    assert deliver() == 1
    assert heard == [bell.bell_id]
    assert deliver() == 0
    assert delivery().state is DeliveryState.DONE


def test_an_event_nobody_reacts_to_leaves_no_delivery(app: Flask) -> None:
    record(by_itself(), Rung(new_id(), date(2026, 11, 23)))
    assert db.session.execute(select(Delivery)).first() is None
    assert db.session.execute(select(EventRow.name)).scalar_one() == Rung.name


def test_a_failed_reaction_is_tried_again_later(bell: Rung) -> None:
    record(by_itself(), bell)
    failures.append(RuntimeError("not now"))
    deliver()
    waiting = delivery()
    assert (waiting.state, waiting.attempts) == (DeliveryState.PENDING, 1)
    assert waiting.error == "RuntimeError"
    failures.clear()
    assert deliver() == 0
    due_now()
    deliver()
    assert heard == [bell.bell_id]


def test_a_poison_event_is_set_aside_and_blocks_nobody(bell: Rung) -> None:
    record(by_itself(), bell)
    failures.append(RuntimeError("never"))
    for _ in range(relay.ATTEMPTS):
        due_now()
        deliver()
    assert delivery().state is DeliveryState.QUARANTINED
    assert relay.quarantined() == 1
    failures.clear()
    healthy = Rung(new_id(), date(2026, 11, 24))
    record(by_itself(), healthy)
    deliver()
    assert heard == [healthy.bell_id]


def test_a_reaction_that_breaks_the_database_fails_alone(bell: Rung, app: Flask) -> None:
    def breaks(_ctx: Context, _event: Rung) -> None:
        db.session.execute(text("INSERT INTO tick (job, slot) VALUES (NULL, NULL)"))

    breaks.__module__ = "backend.bells.service"
    events.bind(app, {Rung: [breaks, hear]})
    record(by_itself(), bell)
    assert deliver() == 2
    assert heard == [bell.bell_id]


def due_now() -> None:
    db.session.execute(text("UPDATE delivery SET next_at = now() WHERE state = 'pending'"))
