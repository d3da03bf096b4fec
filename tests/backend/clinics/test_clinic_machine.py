"""A whole clinic under any sequence of acts: nothing is oversold, lost or counted twice."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from clinic_builders import a_roster, a_session, at
from clinic_database import managing
from conftest import MORNING, FixedClock
from flask import Flask
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from people import a_resident, by, by_itself
from sqlalchemy import text

from backend import clinics
from backend.clinics import giving_back
from backend.kernel import entry
from backend.kernel.database import db
from backend.kernel.errors import Refusal
from backend.kernel.transaction import transaction
from jobs import clinics as jobs

PEOPLE, SEATS = 4, 3
SOMEBODY = st.integers(0, PEOPLE - 1)
SOMEWHERE = st.integers(0, 2)
FALSE = """
SELECT s.id FROM clinic_session s WHERE s.id = ANY (:sessions) AND (
  s.taken NOT BETWEEN 0 AND s.capacity
  OR s.taken <> (SELECT count(*) FROM booking b WHERE b.session_id = s.id AND b.ended_at IS NULL)
  OR s.state = 'cancelled' AND EXISTS (
    SELECT FROM clinic_seat WHERE session_id = s.id AND is_free)
  OR EXISTS (
    SELECT FROM clinic_seat c WHERE c.session_id = s.id AND c.is_free AND EXISTS (
      SELECT FROM booking b WHERE b.session_id = s.id AND b.seat_number = c.number
      AND b.ended_at IS NULL))
  OR s.state = 'open' AND (SELECT count(*) FROM clinic_seat c WHERE c.session_id = s.id
      AND NOT c.is_free) <> s.taken
)
"""
DOUBLED = """
SELECT a.id FROM booking a JOIN booking b ON a.resident_id = b.resident_id AND a.id < b.id
WHERE a.ended_at IS NULL AND b.ended_at IS NULL AND (a.session_id = b.session_id
  OR tstzrange(a.starts_at, a.ends_at) && tstzrange(b.starts_at, b.ends_at))
"""
UNRELATED = """
SELECT b.id FROM booking b
WHERE b.session_id = ANY (:sessions) AND (b.state = 'booked') <> EXISTS (
  SELECT FROM relation r WHERE r.source_id = b.id AND r.kind = 'booked'
  AND (r.valid_until IS NULL OR r.valid_until > :at)) AND b.starts_at > :at
"""


class Clinic(RuleBasedStateMachine):
    """Three sessions of three seats, two of them at the same hour, and four people."""

    clock: FixedClock

    @initialize()
    def opens(self) -> None:
        """The sessions of two days from now, and who may want them."""
        self.clock.at = MORNING
        nine = at(entry.moment(), days=2, hour=9)
        hours = (nine, nine, nine + timedelta(hours=4))
        self.sessions = [a_session(a_roster(), starts_at=hour, capacity=SEATS) for hour in hours]
        self.people = [a_resident() for _ in range(PEOPLE)]
        db.session.commit()

    @rule(who=SOMEBODY, where=SOMEWHERE, only_hold=st.booleans())
    def books(self, who: int, where: int, only_hold: bool) -> None:
        """Or is refused."""
        wanted = self.sessions[where].id
        self._try(lambda: clinics.book(self._as(who), wanted, only_hold=only_hold))

    @rule(who=SOMEBODY, where=SOMEWHERE, number=st.integers(1, SEATS))
    def chooses(self, who: int, where: int, number: int) -> None:
        """A seat by its number."""
        wish = clinics.Wish(number)
        self._try(lambda: clinics.book(self._as(who), self.sessions[where].id, wish))

    @rule(who=SOMEBODY, act=st.sampled_from([clinics.confirm, clinics.decline, clinics.cancel]))
    def answers(self, who: int, act: Callable[..., Any]) -> None:
        """The newest booking is confirmed, declined or given back; perhaps again."""
        newest = self._newest_of(who)
        if newest is not None:
            self._try(lambda: act(self._as(who), clinics.hold(self._as(who), newest)))

    @rule(who=SOMEBODY, where=SOMEWHERE)
    def moves(self, who: int, where: int) -> None:
        """The newest booking goes to another session, or stays."""
        newest, wanted = self._newest_of(who), self.sessions[where].id
        if newest is not None:
            self._try(lambda: self._move(who, newest, wanted))

    @rule(who=SOMEBODY, where=SOMEWHERE)
    def joins(self, who: int, where: int) -> None:
        """The waiting list, where nothing is left."""
        target = clinics.Target(session_id=self.sessions[where].id)
        self._try(lambda: clinics.join(self._as(who), target))

    @rule()
    def is_filled(self) -> None:
        """Whoever waits is offered what is free."""
        jobs.fill_waiting()

    @rule(minutes=st.sampled_from([1, 6, 120, 60 * 24]))
    def waits(self, minutes: int) -> None:
        """Time goes by, and offers run out."""
        self.clock.at += timedelta(minutes=minutes)
        self._try(lambda: clinics.lapse(by_itself()))

    @rule(where=SOMEWHERE)
    def is_cancelled(self, where: int) -> None:
        """停诊."""
        house = self.sessions[where].institution_id
        self._try(lambda: self._cancel(where, house))

    @invariant()
    def nothing_is_false(self) -> None:
        """Counters, seats and bookings tell one story."""
        told = {"sessions": [session.id for session in self.sessions], "at": self.clock.now()}
        for claim in (FALSE, DOUBLED, UNRELATED):
            assert db.session.execute(text(claim), told).all() == [], claim

    def _as(self, who: int) -> Any:
        return by(self.people[who])

    def _newest_of(self, who: int) -> UUID | None:
        found = text("SELECT id FROM booking WHERE resident_id = :who ORDER BY id DESC LIMIT 1")
        newest: UUID | None = db.session.execute(found, {"who": self.people[who].id}).scalar()
        return newest

    def _move(self, who: int, booking_id: UUID, wanted: UUID) -> None:
        booking = clinics.hold(self._as(who), booking_id)
        clinics.move(self._as(who), booking, wanted, clinics.Wish())

    def _cancel(self, where: int, house: UUID) -> None:
        manager = managing(house)
        session = clinics.session_of_house(manager, self.sessions[where].id)
        clinics.cancel_session(manager, session, "专家临时有急诊手术")

    @staticmethod
    def _try(act: Callable[[], Any]) -> None:
        try:
            with transaction():
                act()
        except Refusal:
            db.session.expire_all()


def play(examples: int, steps: int) -> None:
    """So many clinics, each with so many acts at most."""
    run_state_machine_as_test(
        Clinic,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            derandomize=True,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.parametrize(
    ("examples", "steps"), [(12, 20), pytest.param(60, 40, marks=pytest.mark.full)]
)
def test_no_sequence_of_acts_makes_the_clinic_false(
    app: Flask, clock: FixedClock, examples: int, steps: int
) -> None:
    Clinic.clock = clock
    play(examples, steps)


def test_a_seat_that_is_not_freed_is_found(
    app: Flask, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control."""
    Clinic.clock = clock
    monkeypatch.setattr(giving_back, "free_seat", lambda *_: None)
    with pytest.raises((AssertionError, ExceptionGroup)):
        play(12, 20)
