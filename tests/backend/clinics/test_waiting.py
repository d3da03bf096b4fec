"""Waiting lists: who may join, in which order people wait, what an offer is and how it ends."""

from datetime import timedelta

import pytest
from clinic_builders import a_roster, a_session
from conftest import FixedClock
from contract_builders import a_centre, a_contract, a_team, lead_of
from family_builders import a_relative, acting_for
from people import a_resident, by, by_itself
from waiting_builders import (
    a_full_session,
    any_session,
    entry_of,
    fills,
    gives_back,
    now_at,
    offered,
    waits,
)

from backend import clinics, identity
from backend.clinics.errors import AlreadyBooked, NotReleased, OfferOver, TooLate
from backend.kernel import sensitive
from backend.kernel.context import Scope
from backend.kernel.database import db
from backend.kernel.errors import Conflict, Forbidden, Invalid, NotForProxies, NotFound, NotNow
from backend.kernel.relations import Kind, relate
from jobs import clinics as jobs

SOON = clinics.Need(urgency=clinics.Urgency.SOON, reason="胸闷加重，需尽快复查")


def test_who_joins_is_told_how_many_are_before(app: object) -> None:
    session, _ = a_full_session()
    first, second, third = [waits(session) for _ in range(3)]
    assert [one.ahead for one in (first, second, third)] == [0, 1, 2]
    assert third.ahead_at_first == 2
    clinics.leave(*_own(first))
    assert now_at(third).ahead == 1
    assert now_at(third).ahead_at_first == 2


def _own(place: clinics.Place) -> tuple:  # type: ignore[type-arg]
    person = db.session.get_one(identity.Resident, place.resident_id)
    return by(person), clinics.waiting_entry(by(person), place.id)


def test_joining_twice_is_joining_once(app: object) -> None:
    session, _ = a_full_session()
    person = a_resident()
    assert waits(session, person).id == waits(session, person).id


def test_nobody_waits_who_has_a_seat_there(app: object) -> None:
    session, (person,) = a_full_session()
    with pytest.raises(AlreadyBooked):
        waits(session, person)


def test_nobody_waits_where_a_seat_is_left(app: object) -> None:
    with pytest.raises(clinics.SeatsLeft):
        waits(a_session())


def test_nobody_waits_for_what_is_not_released_or_closes(app: object, clock: FixedClock) -> None:
    session, _ = a_full_session()
    begins = session.starts_at
    session.releases_at = by_itself().at + timedelta(seconds=1)
    with pytest.raises(NotReleased):
        waits(session)
    session.releases_at = by_itself().at
    clock.at = begins - timedelta(minutes=40) + timedelta(microseconds=1)
    with pytest.raises(TooLate):
        waits(session)
    clock.at = begins - timedelta(minutes=40)
    assert waits(session).state == "waiting"


def test_one_person_waits_for_so_much_and_no_more(app: object) -> None:
    person = a_resident()
    sessions = [a_full_session()[0] for _ in range(4)]
    for session in sessions[:3]:
        waits(session, person)
    with pytest.raises(clinics.TooManyWaiting, match="3"):
        waits(sessions[3], person)


def test_a_seat_that_comes_free_is_kept_for_the_first(app: object) -> None:
    session, (person,) = a_full_session()
    first, second = waits(session), waits(session)
    gives_back(person)
    assert fills() == 1
    assert now_at(first).state == "offered"
    assert now_at(first).offered_until == by_itself().at + timedelta(minutes=30)
    assert now_at(second).state == "waiting"
    assert offered(first).origin == "waiting_list"
    assert fills() == 0


def test_the_public_comes_after_them(app: object, clock: FixedClock) -> None:
    session, (person,) = a_full_session()
    waits(session)
    gives_back(person)
    stranger = a_resident()
    with pytest.raises(NotReleased):
        clinics.book(by(stranger), session.id)
    entry = db.session.query(clinics.WaitingEntry).one()
    entry.state, entry.ended_at = clinics.WaitingState.LEFT, by_itself().at
    clock.at += timedelta(seconds=60)
    assert clinics.book(by(stranger), session.id).state == "booked"


def test_who_confirms_is_served(app: object) -> None:
    session, (person,) = a_full_session()
    waiter = a_resident()
    place = waits(session, waiter)
    gives_back(person)
    fills()
    booked = clinics.confirm(by(waiter), clinics.hold(by(waiter), offered(place).id))
    assert booked.state == "booked"
    assert now_at(place).state == "served"


def test_who_declines_leaves_the_list_and_the_next_has_the_turn(app: object) -> None:
    session, (person,) = a_full_session()
    waiter = a_resident()
    first, second = waits(session, waiter), waits(session)
    gives_back(person)
    fills()
    clinics.decline(by(waiter), clinics.hold(by(waiter), offered(first).id))
    assert now_at(first).state == "left"
    assert fills() == 1
    assert now_at(second).state == "offered"


