"""停诊: who loses a seat is offered an equivalent one, and asked until there is an answer."""

from datetime import timedelta
from typing import Any

import pytest
from cascade_builders import DAY, Cascade, follow, load, look_again, messages
from conftest import FixedClock
from contract_builders import CENTRE, a_centre
from people import by_itself
from sqlalchemy import select, update

from backend import clinics
from backend.kernel import entry
from backend.kernel.database import db
from backend.kernel.relations import Kind, is_related
from jobs import clinics as jobs

# About 40 minutes by bus are 12 km; a degree of latitude is 111 km.
NEAR, FAR = (CENTRE[0] + 0.1, CENTRE[1]), (CENTRE[0] + 0.2, CENTRE[1])


def test_the_nearest_equivalent_seat_is_kept_at_once(app: object) -> None:
    story = Cascade()
    soon, later = story.another(2), story.another(5)
    story.close()
    kept = story.offer()
    assert kept is not None
    assert (kept.session_id, kept.state, kept.origin) == (soon.id, "held", "re_offer")
    assert kept.held_until == entry.moment() + DAY
    assert messages() == {"alternative_offered": 1}
    assert (load(soon), load(later)) == ((1, 1, 1), (0, 0, 0))
    assert not is_related(by_itself(), story.person.id, Kind.BOOKED)


def test_it_follows_once_however_often_it_is_told(app: object) -> None:
    story = Cascade()
    soon = story.another(2)
    story.close()
    event = clinics.BookingWithdrawn(story.person.id, story.booked.id, story.old.id)
    for _ in range(2):
        clinics.cascade.re_offer(by_itself(), event)
    assert look_again() == 0
    assert load(soon) == (1, 1, 1)
    assert messages() == {"alternative_offered": 1}


def test_where_nothing_is_left_the_person_and_the_desk_hear(app: object) -> None:
    story = Cascade()
    story.close()
    assert story.offer() is None
    assert messages() == {"session_cancelled": 1, "displaced_waiting": 1}
    for _ in range(2):
        story.row().sought_at = None
        look_again()
        follow()
    assert messages() == {"session_cancelled": 1, "displaced_waiting": 1}


def test_the_job_looks_for_everybody_who_waits(app: object, clock: FixedClock) -> None:
    story = Cascade()
    person, house = story.person.id, story.house.id
    story.close()
    story.another(3)
    db.session.flush()
    clock.at += timedelta(minutes=5)
    assert (jobs.re_offer(), jobs.re_offer()) == (1, 0)
    kept = select(clinics.Booking.state).filter_by(resident_id=person, ended_at=None)
    assert db.session.execute(kept).scalars().all() == ["held"]
    open_ones = select(clinics.cascade.Displacement.institution_id).filter_by(state="awaited")
    assert db.session.execute(open_ones).scalars().all() == [house]


def test_a_seat_that_appears_later_is_kept_then(app: object, clock: FixedClock) -> None:
    story = Cascade()
    story.close()
    new = story.another(3)
    assert look_again() == 0  # looked for a moment ago
    clock.at += timedelta(minutes=5)
    assert look_again() == 1
    kept = story.offer()
    assert kept is not None
    assert kept.session_id == new.id


@pytest.mark.parametrize(
    ("other", "found"),
    [
        ({"days": 14}, True),
        ({"days": 15}, False),
        ({"days": 0, "hour": 8}, True),
        ({"days": 2, "specialty": "眼科"}, False),
        ({"days": 2, "service": clinics.Service.ULTRASOUND}, False),
    ],
)
def test_what_is_equivalent(app: object, other: dict[str, Any], found: bool) -> None:
    story = Cascade()
    story.another(**other)
    story.close()
    assert (story.offer() is not None) is found


@pytest.mark.parametrize(
    ("place", "home", "found"), [(NEAR, None, True), (FAR, None, False), (FAR, NEAR, True)]
)
def test_within_the_travel_time_from_the_old_house_or_from_home(
    app: object,
    place: tuple[float, float],
    home: tuple[float, float] | None,
    found: bool,
) -> None:
    story = Cascade()
    if home is not None:
        story.person.latitude, story.person.longitude = home
    story.another(2, house=a_centre(place))
    story.close()
    assert (story.offer() is not None) is found


def test_after_the_old_hour_comes_first(app: object) -> None:
    story = Cascade()
    before, after = story.another(0, 8), story.another(9)
    story.close()
    shown = clinics.cascade.alternatives(story.me, story.booked.id)
    assert shown.offer is not None
    assert shown.offer.session_id == after.id
    assert [session.id for session in shown.sessions] == [after.id, before.id]


@pytest.mark.parametrize(("minutes", "found"), [(60, True), (59, False)])
def test_with_too_little_left_to_answer_the_desk_calls(
    app: object, clock: FixedClock, minutes: int, found: bool
) -> None:
    """Online booking closes 30 minutes before, and an answer needs 30."""
    story = Cascade()
    soon = story.another(0, 13)
    clock.at = soon.starts_at - timedelta(minutes=minutes)
    story.old.ends_at = soon.ends_at
    db.session.flush()
    story.close()
    assert (story.offer() is not None) is found


def test_what_is_kept_ends_before_booking_closes(app: object) -> None:
    story = Cascade()
    soon = story.another(0, 10)
    story.close()
    kept = story.offer()
    assert kept is not None
    assert kept.held_until == min(entry.moment() + DAY, soon.starts_at - timedelta(minutes=30))


def test_seats_of_referrals_stay_theirs(app: object) -> None:
    story = Cascade()
    other = story.another(2)
    of = clinics.Seat.session_id == other.id
    db.session.execute(update(clinics.Seat).where(of).values(quota=clinics.Quota.REFERRAL))
    story.close()
    assert story.offer() is None
    referred = Cascade(house=story.house)
    referred_origin = {"origin": clinics.BookingOrigin.REFERRAL}
    mine = clinics.Booking.id == referred.booked.id
    db.session.execute(update(clinics.Booking).where(mine).values(**referred_origin))
    db.session.expire_all()
    referred.close()
    assert referred.offer() is not None


def test_unreleased_and_family_doctors_seats_may_be_kept(app: object) -> None:
    story = Cascade()
    other = story.another(2)
    of = clinics.Seat.session_id == other.id
    kept = {"quota": clinics.Quota.FAMILY_DOCTOR, "releases_at": other.starts_at}
    db.session.execute(update(clinics.Seat).where(of).values(**kept))
    story.close()
    assert story.offer() is not None
