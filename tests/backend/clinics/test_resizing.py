"""加号, 减号: free seats go first, and nobody loses a seat, or an offer, in silence."""

from typing import Any

import pytest
from cascade_builders import Cascade, follow, load, messages
from clinic_builders import a_session, a_ward_round
from conftest import FixedClock
from people import a_member_of_staff, a_resident, by, by_itself
from sqlalchemy import update
from waiting_builders import a_full_session, entry_of, fills, gives_back, now_at, offered, waits

from backend import clinics, messaging
from backend.clinics import cascade
from backend.kernel.context import Context, Role
from backend.kernel.database import db
from backend.kernel.errors import Refusal


def numbers(session: clinics.ClinicSession) -> list[int]:
    return [seat.number for seat in clinics.seats(by_itself(), session.id)]


def crowd(story: Cascade, *seats: int) -> list[clinics.Appointment]:
    """People with these seats, beside seat 1 of the story's person."""
    return [clinics.book(by(a_resident()), story.old.id, clinics.Wish(number)) for number in seats]


def refused(story: Cascade, capacity: int, *withdrawn: Any) -> Refusal:
    with pytest.raises(Refusal) as told, db.session.begin_nested():
        cascade.resize(story.manager, story.old, capacity, withdrawn)
    db.session.refresh(story.old)
    return told.value


def test_free_seats_go_first_the_last_ones_before(app: object) -> None:
    story = Cascade(capacity=6)
    crowd(story, 6)
    cascade.resize(story.manager, story.old, 3)
    assert numbers(story.old) == [1, 2, 6]
    assert (load(story.old), story.old.capacity) == ((2, 2, 2), 3)
    cascade.resize(story.manager, story.old, 2)
    assert load(story.old) == (2, 2, 2)
    with pytest.raises(Refusal, match="session-full"):
        clinics.book(by(a_resident()), story.old.id)


def test_a_ward_round_is_given_no_seats(app: object) -> None:
    story = Cascade()
    story.old = a_ward_round(story.house)
    assert refused(story, 10).code == "never-seated"


def test_below_what_is_taken_each_booking_needs_a_decision(app: object) -> None:
    story = Cascade(capacity=5)
    others = crowd(story, 3, 5)
    told = refused(story, 1)
    assert told.code == "seats-to-decide"
    assert [(fault.pointer, fault.detail) for fault in told.faults] == [
        (f"/withdrawn/{others[0].id}", "3号"),
        (f"/withdrawn/{others[1].id}", "5号"),
    ]
    assert load(story.old) == (3, 3, 3)


def test_who_is_withdrawn_is_offered_another_seat(app: object) -> None:
    story = Cascade(capacity=3)
    others = crowd(story, 2, 3)
    soon = story.another(2)
    cascade.resize(story.manager, story.old, 1, [story.booked.id, others[1].id])
    assert (load(story.old), numbers(story.old)) == ((1, 1, 1), [2])
    assert clinics.find(by_itself(), others[0].id).state == "booked"
    follow()
    assert load(soon) == (2, 2, 2)
    assert messages()["alternative_offered"] == 2


@pytest.mark.parametrize("extra", [True, False])
def test_as_many_as_are_too_many_and_no_more(app: object, extra: bool) -> None:
    story = Cascade(capacity=2)
    (other,) = crowd(story, 2)
    stranger = clinics.book(by(a_resident()), a_session().id)
    wrong = [story.booked.id, other.id] if extra else [stranger.id]
    assert refused(story, 1, *wrong).code == "seats-to-decide"


def test_nobody_is_withdrawn_where_free_seats_suffice(app: object) -> None:
    story = Cascade(capacity=5)
    assert "空号已经够减" in refused(story, 2, story.booked.id).detail


def test_a_hold_that_nobody_confirmed_yet_is_decided_on_too(app: object) -> None:
    story = Cascade(capacity=2)
    held = clinics.book(by(a_resident()), story.old.id, only_hold=True)
    cascade.resize(story.manager, story.old, 1, [held.id])
    follow()
    assert load(story.old) == (1, 1, 1)
    assert messages()["displaced_waiting"] == 0


