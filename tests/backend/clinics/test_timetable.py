"""What everybody may know of the sessions to come, and what the public may book now."""

from datetime import datetime, time, timedelta
from typing import Any

import pytest
from clinic_builders import a_session, at
from people import a_resident, by, by_itself
from sqlalchemy import text

from backend import clinics
from backend.clinics.models import Quota
from backend.clinics.rules import policy_of
from backend.kernel import entry
from backend.kernel.calendar import SHANGHAI
from backend.kernel.context import ANYONE, Context
from backend.kernel.database import db
from backend.kernel.errors import NotFound
from backend.kernel.ids import new_id
from backend.kernel.paging import Wanted

HOUR = timedelta(hours=1)


def public(moment: datetime | None = None) -> Context:
    return entry.context(ANYONE, moment or entry.moment())


def shown(session: clinics.ClinicSession, moment: datetime | None = None) -> clinics.PublicSession:
    return clinics.public_session(public(moment), session.id)


def keep(session: clinics.ClinicSession, numbers: range, **facts: Any) -> None:
    told = ", ".join(f"{name} = :{name}" for name in facts)
    words = f"UPDATE clinic_seat SET {told} WHERE session_id = :id AND number BETWEEN :a AND :b"
    db.session.execute(text(words), facts | {"id": session.id, "a": numbers[0], "b": numbers[-1]})


def change(session: clinics.ClinicSession, words: str, **facts: Any) -> None:
    told = f"UPDATE clinic_session SET {words} WHERE id = :id"
    db.session.execute(text(told), facts | {"id": session.id})


def share(offered: clinics.PublicSession, quota: Quota) -> tuple[int, int]:
    return next((each.capacity, each.free) for each in offered.quotas if each.quota is quota)


def test_free_is_what_the_public_may_book_now(app: object) -> None:
    session = a_session(capacity=10)
    keep(session, range(1, 4), quota="signed", flows_at=session.starts_at - 5 * HOUR)
    keep(session, range(4, 5), quota="referral")
    clinics.book(by(a_resident()), session.id)
    offered = shown(session)
    assert (offered.free, offered.capacity) == (5, 10)
    assert offered.standing is clinics.Standing.BOOKABLE
    assert [share(offered, quota) for quota in (Quota.OPEN, Quota.SIGNED, Quota.REFERRAL)] == [
        (6, 5), (3, 3), (1, 1),
    ]  # fmt: skip
    assert offered.next_release_at == session.starts_at - 5 * HOUR
    assert [seat.is_free for seat in offered.seats] == [False] * 5 + [True] * 5


def test_unused_quotas_flow_on_at_their_second(app: object) -> None:
    session = a_session(capacity=4)
    flows_at = session.starts_at - 3 * HOUR
    keep(session, range(1, 4), quota="family_doctor", flows_at=flows_at)
    assert shown(session, flows_at - timedelta(microseconds=1)).free == 1
    assert shown(session, flows_at).free == 4
    assert shown(session, flows_at).next_release_at is None


def test_what_is_not_released_says_when(app: object) -> None:
    far = a_session(starts_at=at(entry.moment(), days=60, hour=9), capacity=3)
    offered = shown(far)
    assert (offered.free, offered.standing) == (0, clinics.Standing.NOT_RELEASED)
    assert offered.next_release_at == far.releases_at
    assert shown(far, far.releases_at).standing is clinics.Standing.BOOKABLE


def test_full_closed_past_and_cancelled_offer_nothing(app: object) -> None:
    session = a_session(capacity=1)
    clinics.book(by(a_resident()), session.id)
    assert (shown(session).standing, shown(session).free) == (clinics.Standing.FULL, 0)
    for moment in (session.starts_at, session.ends_at, session.starts_at - timedelta(minutes=1)):
        assert shown(session, moment).standing is clinics.Standing.CLOSED
    other = a_session(starts_at=session.ends_at + HOUR, capacity=3)
    assert shown(other, other.starts_at).free == 0
    change(other, "state = 'cancelled', reason = '停诊'")
    assert shown(other).standing is clinics.Standing.CANCELLED
    assert not any(seat.is_free for seat in shown(other).seats)


def test_a_seat_that_waits_a_random_time_is_not_announced(app: object) -> None:
    session = a_session(capacity=2)
    change(session, "is_scarce = true")
    db.session.refresh(session)
    ctx = by(a_resident())
    booking = clinics.book(ctx, session.id)
    clinics.book(by(a_resident()), session.id)
    clinics.cancel(ctx, clinics.hold(ctx, booking.id))
    offered = shown(session)
    assert (offered.free, offered.next_release_at) == (0, None)
    assert offered.standing is clinics.Standing.FULL
    assert share(offered, Quota.OPEN) == (2, 0)
    later = shown(session, entry.moment() + 3 * HOUR)
    assert (later.free, share(later, Quota.OPEN)) == (1, (2, 1))


def test_a_later_part_of_a_staggered_session_is_announced(app: object) -> None:
    session = a_session(starts_at=at(entry.moment(), days=2, hour=9), capacity=4)
    tranche = policy_of(entry.now().region).tranches[-1]
    day = session.day - timedelta(days=tranche.lead_days)
    evening = datetime.combine(day, tranche.at, SHANGHAI)
    change(session, "is_scarce = true, allocation = 'staggered'")
    keep(session, range(3, 5), releases_at=evening)
    offered = shown(session)
    assert (offered.free, offered.next_release_at) == (2, evening)
    assert shown(session, evening).free == 4


def test_the_timetable_pages_by_time_and_shows_nothing_past(app: object) -> None:
    first = a_session(starts_at=at(entry.moment(), days=1, hour=9))
    later = a_session(starts_at=at(entry.moment(), days=2, hour=9))
    span = clinics.Span.of(public(), None, None)
    page = clinics.timetable(public(), span, Wanted(limit=1))
    assert [each.id for each in page.items] == [first.id]
    rest = clinics.timetable(public(), span, Wanted(page.next, 1))
    assert ([each.id for each in rest.items], rest.next) == ([later.id], None)
    begun = clinics.timetable(public(first.starts_at), span, Wanted())
    assert [each.id for each in begun.items] == [later.id]
    assert rest.items[0].starts_at.timetz() != time()


def test_the_standing_agrees_with_the_claim(app: object) -> None:
    session = a_session(capacity=2)
    keep(session, range(1, 3), quota="referral", flows_at=session.starts_at - 2 * HOUR)
    assert shown(session).standing is clinics.Standing.NOT_RELEASED
    with pytest.raises(Exception, match=r".") as refusal:
        clinics.book(by(a_resident()), session.id)
    assert refusal.value.code == "seats-kept"  # type: ignore[attr-defined]


def test_an_unknown_session_is_not_found(app: object) -> None:
    with pytest.raises(NotFound):
        clinics.public_session(by_itself(), new_id())
