"""停诊: what a person who lost a seat can answer, on the own phone or to the desk that calls."""

import time
from datetime import timedelta

import pytest
from cascade_builders import Cascade, follow, load, look_again, messages
from clinic_builders import a_roster, a_session
from conftest import FixedClock
from contract_builders import a_centre
from day_builders import claim_of
from family_builders import a_relative, acting_for
from people import a_member_of_staff, a_resident, by, by_itself
from sqlalchemy import func, select, text
from waiting_builders import a_full_session, fills, gives_back, now_at, waits

from backend import clinics
from backend.kernel import entry
from backend.kernel.context import Role, Scope
from backend.kernel.database import db
from backend.kernel.errors import Forbidden, NotFound, Refusal
from backend.kernel.lifecycle import IllegalMove
from backend.kernel.paging import Wanted


def test_accepting_takes_the_seat_and_the_person_off_the_list(app: object) -> None:
    story = Cascade()
    soon = story.another(2)
    story.close()
    kept = story.offer()
    assert kept is not None
    assert len(waiting(story)) == 1
    taken = clinics.confirm(story.me, clinics.hold(story.me, kept.id))
    assert (taken.state, story.row().state) == ("booked", "took_offer")
    assert waiting(story) == []
    assert load(soon) == (1, 1, 1)


def waiting(story: Cascade) -> list[clinics.cascade.Displaced]:
    return list(clinics.cascade.displaced(story.desk, Wanted()).items)


def test_declining_frees_the_seat_and_ends_it(app: object) -> None:
    story = Cascade()
    soon = story.another(2)
    story.close()
    kept = story.offer()
    assert kept is not None
    clinics.decline(story.me, clinics.hold(story.me, kept.id))
    assert story.row().state == "did_without"
    assert load(soon) == (0, 0, 0)
    assert look_again() == 0


def test_what_runs_out_stays_open_and_is_not_kept_again(app: object, clock: FixedClock) -> None:
    story = Cascade()
    story.another(4)
    story.close()
    kept = story.offer()
    assert kept is not None
    assert kept.held_until is not None
    clock.at = kept.held_until
    assert clinics.lapse(by_itself()) == 1
    assert (story.row().state, story.offer()) == ("awaited", None)
    look_again()
    follow()
    assert story.offer() is None
    assert messages()["displaced_waiting"] == 1
    new = story.another(6)
    clock.at += timedelta(minutes=5)
    look_again()
    again = story.offer()
    assert again is not None
    assert again.session_id == new.id


def test_another_seat_is_chosen_in_one_act(app: object) -> None:
    story = Cascade()
    soon, later = story.another(2), story.another(5)
    story.close()
    shown = clinics.cascade.choose(story.me, story.hold(), later.id, clinics.Wish(3))
    assert (shown.state, shown.offer and shown.offer.seat_number) == ("took_other", 3)
    assert (load(soon), load(later)) == ((0, 0, 0), (1, 1, 1))
    with pytest.raises(IllegalMove):
        clinics.cascade.choose(story.me, story.hold(), soon.id, clinics.Wish())


def test_another_number_of_the_same_session_does_too(app: object) -> None:
    story = Cascade()
    soon = story.another(2)
    story.close()
    assert (
        clinics.cascade.choose(story.me, story.hold(), soon.id, clinics.Wish(9)).state
        == "took_other"
    )
    assert load(soon) == (1, 1, 1)


def test_only_equivalent_seats_can_be_chosen(app: object) -> None:
    story = Cascade()
    story.another(2)
    eyes = story.another(3, specialty="眼科")
    story.close()
    with pytest.raises(Refusal, match="not-equivalent"):
        clinics.cascade.choose(story.me, story.hold(), eyes.id, clinics.Wish())


@pytest.mark.parametrize("was_scarce", [False, True])
def test_a_scarce_seat_is_equivalent_to_a_scarce_one_alone(app: object, was_scarce: bool) -> None:
    story = Cascade()
    story.old.is_scarce, scarce = was_scarce, story.another(2)
    scarce.is_scarce = True
    story.close()
    shown = clinics.cascade.alternatives(story.me, story.booked.id).sessions
    assert [session.id for session in shown] == [scarce.id] * was_scarce
    assert (story.offer() is not None) is was_scarce
    if not was_scarce:
        with pytest.raises(Refusal, match="not-equivalent"):
            clinics.cascade.choose(story.me, story.hold(), scarce.id, clinics.Wish())


