"""Seats that are kept for somebody: a hold with an end, quotas, releases, scarce seats."""

from datetime import timedelta
from typing import Any

import pytest
from clinic_builders import a_roster, a_session
from conftest import FixedClock
from people import a_resident, by, by_itself
from sqlalchemy import select, update

from backend import clinics, identity
from backend.clinics import giving_back
from backend.clinics.claim import Manner
from backend.clinics.errors import (
    GivenBack,
    NotReleased,
    OfferOver,
    Resting,
    SeatsKept,
    SessionFull,
)
from backend.clinics.offering import offer
from backend.clinics.rules import Kept, kept_seats, policy_of
from backend.kernel import entry
from backend.kernel.database import db
from backend.kernel.lifecycle import IllegalMove
from backend.kernel.relations import Kind, relate


def seat(session: clinics.ClinicSession, number: int = 1) -> clinics.Seat:
    found = select(clinics.Seat).filter_by(session_id=session.id, number=number)
    fresh = found.execution_options(populate_existing=True)
    return db.session.execute(fresh).scalar_one()


def change(session: clinics.ClinicSession, **values: object) -> None:
    db.session.execute(
        update(clinics.Seat).where(clinics.Seat.session_id == session.id).values(**values)
    )


def a_strike(person: identity.Resident, session: clinics.ClinicSession) -> None:
    booked = clinics.book(by(person), session.id)
    facts = {"kind": clinics.StrikeKind.NO_SHOW, "at": by(person).at}
    db.session.add(clinics.Strike(booking_id=booked.id, resident_id=person.id, **facts))
    clinics.cancel(by(person), clinics.hold(by(person), booked.id))


def test_a_hold_is_confirmed_before_its_end(app: object) -> None:
    session, person = a_session(), a_resident()
    held = clinics.book(by(person), session.id, only_hold=True)
    assert (held.state, held.acts) == ("held", ["confirm", "decline"])
    assert held.held_until == by(person).at + timedelta(minutes=5)
    booked = clinics.confirm(by(person), clinics.hold(by(person), held.id))
    assert (booked.state, booked.seat_number) == ("booked", held.seat_number)


def test_a_hold_takes_the_seat_until_it_ends(app: object, clock: FixedClock) -> None:
    session, person = a_session(capacity=1), a_resident()
    held = clinics.book(by(person), session.id, only_hold=True)
    with pytest.raises(SessionFull):
        clinics.book(by(a_resident()), session.id)
    assert held.held_until
    clock.at = held.held_until
    with pytest.raises(OfferOver):
        clinics.confirm(by(person), clinics.hold(by(person), held.id))
    assert clinics.lapse(by_itself()) == 1
    assert clinics.find(by(person), held.id).state == "lapsed"
    assert clinics.lapse(by_itself()) == 0
    assert clinics.book(by(a_resident()), session.id).state == "booked"


def test_who_declines_leaves_the_seat_to_others(app: object) -> None:
    session, person = a_session(capacity=1), a_resident()
    held = clinics.book(by(person), session.id, only_hold=True)
    clinics.decline(by(person), clinics.hold(by(person), held.id))
    assert clinics.book(by(a_resident()), session.id).state == "booked"
    with pytest.raises(IllegalMove):
        clinics.confirm(by(person), clinics.hold(by(person), held.id))


def test_a_seat_kept_for_a_quota_is_no_ones_else_until_it_flows_on(
    app: object, clock: FixedClock
) -> None:
    session, person = a_session(capacity=1), a_resident()
    flows = by(person).at + timedelta(hours=1)
    change(session, quota="family_doctor", flows_at=flows)
    with pytest.raises(SeatsKept):
        clinics.book(by(person), session.id)
    clock.at = flows
    assert clinics.book(by(person), session.id).state == "booked"


def test_who_has_a_contract_may_use_the_seats_of_those_who_have(app: object) -> None:
    session, person = a_session(capacity=1), a_resident()
    change(session, quota="signed")
    with pytest.raises(SeatsKept):
        clinics.book(by(person), session.id)
    relate(by(person), person.id, session.expert_id, Kind.SIGNED, source_id=session.id)
    assert clinics.book(by(person), session.id).state == "booked"


