"""Booking for somebody: the family doctor keeps a seat, the desk books for who stands there."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from clinic_builders import a_session
from conftest import FixedClock
from contract_builders import a_centre, a_contract, lead_of, resident_of, team_of
from people import a_member_of_staff, a_resident, by
from sqlalchemy import update

from backend import clinics, identity
from backend.clinics import expectation_queries
from backend.clinics.errors import (
    GivenBack,
    OfferOver,
    ProposalUnanswered,
    Resting,
    SeatsKept,
    SessionOver,
    TooLate,
    TooManyProposals,
)
from backend.clinics.rules import Price, policy_of, price_of
from backend.identity import Claim, DocumentKind
from backend.kernel import entry
from backend.kernel.context import Role
from backend.kernel.database import db
from backend.kernel.errors import Forbidden, NotFound, NotNow
from backend.kernel.ids import new_id
from backend.kernel.lifecycle import IllegalMove


def change(session: clinics.ClinicSession, **values: object) -> None:
    theirs = clinics.Seat.session_id == session.id
    db.session.execute(update(clinics.Seat).where(theirs).values(**values))


def claim_of(person: identity.Resident) -> Claim:
    return Claim(person.name, person.id_number or "", DocumentKind.RESIDENT_CARD)


@pytest.fixture
def nurse(app: object) -> identity.Staff:
    return a_member_of_staff(Role.NURSE, "沈护士", institution=a_centre().id)


def test_a_doctors_proposal_counts_once_the_resident_says_yes(app: object) -> None:
    contract = a_contract()
    doctor, person = lead_of(team_of(contract)), resident_of(contract)
    session = a_session()
    kept = clinics.propose(by(doctor), person, session.id)
    assert (kept.state, kept.origin) == ("held", "doctor")
    assert [one.id for one in clinics.proposals(by(doctor))] == [kept.id]
    assert clinics.confirm(by(person), clinics.hold(by(person), kept.id)).state == "booked"
    assert clinics.proposals(by(doctor)) == []


def test_a_proposal_draws_on_the_seats_kept_for_family_doctors(app: object) -> None:
    contract = a_contract()
    session = a_session()
    change(session, quota="family_doctor")
    kept = clinics.propose(by(lead_of(team_of(contract))), resident_of(contract), session.id)
    assert kept.state == "held"


def test_a_proposal_ends_at_the_sessions_beginning_at_the_latest(
    app: object, clock: FixedClock
) -> None:
    contract = a_contract()
    session = a_session(starts_at=entry.moment() + timedelta(hours=3))
    kept = clinics.propose(by(lead_of(team_of(contract))), resident_of(contract), session.id)
    assert kept.held_until == session.starts_at
    clock.at = session.starts_at
    person = by(resident_of(contract))
    with pytest.raises(OfferOver):
        clinics.confirm(person, clinics.hold(person, kept.id))


def test_a_doctor_of_another_team_proposes_nothing(app: object) -> None:
    stranger = a_member_of_staff(Role.DOCTOR, "李医生")
    with pytest.raises(Forbidden):
        clinics.propose(by(stranger), a_resident(), a_session().id)


def test_a_doctor_is_not_told_of_the_residents_other_bookings(app: object) -> None:
    contract = a_contract()
    session = a_session()
    clinics.book(by(resident_of(contract)), session.id)
    with pytest.raises(NotNow):
        clinics.propose(by(lead_of(team_of(contract))), resident_of(contract), session.id)


def test_the_desk_books_for_who_rests_online(app: object, nurse: identity.Staff) -> None:
    person, session, wanted = a_resident(), a_session(), a_session()
    for _ in range(policy_of(entry.now().region).strikes.most):
        missed = clinics.book(by(person), session.id)
        facts = {"kind": clinics.StrikeKind.NO_SHOW, "at": entry.moment()}
        db.session.add(clinics.Strike(booking_id=missed.id, resident_id=person.id, **facts))
        clinics.cancel(by(person), clinics.hold(by(person), missed.id))
    with pytest.raises(Resting):
        clinics.book(by(person), wanted.id)
    booked = clinics.book_at_desk(by(nurse), claim_of(person), wanted.id)
    assert (booked.state, booked.origin, booked.resident_id) == ("booked", "desk", person.id)


def test_the_desk_books_up_to_the_beginning(
    app: object, nurse: identity.Staff, clock: FixedClock
) -> None:
    session, person, late = a_session(), a_resident(), a_resident("李秀英")
    clock.at = session.starts_at - timedelta(minutes=1)
    with pytest.raises(TooLate):
        clinics.book(by(person), session.id)
    assert clinics.book_at_desk(by(nurse), claim_of(person), session.id).state == "booked"
    clock.at = session.starts_at
    with pytest.raises(SessionOver):
        clinics.book_at_desk(by(nurse), claim_of(late), session.id)


def test_the_desk_finds_and_cancels_what_the_person_has(
    app: object, nurse: identity.Staff, clock: FixedClock
) -> None:
    session, person = a_session(), a_resident()
    booked = clinics.book(by(person), session.id)
    clock.at = session.starts_at - timedelta(minutes=1)
    found = clinics.bookings_at_desk(by(nurse), claim_of(person))
    assert [one.id for one in found] == [booked.id]
    gone = clinics.cancel_at_desk(by(nurse), claim_of(person), booked.id)
    assert gone.state == "cancelled"
    assert clinics.bookings_at_desk(by(nurse), claim_of(person)) == []
    with pytest.raises(IllegalMove):
        clinics.cancel_at_desk(by(nurse), claim_of(person), booked.id)


def test_the_desk_cancels_nothing_of_somebody_else(app: object, nurse: identity.Staff) -> None:
    booked = clinics.book(by(a_resident()), a_session().id)
    other = a_resident("李秀英")
    with pytest.raises(NotFound):
        clinics.cancel_at_desk(by(nurse), claim_of(other), booked.id)


def test_a_price_is_that_of_the_title(app: object) -> None:
    policy = policy_of(entry.now().region)
    assert price_of("副主任医师（示例）", policy) == policy.prices[0]
    assert price_of("主任医师", policy) == policy.prices[1]
    assert price_of("主管护师", policy) == policy.prices[2]
    price = Price(title="", fee_yuan=50, here_percent=20, hospital_percent=50)
    assert (price.here_fen, price.hospital_fen) == (1000, 2500)


def seen(session: clinics.ClinicSession, waits: Iterator[int]) -> None:
    for number, wait in enumerate(waits):
        begin: datetime = session.starts_at + timedelta(minutes=number)
        db.session.add(
            clinics.Booking(
                session_id=session.id,
                seat_number=number + 1,
                resident_id=new_id(),
                day=session.day,
                starts_at=begin,
                ends_at=begin + timedelta(minutes=1),
                state=clinics.BookingState.SEEN,
                booked_at=begin,
                arrived_at=begin - timedelta(minutes=30),
                seen_at=begin + timedelta(minutes=wait),
            )
        )
    db.session.flush()


def test_the_wait_is_what_half_of_those_before_waited(app: object, clock: FixedClock) -> None:
    past = a_session()
    clock.at = past.starts_at + timedelta(days=7)
    coming = a_session()
    coming.expert_id, coming.institution_id = past.expert_id, past.institution_id
    seen(past, iter(range(9)))
    few = expectation_queries.expectation(by(a_resident()), coming.id)
    assert (few.wait_minutes, few.seen) == (None, 9)
    seen(past2 := a_session(starts_at=past.starts_at + timedelta(days=1)), iter([9, 10]))
    past2.expert_id, past2.institution_id = past.expert_id, past.institution_id
    enough = expectation_queries.expectation(by(a_resident()), coming.id)
    assert (enough.wait_minutes, enough.seen) == (5, 11)


def test_a_doctor_keeps_no_whole_session(app: object) -> None:
    first, session = a_contract(), a_session()
    team = team_of(first)
    others = [a_contract(team) for _ in range(2)]
    doctor = by(lead_of(team))
    kept = [clinics.propose(doctor, resident_of(one), session.id) for one in (first, others[0])]
    with pytest.raises(TooManyProposals):
        clinics.propose(doctor, resident_of(others[1]), session.id)
    person = by(resident_of(first))
    clinics.decline(person, clinics.hold(person, kept[0].id))
    with pytest.raises(ProposalUnanswered):
        clinics.propose(doctor, resident_of(first), session.id)
    assert clinics.propose(doctor, resident_of(others[1]), session.id).state == "held"


def test_what_a_doctor_kept_opens_no_other_experts_kept_seats(app: object) -> None:
    contract = a_contract()
    here, elsewhere = a_session(), a_session(starts_at=entry.moment() + timedelta(days=3))
    change(elsewhere, quota="family_doctor")
    person = by(resident_of(contract))
    kept = clinics.propose(by(lead_of(team_of(contract))), resident_of(contract), here.id)
    clinics.confirm(person, clinics.hold(person, kept.id))
    with pytest.raises(SeatsKept):
        clinics.move(person, clinics.hold(person, kept.id), elsewhere.id, clinics.Wish())


def test_what_a_doctor_kept_is_not_moved_again_and_again(app: object) -> None:
    contract, session = a_contract(), a_session()
    person = by(resident_of(contract))
    kept = clinics.propose(by(lead_of(team_of(contract))), resident_of(contract), session.id)
    booked = clinics.confirm(person, clinics.hold(person, kept.id))
    for number in (10, 11):
        held = clinics.hold(person, booked.id)
        booked = clinics.move(person, held, session.id, clinics.Wish(number))
    held = clinics.hold(person, booked.id)
    with pytest.raises(GivenBack):
        clinics.move(person, held, session.id, clinics.Wish(12))