def test_new_seats_are_at_the_end_by_the_quotas_of_the_region(app: object) -> None:
    story = Cascade(capacity=5)
    before = clinics.seats(by_itself(), story.old.id)[-1]
    cascade.resize(story.manager, story.old, 15)
    seats = clinics.seats(by_itself(), story.old.id)
    assert [seat.number for seat in seats] == list(range(1, 16))
    new = seats[5:]
    assert {(seat.starts_at, seat.ends_at) for seat in new} == {(before.starts_at, before.ends_at)}
    assert [seat.quota for seat in new[:4]] == ["referral", "family_doctor", "signed", "signed"]
    assert load(story.old) == (1, 1, 1)


def test_what_was_removed_comes_back_first(app: object) -> None:
    story = Cascade(capacity=5)
    cascade.resize(story.manager, story.old, 2)
    cascade.resize(story.manager, story.old, 4)
    assert numbers(story.old) == [1, 2, 3, 4]
    assert clinics.book(by(a_resident()), story.old.id, clinics.Wish(4)).seat_number == 4


def test_new_seats_are_first_theirs_who_wait(app: object) -> None:
    story = Cascade(capacity=1)
    waiting = a_resident()
    clinics.join(by(waiting), clinics.Target(session_id=story.old.id))
    of = clinics.Seat.session_id == story.old.id
    db.session.execute(update(clinics.Seat).where(of).values(quota=clinics.Quota.OPEN))
    cascade.resize(story.manager, story.old, 2)
    with pytest.raises(Refusal, match="not-released"):
        clinics.book(by(a_resident()), story.old.id)


@pytest.mark.parametrize("change", [0, 1])
def test_only_what_is_to_come_and_changes(app: object, clock: FixedClock, change: int) -> None:
    story = Cascade()
    assert refused(story, 20).code == "no-change"
    clock.at = story.old.starts_at
    assert refused(story, 20 + change).code == "past"
    story.close()
    assert refused(story, 21).code == "session-cancelled"


def an_offered_seat() -> tuple[clinics.ClinicSession, clinics.Place, Context]:
    """Somebody waits and is offered the seat that one of three gave back; the house's manager."""
    session, (leaver, *_) = a_full_session(seats=3)
    boss = a_member_of_staff(Role.MANAGER, "钱主任", session.institution_id)
    place = waits(session)
    gives_back(leaver)
    fills()
    assert now_at(place).state == "offered"
    ctx = by(boss)
    return clinics.session_of_house(ctx, session.id), place, ctx


def test_whose_offered_seat_is_removed_waits_again_at_the_old_place(app: object) -> None:
    session, place, boss = an_offered_seat()
    behind = waits(session)
    clinics.cascade.resize(boss, session, 2, [offered(place).id])
    assert (now_at(place).state, now_at(behind).state) == ("waiting", "waiting")
    assert (entry_of(place).lapses, entry_of(place).ended_at) == (0, None)
    clinics.cascade.resize(boss, session, 3)
    fills()
    assert (now_at(place).state, now_at(behind).state) == ("offered", "waiting")


def test_whose_offered_session_is_not_held_is_told_so(app: object) -> None:
    session, place, boss = an_offered_seat()
    clinics.cancel_session(boss, session, "停诊")
    assert now_at(place).state == "waiting"
    follow()
    assert (now_at(place).state, entry_of(place).end_reason) == ("over", "session_cancelled")
    assert messages(messaging.MessageKind.SESSION_CHANGED) == {"session_changed": 1}


def test_who_waits_for_any_session_waits_on_without_the_one_that_is_not_held(app: object) -> None:
    session, (leaver,) = a_full_session()
    person = a_resident()
    target = clinics.Target(
        specialty=session.specialty, institution_ids=[session.institution_id], until=session.day
    )
    place = clinics.join(by(person), target)
    gives_back(leaver)
    fills()
    boss = by(a_member_of_staff(Role.MANAGER, "钱主任", session.institution_id))
    clinics.cancel_session(boss, clinics.session_of_house(boss, session.id), "停诊")
    follow()
    assert (now_at(place).state, offered(place).state) == ("waiting", "withdrawn")
    clinics.leave(by(person), clinics.waiting_entry(by(person), place.id))
    assert now_at(place).state == "left"
