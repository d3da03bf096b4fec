"""Saying that one is there: the code on the door, the paper card, the desk; when and where."""

from datetime import datetime, timedelta

import pytest
from clinic_builders import a_roster, a_session, at
from conftest import MORNING
from contract_builders import a_centre
from day_builders import Day, claim_of
from family_builders import a_relative, acting_for
from flask import Flask
from people import a_member_of_staff, a_resident, by

from backend import clinics, identity
from backend.clinics.check_in_codes import Names, code_of
from backend.kernel.calendar import SHANGHAI
from backend.kernel.clock import FixedClock
from backend.kernel.context import Role, Scope
from backend.kernel.database import db
from backend.kernel.errors import Forbidden, NotFound, Refusal
from backend.kernel.lifecycle import IllegalMove


@pytest.fixture
def day(app: Flask, clock: FixedClock) -> Day:
    return Day(clock)


def refused(person: identity.Resident, code: str) -> str:
    with pytest.raises(Refusal) as told:
        clinics.day.check_in(by(person), code)
    assert told.value.detail.endswith("。")
    return told.value.code


def test_the_code_of_the_day_says_that_one_is_there(day: Day) -> None:
    person = a_resident()
    booked = day.booked(person)
    day.clock.at = day.begin
    there = clinics.day.check_in(by(person), day.code())
    assert (there.id, there.state, there.arrived_at) == (booked.id, "arrived", day.begin)
    assert clinics.day.check_in(by(person), day.code()).arrived_at == day.begin


def test_the_code_of_a_room_names_one_session(day: Day) -> None:
    person = a_resident()
    day.booked(person)
    day.clock.at = day.begin
    assert clinics.day.door_code(by(day.expert), day.session)
    code = clinics.day.door_code(by(day.nurse), day.session)
    assert clinics.day.check_in(by(person), code).state == "arrived"
    other = code_of(Names.SESSION, a_session().id, by(person).today)
    assert refused(person, other) == "wrong-house"


def test_a_photograph_of_yesterdays_code_opens_nothing(day: Day) -> None:
    person = a_resident()
    day.booked(person)
    day.clock.at = day.begin
    assert refused(person, day.code(-1)) == "check-in-code-over"
    assert refused(person, day.code(-2)) == "check-in-code-over"
    assert refused(person, day.code(1)) == "check-in-code-over"


@pytest.mark.parametrize("code", ["", "x", "JYh.x.y", "JYz.AAAA.BBBB", "JYh..", "随便"])
def test_what_is_no_code_of_ours_is_refused(day: Day, code: str) -> None:
    assert refused(a_resident(), code) == "check-in-code-over"


def test_a_code_that_was_altered_is_refused(day: Day) -> None:
    good = day.code()
    altered = good[:-2] + ("A" if good[-2] != "A" else "B") + good[-1]
    assert refused(a_resident(), altered) == "check-in-code-over"


@pytest.mark.parametrize(
    ("minutes", "answer"),
    [(-61, "too-early-to-check-in"), (-60, "arrived"), (119, "arrived"), (120, "check-in-over")],
)
def test_the_doors_open_an_hour_before_and_close_at_the_end(
    day: Day, minutes: int, answer: str
) -> None:
    person = a_resident()
    day.booked(person)
    day.clock.at = day.begin + timedelta(minutes=minutes)
    if answer == "arrived":
        assert clinics.day.check_in(by(person), day.code()).state == answer
    else:
        assert refused(person, day.code()) == answer


def test_who_is_in_the_wrong_house_hears_where_to_go(day: Day) -> None:
    person, elsewhere = a_resident(), a_centre()
    day.booked(person)
    day.clock.at = day.begin
    code = code_of(Names.HOUSE, elsewhere.id, by(person).today)
    with pytest.raises(Refusal, match=day.house.name) as told:
        clinics.day.check_in(by(person), code)
    assert told.value.code == "wrong-house"


def test_who_comes_on_the_wrong_day_hears_when_to_come(day: Day) -> None:
    person = a_resident()
    later = a_session(a_roster(day.house), starts_at=at(MORNING, days=1, hour=9))
    clinics.book(by(person), later.id)
    with pytest.raises(Refusal, match="11月24日09:00") as told:
        clinics.day.check_in(by(person), day.code())
    assert told.value.code == "wrong-day"


def test_who_has_no_seat_is_told_to_ask(day: Day) -> None:
    assert refused(a_resident(), day.code()) == "nothing-here"


def test_past_midnight_the_evenings_code_is_good_for_what_goes_on(
    app: Flask, clock: FixedClock
) -> None:
    evening, person = Day(clock, at(MORNING, hour=23)), a_resident()
    evening.booked(person)
    tonight = evening.code()
    clock.at = datetime(2026, 11, 24, 0, 0, tzinfo=SHANGHAI)
    assert clinics.day.check_in(by(person), tonight).state == "arrived"
    early, other = (
        a_session(a_roster(evening.house), starts_at=at(MORNING, days=1, hour=1)),
        a_resident(),
    )
    clinics.book(by(other), early.id)
    assert refused(other, tonight) == "check-in-code-over"
    assert clinics.day.check_in(by(other), evening.code()).state == "arrived"


def test_the_code_changes_at_midnight_in_shanghai(day: Day) -> None:
    day.clock.at = datetime(2026, 11, 23, 15, 59, 59, tzinfo=SHANGHAI).replace(hour=23)
    last = clinics.day.house_code(by(day.nurse))
    day.clock.at = datetime(2026, 11, 24, 0, 0, tzinfo=SHANGHAI)
    assert clinics.day.house_code(by(day.nurse)) != last


