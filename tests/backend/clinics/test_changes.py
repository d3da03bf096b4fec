"""The desk knows at once what is given back: a list of today, a push where the hour is near."""

from datetime import timedelta

import pytest
from cascade_builders import Cascade, follow, messages
from conftest import FixedClock
from people import a_resident, by
from sqlalchemy import select

from backend import clinics, messaging
from backend.clinics import cascade
from backend.kernel.database import db
from backend.kernel.paging import Wanted

HOUR = timedelta(hours=1)
PUSH = messaging.MessageKind.SEAT_GIVEN_BACK


def cancelled(story: Cascade) -> None:
    clinics.cancel(story.me, clinics.hold(story.me, story.booked.id))
    follow()


@pytest.mark.parametrize(
    ("before", "pushes"), [(timedelta(hours=24, seconds=1), 0), (24 * HOUR, 1), (2 * HOUR, 1)]
)
def test_the_desk_is_called_where_the_hour_is_near(
    app: object, clock: FixedClock, before: timedelta, pushes: int
) -> None:
    story = Cascade()
    story.booked = clinics.book(story.me, story.another(2).id)
    clock.at = story.booked.starts_at - before
    cancelled(story)
    assert messages(PUSH)["seat_given_back"] == pushes


def test_it_is_told_once_and_leads_to_the_session(app: object) -> None:
    story = Cascade()
    cancelled(story)
    event = clinics.BookingCancelled(story.person.id, story.booked.id, story.old.id)
    cascade.tell_seat_back(story.desk, event)
    found = select(messaging.Message.to_staff_id, messaging.Message.page).filter_by(kind=PUSH)
    page = f"pages/work/clinic?id={story.old.id}"
    assert db.session.execute(found).all() == [(story.nurse.id, page)]


def test_a_house_without_nurses_tells_its_manager(app: object) -> None:
    story = Cascade()
    story.nurse.left_at = story.desk.at - HOUR
    cancelled(story)
    found = select(messaging.Message.to_staff_id).filter_by(kind=PUSH)
    assert db.session.execute(found).scalars().all() == [story.boss.id]


def test_the_list_of_today_is_of_the_own_house_the_latest_first(
    app: object, clock: FixedClock
) -> None:
    story, elsewhere = Cascade(), Cascade()
    other = clinics.book(by(a_resident()), story.old.id)
    later = story.another(3)
    clock.at += timedelta(minutes=1)
    cancelled(elsewhere)
    held = clinics.hold_to_move(story.me, story.booked.id)
    clinics.move(story.me, held, later.id, clinics.Wish())
    clock.at += timedelta(minutes=1)
    story.close()
    changes = cascade.changes(story.desk, Wanted()).items
    assert [(one.booking_id, str(one.state)) for one in changes] == [
        (other.id, "withdrawn"),
        (story.booked.id, "moved"),
    ]
    assert changes[0].at == clock.at
    assert cascade.changes(story.manager, Wanted()).items == []


def test_yesterday_is_no_news(app: object, clock: FixedClock) -> None:
    story = Cascade()
    later = story.another(3)
    story.booked = clinics.book(story.me, later.id)
    clock.at = clock.at.replace(hour=23, minute=59)
    cancelled(story)
    assert len(cascade.changes(story.desk, Wanted()).items) == 1
    clock.at += timedelta(minutes=1)
    assert cascade.changes(story.desk, Wanted()).items == []


def test_a_page_ends_where_the_next_begins(app: object) -> None:
    story = Cascade()
    people = [by(a_resident()) for _ in range(3)]
    booked = [(ctx, clinics.book(ctx, story.old.id)) for ctx in people]
    for ctx, seat in booked:
        clinics.cancel(ctx, clinics.hold(ctx, seat.id))
    first = cascade.changes(story.desk, Wanted(limit=2))
    rest = cascade.changes(story.desk, Wanted(after=first.next, limit=2))
    seen = [one.booking_id for one in (*first.items, *rest.items)]
    assert sorted(seen) == sorted(seat.id for _, seat in booked)
    assert rest.next is None