def test_who_does_not_answer_stands_behind_and_after_some_times_leaves(
    app: object, clock: FixedClock
) -> None:
    session, (person,) = a_full_session()
    first, second = waits(session), waits(session)
    gives_back(person)
    fills()
    clock.at = offered(first).held_until or clock.at
    assert jobs.lapse() == 1
    assert (now_at(first).state, now_at(first).ahead) == ("waiting", 1)
    fills()
    assert now_at(second).state == "offered"
    clock.at = offered(second).held_until or clock.at
    jobs.lapse()
    fills()
    clock.at = offered(first).held_until or clock.at
    with pytest.raises(OfferOver):
        clinics.confirm(by(_person(first)), clinics.hold(by(_person(first)), offered(first).id))
    jobs.lapse()
    assert now_at(first).state == "unanswered"
    assert now_at(second).state == "waiting"


def _person(place: clinics.Place) -> identity.Resident:
    return db.session.get_one(identity.Resident, place.resident_id)


def test_leaving_an_offer_gives_the_seat_to_the_next(app: object) -> None:
    session, (person,) = a_full_session()
    first, second = waits(session), waits(session)
    gives_back(person)
    fills()
    assert clinics.leave(*_own(first)).state == "left"
    assert offered(first).state == "declined"
    assert clinics.leave(*_own(first)).state == "left"
    fills()
    assert now_at(second).state == "offered"


def test_a_doctor_says_how_urgent_it_is_with_a_reason(app: object) -> None:
    session, (person,) = a_full_session()
    doctor = lead_of(team := a_team())
    hers = a_resident()
    a_contract(team, hers)
    first = waits(session)
    with pytest.raises(Invalid):
        clinics.join_for(
            by(doctor),
            hers,
            clinics.Target(session_id=session.id),
            clinics.Need(urgency=clinics.Urgency.URGENT),
            None,
        )
    sooner = clinics.join_for(by(doctor), hers, clinics.Target(session_id=session.id), SOON, None)
    assert (sooner.ahead, sooner.ahead_in_class, now_at(first).ahead) == (0, 0, 1)
    assert now_at(first).ahead_in_class == 0
    gives_back(person)
    fills()
    assert now_at(sooner).state == "offered"


def test_a_doctor_calls_few_urgent(app: object) -> None:
    doctor = lead_of(team := a_team())
    urgent = clinics.Need(urgency=clinics.Urgency.URGENT, reason="胸痛反复发作")
    session, _ = a_full_session()

    def says(need: clinics.Need) -> clinics.Place:
        a_contract(team, person := a_resident())
        return clinics.join_for(
            by(doctor), person, clinics.Target(session_id=session.id), need, None
        )

    places = [says(urgent) for _ in range(5)]
    with pytest.raises(Conflict, match="too-many-urgent"):
        says(urgent)
    soon = says(SOON)
    again = clinics.waiting_entry(by(doctor), places[0].id)
    assert clinics.set_urgency(by(doctor), again, urgent).urgency == "urgent"
    with pytest.raises(Conflict, match="too-many-urgent"):
        clinics.set_urgency(by(doctor), clinics.waiting_entry(by(doctor), soon.id), urgent)
    clinics.set_urgency(by(doctor), again, SOON)
    assert says(urgent).urgency == "urgent"


def test_nobody_but_the_doctor_of_the_person_says_so(app: object) -> None:
    session, _ = a_full_session()
    person = a_resident()
    place = waits(session, person)
    with pytest.raises(Forbidden):
        clinics.set_urgency(by(person), clinics.waiting_entry(by(person), place.id), SOON)
    stranger = by(lead_of(a_team()))
    with pytest.raises(NotFound):
        clinics.waiting_entry(stranger, place.id)
    with pytest.raises(Forbidden):
        clinics.set_urgency(stranger, entry_of(place), SOON)
    with pytest.raises(Forbidden):
        clinics.join_for(stranger, person, clinics.Target(session_id=session.id), SOON, None)


def test_the_doctor_changes_it_later(app: object) -> None:
    session, _ = a_full_session()
    person, doctor = a_resident(), lead_of(team := a_team())
    a_contract(team, person)
    waits(session)
    place = waits(session, person)
    assert place.ahead == 1
    changed = clinics.set_urgency(by(doctor), clinics.waiting_entry(by(doctor), place.id), SOON)
    assert (changed.urgency, changed.ahead) == ("soon", 0)


