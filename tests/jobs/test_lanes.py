"""A channel that is down is left alone and tried again; it stops no other; a bad row stops none."""

import threading
from typing import Any

import pytest
from flask import Flask
from processes import eventually
from sending import Outside
from sqlalchemy.exc import IntegrityError

from backend import messaging
from backend.kernel import entry
from backend.kernel.transaction import transaction
from jobs import breaker
from jobs.breaker import Breaker, BreakerState


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A breaker that opens for a tenth of a second."""
    monkeypatch.setattr(breaker, "SHORTEST_S", 0.1)


def test_a_breaker_opens_after_a_row_of_failures_and_ever_longer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 0.0
    monkeypatch.setattr(breaker.time, "monotonic", lambda: now)
    one = Breaker()
    for _ in range(breaker.FAILURES):
        assert one.state is BreakerState.CLOSED
        one.failed()
    for pause in (2, 4, 8, 16, 30, 30):
        assert one.state is BreakerState.OPEN
        one.failed()
        now += pause - 0.1
        assert one.state is BreakerState.OPEN
        now += 0.2
        assert one.state is BreakerState.HALF_OPEN
        one.failed()
    now += 31
    one.answered()
    assert one.state is BreakerState.CLOSED
    assert (one.failures, one.pause_s) == (0, 0.0)


@pytest.mark.usefixtures("quick")
def test_while_wechat_answers_nonsense_few_are_in_doubt_and_the_others_go_later(
    world: Outside,
) -> None:
    world.burst(40)
    world.simulator.fault("http500", times=1000)
    world.start(SENDER_CONCURRENCY="4")
    assert eventually(lambda: world.states()["unknown"] >= breaker.FAILURES)
    world.simulator.control("DELETE", "faults")
    assert world.settled()
    states = world.states()
    assert states["unknown"] <= 2 * breaker.FAILURES + 4
    assert states["sent"] == 40 - states["unknown"] == len(world.simulator.messages())


def test_how_the_lanes_stand_is_told(world: Outside) -> None:
    world.start(WECHAT_BASE_URL="http://127.0.0.1:9")
    assert eventually(lambda: len(world.sql("SELECT lane FROM sending_lane")) == 2)
    with world.app.app_context():
        stand = messaging.lane_numbers()
    assert stand == {("sms", "closed"): 1, ("wechat", "closed"): 1}


def test_a_result_that_cannot_be_written_is_settled_alone(world: Outside) -> None:
    bad, *_ = world.burst(12)
    world.administer(f"""
        CREATE FUNCTION poison() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
          IF NEW.state = 'sent' AND NEW.id = '{bad}' THEN RAISE 'poison'; END IF;
          RETURN NEW;
        END $$;
        CREATE TRIGGER poison BEFORE UPDATE ON message
          FOR EACH ROW EXECUTE FUNCTION poison()""")
    world.start()
    assert world.settled()
    assert world.rows("state, reason")[0] == ("unknown", "defect")
    assert world.states() == {"unknown": 1, "sent": 11}


def test_two_claims_of_one_account_cannot_both_hold_it(world: Outside) -> None:
    world.burst(1, each=2)
    assert set(_two_claims(world)) == {"IntegrityError", 1}


def test_without_the_unique_index_they_would(world: Outside) -> None:
    """The negative control: two calls for one person at the same moment, which WeChat refuses."""
    world.burst(1, each=2)
    world.administer("DROP INDEX uq_message_in_flight")
    assert _two_claims(world) == [1, 1]
    assert world.sql("SELECT count(*) FROM message WHERE state = 'sending'") == [(2,)]


def _two_claims(world: Outside) -> list[Any]:
    """The second begins before the first has committed; the send fence knows its database."""
    with world.app.app_context(), transaction():
        messaging.fence.is_up(entry.now())
    claimed, over = threading.Event(), threading.Event()
    found: list[Any] = []

    def claim(app: Flask, *, first: bool) -> None:
        try:
            with app.app_context(), transaction():
                many = len(messaging.claim(entry.now(), "s1" if first else "s2", 1))
                if first:
                    claimed.set()
                    over.wait(0.5)
            found.append(many)
        except IntegrityError:
            found.append("IntegrityError")

    one = threading.Thread(target=claim, args=(world.app,), kwargs={"first": True})
    one.start()
    claimed.wait(10)
    claim(world.assemble(), first=False)
    over.set()
    one.join()
    return found