def test_a_relative_may_where_it_may_book(day: Day) -> None:
    person = a_resident()
    day.booked(person)
    day.clock.at = day.begin
    helper = acting_for(a_relative(person, Scope.BOOK), person)
    assert clinics.day.check_in(helper, day.code()).state == "arrived"
    other = acting_for(a_relative(person, Scope.RESULTS), person)
    with pytest.raises(Forbidden):
        clinics.day.check_in(other, day.code())


def test_a_seat_kept_from_a_relative_is_not_there_for_it(day: Day) -> None:
    person = a_resident()
    session = a_session(a_roster(day.house, specialty="精神心理科"), starts_at=at(MORNING, hour=15))
    clinics.book(by(person), session.id)
    day.clock.at = session.starts_at
    helper = acting_for(a_relative(person, Scope.BOOK), person)
    with pytest.raises(Refusal) as told:
        clinics.day.check_in(helper, day.code())
    assert told.value.code == "nothing-here"


def test_the_desk_checks_in_by_document_and_from_the_list(day: Day) -> None:
    person, other = a_resident(), a_resident()
    day.booked(person)
    second = day.booked(other)
    day.clock.at = day.begin
    nurse = by(day.nurse)
    assert clinics.day.check_in_by_document(nurse, claim_of(person)).state == "arrived"
    held = clinics.day.hold_of_day(nurse, second.id)
    assert clinics.day.note_arrival(nurse, held).state == "arrived"
    with pytest.raises(Refusal) as told:
        clinics.day.check_in_by_document(nurse, claim_of(a_resident()))
    assert told.value.code == "nothing-here"


def test_another_houses_desk_neither_sees_nor_records(day: Day) -> None:
    booked = day.booked()
    stranger = by(a_member_of_staff(Role.NURSE, "别家护士", a_centre().id))
    day.clock.at = day.begin
    with pytest.raises(NotFound):
        clinics.day.hold_of_day(stranger, booked.id)
    with pytest.raises(NotFound):
        clinics.day.session_of_day(stranger, day.session.id)
    with pytest.raises(Forbidden):
        clinics.day.note_arrival(stranger, db.session.get_one(clinics.Booking, booked.id))


def test_the_desk_sees_a_day_on_that_day_only(day: Day) -> None:
    tomorrow = a_session(a_roster(day.house), starts_at=at(MORNING, days=1, hour=9))
    booked = clinics.book(by(a_resident()), tomorrow.id)
    with pytest.raises(NotFound):
        clinics.day.hold_of_day(by(day.nurse), booked.id)
    day.clock.at = datetime(2026, 11, 24, 0, 0, tzinfo=SHANGHAI)
    assert clinics.day.hold_of_day(by(day.nurse), booked.id).id == booked.id


def test_who_cancelled_is_not_there(day: Day) -> None:
    person = a_resident()
    booked = day.booked(person)
    clinics.cancel(by(person), clinics.hold(by(person), booked.id))
    day.clock.at = day.begin
    assert refused(person, day.code()) == "nothing-here"
    with pytest.raises(IllegalMove):
        clinics.day.note_arrival(by(day.nurse), clinics.day.hold_of_day(by(day.nurse), booked.id))


def a_card(day: Day, person: identity.Resident) -> clinics.day.Issued:
    return clinics.day.issue_card(by(day.nurse), claim_of(person))


def test_a_paper_card_checks_in_at_the_desk(day: Day) -> None:
    person = a_resident(account=False)
    card = a_card(day, person)
    row = db.session.get_one(clinics.day.PaperCard, card.id)
    assert card.code.encode() not in row.code_index
    ctx = by(day.nurse)
    session = day.session
    clinics.book_at_desk(ctx, claim_of(person), session.id)
    day.clock.at = day.begin
    assert clinics.day.check_in_by_card(by(day.nurse), card.code).state == "arrived"


def test_a_new_card_makes_the_old_one_void(day: Day) -> None:
    person = a_resident()
    day.booked(person)
    old, new = a_card(day, person), a_card(day, person)
    day.clock.at = day.begin
    with pytest.raises(Refusal, match="停用") as told:
        clinics.day.check_in_by_card(by(day.nurse), old.code)
    assert told.value.code == "card-unknown"
    assert clinics.day.check_in_by_card(by(day.nurse), new.code).state == "arrived"


def test_a_revoked_card_opens_nothing(day: Day) -> None:
    person = a_resident()
    card = a_card(day, person)
    assert clinics.day.revoke_card(by(day.nurse), claim_of(person)) == person.id
    for act in (clinics.day.check_in_by_card, clinics.day.card_face):
        with pytest.raises(Refusal, match="停用"):
            act(by(day.nurse), card.code)
    with pytest.raises(Refusal, match="补一张"):
        clinics.day.revoke_card(by(day.nurse), claim_of(person))


def test_a_card_shows_a_family_name_and_nothing_else_of_the_person(day: Day) -> None:
    person = a_resident("欧阳小红")
    face = clinics.day.card_face(by(day.nurse), a_card(day, person).code)
    assert (face.name, face.house) == ("欧***", day.house.name)
    assert clinics.day.pdf(face).startswith(b"%PDF")
    assert b"<svg" in clinics.day.svg(face.code)
    assert clinics.day.png(face.code).startswith(b"\x89PNG")


def test_only_a_desk_hands_out_cards(day: Day) -> None:
    person = a_resident()
    for actor in (by(day.expert), by(person)):
        with pytest.raises(Forbidden):
            clinics.day.issue_card(actor, claim_of(person))