def test_a_later_tranche_is_not_booked_before_its_second(app: object, clock: FixedClock) -> None:
    session, person = a_session(capacity=1), a_resident()
    opens = by(person).at + timedelta(hours=1)
    change(session, releases_at=opens)
    clock.at = opens - timedelta(microseconds=1)
    with pytest.raises(NotReleased):
        clinics.book(by(person), session.id)
    clock.at = opens
    assert clinics.book(by(person), session.id).state == "booked"


def test_an_offer_may_come_before_the_release_and_from_any_quota(app: object) -> None:
    session, person = a_session(capacity=1), a_resident()
    change(session, quota="referral", releases_at=by(person).at + timedelta(hours=1))
    manner = Manner(
        person=person.id,
        origin=clinics.BookingOrigin.RE_OFFER,
        until=by(person).at + timedelta(hours=2),
        quotas=list(clinics.Quota),
        is_first=True,
        is_limited=False,
    )
    booking_id, row = offer(by_itself(), session.id, manner)
    assert row.number == 1
    assert clinics.find(by(person), booking_id).origin == "re_offer"


def test_a_scarce_seat_given_back_comes_after_a_random_delay(app: object) -> None:
    session, person = a_session(capacity=1), a_resident()
    session.is_scarce = True
    booked = clinics.book(by(person), session.id)
    clinics.cancel(by(person), clinics.hold(by(person), booked.id))
    opens = seat(session).releases_at
    least, most = policy_of(entry.now().region).return_delay_minutes
    assert opens
    assert timedelta(minutes=least) <= opens - by(person).at <= timedelta(minutes=most)
    with pytest.raises(NotReleased):
        clinics.book(by(a_resident()), session.id)


def test_too_many_missed_seats_rest_online_booking_for_a_while(
    app: object, clock: FixedClock
) -> None:
    sessions, person = [a_session() for _ in range(1)], a_resident()
    policy = policy_of(entry.now().region)
    for _ in range(policy.strikes.most):
        a_strike(person, sessions[0])
    wanted = a_session(a_roster(), starts_at=sessions[0].starts_at + timedelta(days=35))
    change(wanted, releases_at=by(person).at)
    with pytest.raises(Resting):
        clinics.book(by(person), wanted.id)
    clock.at += policy.strikes.rest
    assert clinics.book(by(person), wanted.id).state == "booked"


def test_narrow_quotas_have_the_first_numbers(app: object) -> None:
    policy = policy_of(entry.now().region)
    begin = a_session().starts_at
    kept = kept_seats(begin, 20, policy)
    assert [one.quota for one in kept[:9]] == [
        *["referral"] * 2,
        *["family_doctor"] * 2,
        *["signed"] * 4,
        "open",
    ]
    assert kept[-1] == Kept()
    assert kept[0].flows_at == begin - timedelta(hours=24)


def test_a_staggered_session_opens_in_parts(app: object) -> None:
    policy = policy_of(entry.now().region)
    kept = kept_seats(a_session().starts_at, 20, policy, is_staggered=True)
    opens = [one.releases_at for one in kept if one.quota == "open"]
    assert opens == sorted(opens)  # type: ignore[type-var]
    assert [opens.count(at) for at in dict.fromkeys(opens)] == [4, 4, 4]


@pytest.mark.parametrize("act", [clinics.decline, clinics.cancel])
def test_who_gives_back_again_and_again_books_there_at_the_desk(app: object, act: Any) -> None:
    session, person = a_session(), a_resident()
    for _ in range(policy_of(entry.now().region).most_returns):
        taken = clinics.book(by(person), session.id, only_hold=act is clinics.decline)
        act(by(person), clinics.hold(by(person), taken.id))
    with pytest.raises(GivenBack):
        clinics.book(by(person), session.id, only_hold=True)
    assert clinics.book(by(person), a_session().id).state == "booked"


def test_shortly_before_the_end_a_scarce_seat_comes_back_at_no_agreed_second(
    app: object, clock: FixedClock
) -> None:
    session = a_session(capacity=8)
    session.is_scarce = True
    booked = [(person := a_resident(), clinics.book(by(person), session.id)) for _ in range(8)]
    closes = session.starts_at - policy_of(entry.now().region).notice
    clock.at = closes - timedelta(minutes=3)
    for person, booking in booked:
        held = clinics.hold(by(person), booking.id)
        giving_back.give_back(by(person), held)
    opens = {seat(session, number).releases_at for number in range(1, 9)}
    assert len(opens) == 8
    assert all(clock.at <= at <= closes for at in opens if at)
