"""What was promised and what was held; calendars at secret addresses."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from clinic_builders import an_expert
from contract_builders import a_centre
from flask import Flask
from icalendar import Calendar
from people import Http, a_resident, by, by_itself
from roster_builders import a_manager, managing, published, session_on

from backend import clinics
from backend.kernel.calendar import SHANGHAI
from backend.kernel.clock import FixedClock
from backend.kernel.context import Role
from backend.kernel.database import db
from backend.kernel.errors import Forbidden, NotFound
from backend.kernel.relations import Belonging, Membership
from jobs import clinics as jobs

DAYS = [date(2026, 11, 25) + timedelta(weeks=n) for n in range(3)]


def test_only_what_its_house_began_counts_as_held(app: Flask, clock: FixedClock) -> None:
    house, expert, other = a_centre(), an_expert(), an_expert("沈医生")
    manager = a_manager(house)
    roster = published(by(manager), rule="FREQ=WEEKLY;BYDAY=WE,TH", expert_id=expert.id)
    jobs.generate()
    begun, closed, unbegun = (session_on(roster, day) for day in [*DAYS[1:], date(2026, 12, 3)])
    begun.began_at = begun.starts_at
    clinics.cancel_session(by(manager), closed, "专家外出会诊")
    stood_in = clinics.Otherwise(
        day=date(2026, 12, 10), is_held=True, reason="代诊", expert_id=other.id
    )
    clinics.except_day(by(manager), roster, stood_in)
    session_on(roster, date(2026, 12, 10)).began_at = by_itself().at
    off = clinics.Otherwise(day=date(2026, 12, 11), is_held=False, reason="设备检修")
    clinics.except_day(by(manager), roster, off)
    db.session.flush()
    clock.at = datetime(2026, 12, 12, 9, tzinfo=SHANGHAI)
    (kept,) = clinics.kept_promises(by(manager), date(2026, 12, 31))
    assert (kept.expert_name, kept.promised, kept.opened) == ("陆建明", 4, 4)
    assert (kept.held, kept.held_by_others, kept.closed) == (2, 1, 1)
    assert kept.closed_for == [{"reason": "专家外出会诊", "count": 1}]
    assert (kept.not_begun, kept.never_opened, kept.to_come) == (1, 0, 0)
    assert unbegun.began_at is None
    assert clinics.kept_promises(managing(a_centre()), date(2026, 12, 1)) == []


def test_a_day_called_off_stays_a_promise_not_kept(app: Flask) -> None:
    manager = managing(a_centre())
    roster = published(manager)
    jobs.generate()
    off = clinics.Otherwise(day=DAYS[1], is_held=False, reason="专家外出会议")
    clinics.except_day(manager, roster, off)
    (kept,) = clinics.kept_promises(manager, DAYS[1])
    assert (kept.promised, kept.opened, kept.closed, kept.to_come) == (2, 1, 1, 1)
    assert kept.closed_for == [{"reason": "专家外出会议", "count": 1}]


def test_what_could_never_be_opened_is_said(app: Flask, clock: FixedClock) -> None:
    manager, expert = a_manager(a_centre()), an_expert()
    published(by(manager), expert_id=expert.id)
    expert.left_at = clock.at + timedelta(days=1)
    jobs.generate()
    clock.at += timedelta(days=20)
    (kept,) = clinics.kept_promises(by(manager), DAYS[1])
    assert (kept.promised, kept.opened, kept.never_opened) == (2, 0, 2)


def events(content: bytes) -> list[Any]:
    return list(Calendar.from_ical(content).walk("VEVENT"))


def test_an_experts_calendar_says_where_and_when_and_what_is_cancelled(http: Http) -> None:
    house, expert, person = a_centre(name="示例社区"), an_expert(), a_resident("韩大爷")
    manager = a_manager(house)
    roster = published(by(manager), expert_id=expert.id)
    jobs.generate()
    clinics.book(by(person), session_on(roster, DAYS[0]).id)
    path = http("POST", "/doctor/clinics/calendar", expert).json["path"]
    path = path.removeprefix("/api/v1")
    answer = http("GET", path)
    assert (answer.status_code, answer.mimetype) == (200, "text/calendar")
    assert "韩大爷" not in answer.text
    assert str(person.id) not in answer.text
    first, *_ = found = events(answer.data)
    assert len(found) == 3
    assert str(first["LOCATION"]) == "示例社区 二楼3诊室"
    assert first.decoded("DTSTART") == datetime(2026, 11, 25, 9, tzinfo=SHANGHAI)
    etag = answer.headers["ETag"]
    assert http("GET", path, headers={"If-None-Match": etag}).status_code == 304

    clinics.cancel_session(by(manager), session_on(roster, DAYS[0]), "专家外出会诊")
    changed = http("GET", path, headers={"If-None-Match": etag})
    states = [str(event["STATUS"]) for event in events(changed.data)]
    assert states == ["CANCELLED", "CONFIRMED", "CONFIRMED"]


def test_a_new_address_ends_the_one_before_and_both_can_be_ended(app: Flask) -> None:
    expert = by(an_expert())
    first, second = (clinics.begin_own_feed(expert) for _ in range(2))
    with pytest.raises(NotFound):
        clinics.read_feed(by_itself(), first)
    assert clinics.read_feed(by_itself(), second).content.startswith(b"BEGIN:VCALENDAR")
    clinics.end_own_feed(expert)
    with pytest.raises(NotFound):
        clinics.read_feed(by_itself(), second)
    feed = db.session.query(clinics.CalendarFeed).first()
    assert feed is not None
    assert second.encode() not in feed.token_hash


def test_a_calendar_ends_with_whose_it_is(app: Flask, clock: FixedClock) -> None:
    expert, manager, house = an_expert(), a_manager(a_centre()), a_centre()
    belongs = Membership(
        staff_id=manager.id,
        party_id=house.id,
        kind=Belonging.INSTITUTION,
        valid_from=clock.at,
        source_id=manager.id,
    )
    db.session.add(belongs)
    db.session.flush()
    own, at_home, there = (
        clinics.begin_own_feed(by(expert)),
        clinics.begin_house_feed(by(manager), manager.institution_id),
        clinics.begin_house_feed(by(manager), house.id),
    )
    expert.left_at = clock.at + timedelta(days=1)
    belongs.valid_until = clock.at + timedelta(days=1)
    db.session.flush()
    assert all(clinics.read_feed(by_itself(), token) for token in (own, at_home, there))
    clock.at += timedelta(days=1)
    for over in (own, there):
        with pytest.raises(NotFound):
            clinics.read_feed(by_itself(), over)
    assert clinics.read_feed(by_itself(), at_home).etag
    manager.role = Role.DOCTOR
    db.session.flush()
    with pytest.raises(NotFound):
        clinics.read_feed(by_itself(), at_home)


def test_a_houses_calendar_is_its_managers_to_give(app: Flask) -> None:
    house = a_centre()
    manager = managing(house)
    published(manager)
    jobs.generate()
    token = clinics.begin_house_feed(manager, house.id)
    assert len(events(clinics.read_feed(by_itself(), token).content)) == 3
    for act in (clinics.begin_house_feed, clinics.end_house_feed):
        with pytest.raises(NotFound):
            act(managing(a_centre()), house.id)
    clinics.end_house_feed(manager, house.id)
    with pytest.raises(NotFound):
        clinics.read_feed(by_itself(), token)
    with pytest.raises(Forbidden):
        clinics.begin_own_feed(by(a_resident()))