def test_who_lost_a_seat_chooses_before_who_waits_and_once(app: object) -> None:
    story = Cascade()
    full, (leaver,) = a_full_session(starts_at=story.old.starts_at + timedelta(days=1))
    full.institution_id = story.house.id
    other = story.another(3)
    place = waits(full)
    story.close()
    gives_back(leaver)
    clinics.cascade.choose(story.me, story.hold(), full.id, clinics.Wish())
    fills()
    assert now_at(place).state == "waiting"
    with pytest.raises(IllegalMove):
        clinics.cascade.choose(story.me, story.hold(), other.id, clinics.Wish())


def test_a_full_session_leaves_what_is_kept(app: object) -> None:
    story = Cascade()
    soon, full = story.another(2), story.another(3, capacity=1)
    story.close()
    held = story.hold()
    found = [
        session.id for session in clinics.cascade.alternatives(story.me, story.booked.id).sessions
    ]
    assert found == [soon.id, full.id]
    clinics.book(by(a_resident()), full.id)
    with pytest.raises(Refusal), db.session.begin_nested():
        clinics.cascade.choose(story.me, held, full.id, clinics.Wish())
    kept = story.offer()
    assert kept is not None
    assert kept.state == "held"


def test_who_would_rather_be_called_is(app: object) -> None:
    story = Cascade()
    story.another(2)
    story.close()
    for _ in range(2):
        clinics.cascade.ask_for_call(story.me, story.hold())
    follow()
    assert messages()["displaced_waiting"] == 1
    (line,) = waiting(story)
    assert line.row.call_wanted_at == entry.moment()
    assert line.offer is not None


def test_doing_without_needs_no_offer(app: object) -> None:
    story = Cascade()
    story.close()
    assert clinics.cascade.do_without(story.me, story.hold()).state == "did_without"
    follow()
    assert messages()["displaced_waiting"] == 0


def test_the_desk_writes_down_what_is_said_on_the_phone(app: object, clock: FixedClock) -> None:
    story = Cascade()
    story.another(2)
    story.close()
    for calls in (1, 2):
        clock.at += timedelta(hours=1)
        clinics.cascade.note_missed_call(story.desk, story.hold_at_desk())
        assert (story.row().calls_missed, story.row().called_at) == (calls, clock.at)
    shown = clinics.cascade.accept(story.desk, story.hold_at_desk())
    assert (shown.state, shown.offer and shown.offer.state) == ("took_offer", "booked")
    assert story.row().answered_by == story.nurse.id
    with pytest.raises(IllegalMove):
        clinics.cascade.note_missed_call(story.desk, story.hold_at_desk())


def test_the_desk_accepts_nothing_that_is_not_kept(app: object) -> None:
    story = Cascade()
    story.close()
    with pytest.raises(Refusal, match="nothing-kept"):
        clinics.cascade.accept(story.desk, story.hold_at_desk())


def test_the_desk_hears_not_what_else_the_person_has(app: object) -> None:
    story = Cascade()
    other = story.another(2)
    clash = a_session(a_roster(specialty="眼科"), starts_at=other.starts_at, capacity=1)
    clinics.book(by(story.person), clash.id)
    story.close()
    with pytest.raises(Refusal, match="not-now"):
        clinics.cascade.choose(story.desk, story.hold_at_desk(), other.id, clinics.Wish(1))


def test_other_desks_and_other_people_see_nothing(app: object) -> None:
    story, elsewhere = Cascade(), Cascade()
    story.close()
    assert waiting(elsewhere) == []
    with pytest.raises(NotFound):
        clinics.cascade.hold_displaced(elsewhere.desk, story.row().id)
    with pytest.raises(NotFound):
        clinics.cascade.alternatives(elsewhere.me, story.booked.id)
    with pytest.raises(Forbidden):
        clinics.cascade.ask_for_call(elsewhere.me, story.row())
    with pytest.raises(Forbidden):
        clinics.cascade.accept(story.me, story.row())


def test_the_list_is_by_who_waits_longest(app: object, clock: FixedClock) -> None:
    story = Cascade()
    second = Cascade(house=story.house)
    story.close()
    clock.at += timedelta(minutes=1)
    second.close()
    assert [line.person.id for line in waiting(story)] == [story.person.id, second.person.id]