def test_the_specialist_says_so_of_whom_he_knows_and_in_his_own_sessions_alone(
    app: object,
) -> None:
    session, _ = a_full_session()
    other, _ = a_full_session(roster=a_roster(specialty="精神心理科"))
    person = a_resident()
    here, there = waits(session, person), waits(other, person)
    expert = by(db.session.get_one(identity.Staff, session.expert_id))
    with pytest.raises(NotFound):
        clinics.waiting_entry(expert, here.id)
    relate(by_itself(), person.id, session.expert_id, Kind.BOOKED, source_id=session.id)
    changed = clinics.set_urgency(expert, clinics.waiting_entry(expert, here.id), SOON)
    assert changed.urgency == "soon"
    with pytest.raises(NotFound):
        clinics.waiting_entry(expert, there.id)
    with pytest.raises(Forbidden):
        clinics.set_urgency(expert, entry_of(there), SOON)


def test_any_session_of_a_specialty_in_some_houses(app: object) -> None:
    here, there = a_centre(), a_centre()
    session, (person,) = a_full_session(roster=a_roster(here))
    place = clinics.join(by(a_resident()), any_session(here, there))
    gives_back(person)
    assert fills() == 1
    assert offered(place).session_id == session.id


@pytest.mark.parametrize("wrong", ["house", "specialty", "day"])
def test_other_sessions_are_not_meant(app: object, wrong: str) -> None:
    here, there = a_centre(), a_centre()
    _, (person,) = a_full_session(roster=a_roster(here))
    a_roster(there)
    a_roster(here, specialty="骨科")
    target = {
        "house": any_session(there),
        "specialty": any_session(here, specialty="骨科"),
        "day": any_session(here, days=0),
    }[wrong]
    clinics.join(by(a_resident()), target)
    gives_back(person)
    assert fills() == 0


def test_who_declines_one_of_many_waits_for_the_others(app: object) -> None:
    here, waiter = a_centre(), a_resident()
    session, (person,) = a_full_session(roster=a_roster(here))
    place = clinics.join(by(waiter), any_session(here))
    gives_back(person)
    fills()
    clinics.decline(by(waiter), clinics.hold(by(waiter), offered(place).id))
    assert now_at(place).state == "waiting"
    assert fills() == 0
    later, (other,) = a_full_session(
        roster=a_roster(here), starts_at=session.starts_at + timedelta(days=1)
    )
    gives_back(other)
    fills()
    assert offered(place).session_id == later.id


def test_wishes_that_cannot_be_met_are_refused_field_by_field(app: object) -> None:
    house = a_centre()
    with pytest.raises(Invalid) as refused:
        clinics.join(by(a_resident()), any_session(house, days=61))
    assert [fault.pointer for fault in refused.value.faults] == ["/specialty", "/until"]
    with pytest.raises(Invalid) as refused:
        clinics.join(by(a_resident()), any_session())
    assert "/institution_ids" in [fault.pointer for fault in refused.value.faults]


def test_a_family_member_waits_for_the_person(app: object) -> None:
    session, _ = a_full_session()
    person = a_resident()
    son = a_relative(person, Scope.BOOK)
    place = clinics.join(acting_for(son, person), clinics.Target(session_id=session.id))
    assert (place.resident_id, place.by_kinship) == (person.id, "son")


def test_what_is_kept_from_family_is_not_told_and_still_counts(app: object) -> None:
    session, _ = a_full_session(roster=a_roster(specialty="精神心理科"))
    person = a_resident()
    son = a_relative(person, Scope.BOOK)
    target = clinics.Target(session_id=session.id)
    with pytest.raises(NotForProxies):
        clinics.join(acting_for(son, person), target)
    place = clinics.join(by(person), target)
    with pytest.raises(NotFound):
        clinics.find_waiting(acting_for(son, person), place.id)
    assert waits(session).ahead == 1


def test_a_family_member_does_not_learn_of_other_places(app: object) -> None:
    person = a_resident()
    son = a_relative(person, Scope.BOOK)
    for _ in range(3):
        waits(a_full_session()[0], person)
    full, _ = a_full_session()
    with pytest.raises(NotNow):
        clinics.join(acting_for(son, person), clinics.Target(session_id=full.id))


def test_who_waits_is_signed_and_may_have_a_signed_seat(app: object) -> None:
    session, people = a_full_session(2)
    seats = clinics.seats(by_itself(), session.id)
    seats[0].quota = seats[1].quota = clinics.Quota.SIGNED
    first, second = waits(session), waits(session)
    relate(by_itself(), second.resident_id, session.expert_id, Kind.SIGNED, source_id=session.id)
    gives_back(people[0])
    assert fills() == 1
    assert (now_at(first).state, now_at(second).state) == ("waiting", "offered")


def test_sensitive_entries_are_labelled(app: object) -> None:
    session, _ = a_full_session(roster=a_roster(specialty="精神心理科"))
    place = waits(session)
    found = db.session.query(sensitive.SensitiveItem).filter_by(subject_id=place.id)
    assert [item.category for item in found] == ["mental"]