def test_managers_see_who_has_not_answered(app: object) -> None:
    story = Cascade()
    other = clinics.book(by(a_resident()), story.old.id)
    story.another(2)
    story.close()
    kept = story.offer()
    assert kept is not None
    clinics.confirm(story.me, clinics.hold(story.me, kept.id))
    ctx = story.manager
    (closed,) = clinics.cascade.closed_sessions(
        ctx, clinics.Span.of(ctx, None, None), Wanted()
    ).items
    assert (closed.session.id, closed.open, closed.answered) == (story.old.id, 1, 1)
    assert clinics.find(by_itself(), other.id).state == "withdrawn"
    stranger = Cascade().manager
    assert (
        clinics.cascade.closed_sessions(stranger, clinics.Span.of(ctx, None, None), Wanted()).items
        == []
    )


def test_what_was_taken_and_cancelled_later_stays_the_answer(app: object) -> None:
    story = Cascade()
    story.another(1)
    story.close()
    kept = story.offer()
    assert kept is not None
    clinics.confirm(story.me, clinics.hold(story.me, kept.id))
    clinics.cancel(story.me, clinics.hold(story.me, kept.id))
    assert (story.row().state, story.row().offer_id) == ("took_offer", kept.id)


def test_what_the_desk_frees_is_no_answer_and_something_else_is_sought(app: object) -> None:
    story = Cascade()
    next_day, after = story.another(1), story.another(2)
    story.close()
    kept = story.offer()
    assert kept is not None
    assert kept.session_id == next_day.id
    clinics.cancel_at_desk(story.desk, claim_of(story.person), kept.id)
    assert (story.row().state, story.offer()) == ("awaited", None)
    follow()
    assert look_again() == 1
    other = story.offer()
    assert other is not None
    assert (other.session_id, other.state) == (after.id, "held")


def test_a_short_hold_is_no_seat_that_was_lost(app: object) -> None:
    story = Cascade()
    clinics.book(by(a_resident()), story.old.id, only_hold=True)
    story.close()
    assert db.session.execute(select(func.count(clinics.cascade.Displacement.id))).scalar_one() == 1


def test_what_was_kept_is_sought_anew_when_that_closes_too(app: object) -> None:
    story = Cascade()
    soon, later = story.another(2), story.another(5)
    story.close()
    clinics.cancel_session(story.manager, soon, "也停诊")
    follow()
    assert (story.row().state, story.row().offer_id) == ("awaited", None)
    assert look_again() == 1
    kept = story.offer()
    assert kept is not None
    assert kept.session_id == later.id


def test_another_house_lets_go_of_what_it_kept_for_who_is_asked_elsewhere(app: object) -> None:
    story, near = Cascade(), a_centre()
    other = story.another(2, house=near)
    story.close()
    kept = story.offer()
    assert kept is not None
    assert kept.session_id == other.id
    boss = by(a_member_of_staff(Role.MANAGER, "孙主任", near.id))
    clinics.cancel_session(boss, clinics.session_of_house(boss, other.id), "停电")
    follow()
    look_again()
    assert story.offer() is None


def test_family_answers_and_does_not_see_what_is_kept_from_it(app: object) -> None:
    story = Cascade()
    story.another(2)
    story.close()
    son = acting_for(a_relative(story.person, Scope.BOOK), story.person)
    kept = clinics.cascade.alternatives(son, story.booked.id).offer
    assert kept is not None
    assert clinics.confirm(son, clinics.hold(son, kept.id)).by_kinship == son.by_kinship
    mind = Cascade(specialty="精神心理科")
    mind.close()
    daughter = acting_for(a_relative(mind.person, Scope.BOOK), mind.person)
    with pytest.raises(NotFound):
        clinics.cascade.alternatives(daughter, mind.booked.id)


def test_a_crowded_session_closes_fast_and_everybody_is_asked(app: object) -> None:
    """The offers follow one by one; the act itself is one transaction."""
    story = Cascade(capacity=60)
    story.another(2, capacity=40)
    many = 59
    for _ in range(many):
        clinics.book(by(a_resident()), story.old.id)
    db.session.flush()
    begun = time.monotonic()
    story.close(relayed=False)
    db.session.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
    assert time.monotonic() - begun < 1
    follow()
    kept = select(
        func.count(clinics.cascade.Displacement.offer_id),
        func.count(clinics.cascade.Displacement.id),
    )
    assert db.session.execute(kept).one() == (40, many + 1)
    told = messages()
    assert (told["alternative_offered"], told["session_cancelled"]) == (40, 20)
    assert told["displaced_waiting"] == 20
