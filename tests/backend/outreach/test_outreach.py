"""适合谁就告诉谁: proposed with reasons, decided by the family doctor, never to who has a seat."""

from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from clinic_builders import a_roster, a_session
from clinic_builders import at as day_at
from conftest import MORNING, FixedClock
from contract_builders import a_contract
from people import Http, a_resident, by, by_itself
from prescription_builders import Surgery
from sqlalchemy import select, update

from backend import clinics, followups, identity, outreach
from backend.kernel import sensitive
from backend.kernel.context import Role
from backend.kernel.database import db
from backend.kernel.errors import Forbidden, Invalid, NotFound
from backend.kernel.lifecycle import IllegalMove
from backend.kernel.paging import Wanted
from backend.kernel.relations import part_from
from backend.kernel.sensitive import Traits
from backend.kernel.subjects import Cause
from backend.messaging.models import Message
from backend.outreach.models import Suggestion
from backend.outreach.rules import outreach_of
from jobs import relay


@dataclass
class Village:
    """A team, people of it with high blood pressure, and a cardiologist who comes in five days."""

    specialty: str = "心内科"
    surgery: Surgery = field(default_factory=Surgery)

    def __post_init__(self) -> None:
        roster = a_roster(self.surgery.centre, specialty=self.specialty)
        begins = day_at(MORNING, days=5, hour=9)
        self.session = a_session(roster, starts_at=begins, capacity=8)

    def patient(self, name: str, **facts: object) -> identity.Resident:
        person = a_resident(name)
        for key, value in facts.items():
            setattr(person, key, value)
        a_contract(self.surgery.team, person)
        day = by_itself().today - timedelta(days=400)
        followups.enrol(by(self.surgery.doctor), person, day)
        return person

    def proposed(self) -> outreach.Shown:
        outreach.propose(by_itself(), self.session.id)
        return self.listed

    @property
    def listed(self) -> outreach.Shown:
        ctx = by(self.surgery.doctor)
        found = outreach.lists(ctx, Wanted()).items
        (own,) = [one.id for one in found if one.session_id == self.session.id]
        return outreach.find(ctx, own)

    def approve(self, *without: identity.Resident) -> outreach.Shown:
        ctx = by(self.surgery.doctor)
        shown = self.proposed()
        return outreach.approve(
            ctx, outreach.hold(ctx, shown.id), [person.id for person in without]
        )

    def names(self) -> list[str | None]:
        return [one.resident_name for one in self.listed.people]


def sent_all() -> list[bool]:
    ctx = by_itself()
    return [outreach.send(ctx, one) for one in outreach.to_send(ctx, [])]


def told(person: identity.Resident) -> list[str]:
    kinds = select(Message.kind).where(Message.to_resident_id == person.id)
    waiting = kinds.where(Message.kind == "clinic_suggested", Message.state == "queued")
    return [str(kind) for kind in db.session.execute(waiting).scalars()]


def dropped(person: identity.Resident) -> str | None:
    found = select(Suggestion.dropped).where(Suggestion.resident_id == person.id)
    return db.session.execute(found).scalar_one()


def test_the_list_says_in_words_why(app: object) -> None:
    village = Village()
    village.patient("王桂芬", birth_date=MORNING.date().replace(year=1950))
    shown = village.proposed()
    (line,) = shown.people
    assert line.resident_name == "王桂芬"
    assert line.reasons == ["高血压管理中", "在本区没有看过这个科室", "76岁"]
    assert (shown.state, shown.acts) == ("proposed", ["approve", "decline"])
    assert sent_all() == []


def test_who_profits_most_comes_first(app: object) -> None:
    village = Village()
    village.patient("年轻人", birth_date=MORNING.date().replace(year=1985))
    here = {"latitude": village.surgery.centre.latitude, "longitude": 120.0}
    here["longitude"] = village.surgery.centre.longitude
    village.patient("老人家", birth_date=MORNING.date().replace(year=1940), **here)
    people = village.proposed().people
    assert [one.resident_name for one in people] == ["老人家", "年轻人"]
    assert people[0].score > people[1].score
    assert people[0].reasons[-1] == "离家约0.1公里"


def test_only_who_fits_is_listed(app: object, clock: FixedClock) -> None:
    village = Village()
    village.patient("合适")
    a_contract(village.surgery.team, a_resident("无病"))
    dead = village.patient("去世")
    dead.died_on = by_itself().today
    village.patient("别再推荐")
    refuser = db.session.execute(select(identity.Resident).filter_by(name="别再推荐")).scalar_one()
    outreach.refuse(by(refuser), "心内科")
    booked = village.patient("已约")
    clinics.book(by(booked), village.session.id)
    lately = village.patient("看过了")
    before = a_session(a_roster(), starts_at=day_at(MORNING, days=1, hour=9))
    clinics.book(by(lately), before.id)
    village.proposed()
    assert village.names() == ["合适"]


def test_who_was_there_long_ago_is_listed_again(app: object, clock: FixedClock) -> None:
    village = Village()
    person = village.patient("老病人")
    old = a_session(a_roster(), starts_at=day_at(MORNING, days=1, hour=9))
    booked = clinics.book(by(person), old.id)
    booking = db.session.get_one(clinics.Booking, booked.id)
    booking.starts_at -= timedelta(days=300)
    booking.ends_at -= timedelta(days=300)
    db.session.flush()
    (line,) = village.proposed().people
    assert line.reasons[1].startswith("上次看这个科室是30")


def test_sessions_with_few_seats_or_of_a_kept_specialty_are_proposed_to_nobody(
    app: object,
) -> None:
    village, ctx = Village(), by_itself()
    assert outreach.to_propose(ctx, []) == [village.session.id]
    for _ in range(6):
        clinics.book(by(a_resident()), village.session.id)
    db.session.refresh(village.session)
    assert outreach.to_propose(ctx, []) == []
    Village(specialty="精神心理科")
    assert outreach.to_propose(ctx, []) == []


def test_what_was_proposed_once_is_not_proposed_again(app: object) -> None:
    village = Village()
    village.patient("王桂芬")
    village.proposed()
    assert outreach.to_propose(by_itself(), []) == []


def test_the_doctors_of_the_team_hear_of_it(app: object) -> None:
    village = Village()
    village.patient("王桂芬")
    village.proposed()
    relay.drain()
    found = select(Message.to_staff_id).where(Message.kind == "suggestion_to_approve")
    assert db.session.execute(found).scalars().all() == [village.surgery.doctor.id]


def test_who_was_not_removed_is_told_and_the_outcome_is_counted(
    app: object, clock: FixedClock
) -> None:
    village = Village()
    one, other = village.patient("王桂芬"), village.patient("李福生")
    shown = village.approve(other)
    assert {line.resident_name: line.state for line in shown.people} == {
        "王桂芬": "to_send",
        "李福生": "removed",
    }
    assert sent_all() == [True]
    assert (told(one), told(other)) == (["clinic_suggested"], [])
    assert [row.session_id for row in outreach.own(by(one), Wanted()).items] == [village.session.id]
    clock.at += timedelta(hours=1)
    clinics.book(by(other), village.session.id)  # by itself, so it is no success of the list
    clinics.book(by(one), village.session.id)
    assert village.listed.outcome == outreach.Outcome(2, 1, 1, 0, 1)


def test_nobody_is_told_of_a_list_that_was_declined(app: object) -> None:
    village = Village()
    person = village.patient("王桂芬")
    shown, ctx = village.proposed(), by(village.surgery.doctor)
    assert outreach.decline(ctx, outreach.hold(ctx, shown.id)).state == "declined"
    with pytest.raises(IllegalMove):
        outreach.approve(ctx, outreach.hold(ctx, shown.id))
    assert sent_all() == []
    assert dropped(person) == "declined"


def test_silence_is_a_no(app: object, clock: FixedClock) -> None:
    village = Village()
    person = village.patient("王桂芬")
    clock.at = village.proposed().answer_by
    (late,) = outreach.to_lapse(by_itself(), [])
    outreach.lapse(by_itself(), late)
    assert (sent_all(), outreach.to_lapse(by_itself(), [])) == ([], [])
    assert (village.listed.state, dropped(person)) == ("lapsed", "unanswered")


def test_who_has_a_seat_meanwhile_is_not_told(app: object) -> None:
    village = Village()
    person = village.patient("王桂芬")
    village.approve()
    clinics.book(by(person), village.session.id)
    assert sent_all() == [False]
    assert (told(person), dropped(person)) == ([], "has-place")


def test_who_booked_elsewhere_in_the_specialty_meanwhile_is_not_told(app: object) -> None:
    village = Village()
    person = village.patient("王桂芬")
    village.approve()
    clinics.book(by(person), a_session(a_roster()).id)
    assert sent_all() == [False]
    assert (told(person), dropped(person)) == ([], "fits-no-more")


def test_who_is_no_longer_under_contract_with_the_team_is_not_told(
    app: object, clock: FixedClock
) -> None:
    village = Village()
    person = village.patient("王桂芬")
    village.approve()
    clock.at += timedelta(minutes=1)
    part_from(by_itself(), person.id)
    assert sent_all() == [False]
    assert dropped(person) == "fits-no-more"


def test_seats_that_the_person_cannot_book_do_not_count(app: object) -> None:
    village, ctx = Village(), by_itself()
    person = village.patient("王桂芬")
    village.approve()
    seats = update(clinics.Seat).where(clinics.Seat.session_id == village.session.id)
    kept = {"quota": "referral", "flows_at": village.session.starts_at}
    db.session.execute(seats.values(kept))
    assert sent_all() == [False]
    assert dropped(person) == "full"
    other = Village()
    own = update(clinics.Seat).where(clinics.Seat.session_id == other.session.id)
    db.session.execute(own.values(releases_at=ctx.at + timedelta(days=1)))
    assert outreach.to_propose(ctx, []) == []
    db.session.execute(own.values(releases_at=None, quota="signed"))
    assert outreach.to_propose(ctx, []) == [other.session.id]


def test_what_a_newer_edition_keeps_from_family_is_told_to_nobody_and_labelled(
    app: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    village = Village()
    person = village.patient("王桂芬")
    village.approve()
    row = db.session.execute(select(Suggestion).filter_by(resident_id=person.id)).scalar_one()
    of_mind = sensitive.categories(by_itself())
    name, category = next((k, v) for k, v in of_mind.items() if v.covers(Traits(specialty="精神")))
    newer = {name: replace(category, specialties=("心内",))}
    monkeypatch.setattr(sensitive, "categories", lambda _ctx: newer)
    assert sent_all() == [False]
    assert dropped(person) == "kept"
    assert (outreach.relabel(by_itself()), outreach.relabel(by_itself())) == (1, 0)
    found = select(sensitive.SensitiveItem.category).filter_by(subject_id=row.id)
    assert db.session.execute(found).scalars().all() == [name]


def test_who_books_after_the_message_was_queued_is_not_told_either(app: object) -> None:
    village = Village()
    person = village.patient("王桂芬")
    village.approve()
    assert sent_all() == [True]
    clinics.book(by(person), village.session.id)
    relay.drain()
    assert told(person) == []


def test_no_person_is_told_more_often_in_a_month_than_the_region_grants(app: object) -> None:
    most = outreach_of(by_itself().region).most_per_month
    village = Village()
    person = village.patient("王桂芬")
    roster = a_roster(village.surgery.centre)
    for day in range(most + 1):
        begins = day_at(MORNING, days=5 + day, hour=14)
        session = a_session(roster, starts_at=begins)
        assert outreach.propose(by_itself(), session.id) == 1
    ctx = by(village.surgery.doctor)
    for shown in outreach.lists(ctx, Wanted()).items:
        outreach.approve(ctx, outreach.hold(ctx, shown.id))
    assert sent_all() == [True] * most + [False]
    assert outreach.propose(by_itself(), village.session.id) == 0
    assert len(told(person)) == most


def test_who_says_no_between_approval_and_sending_is_not_told(app: object) -> None:
    village = Village()
    person = village.patient("王桂芬")
    village.approve()
    assert [row.specialty for row in outreach.refuse(by(person))] == [""]
    assert sent_all() == [False]
    assert dropped(person) == "refused"
    assert list(outreach.want_again(by(person))) == []


def test_only_the_teams_doctor_decides_and_only_about_its_people(app: object) -> None:
    village, other = Village(), Village()
    village.patient("王桂芬")
    stranger = other.patient("外人")
    shown, ctx = village.proposed(), by(village.surgery.doctor)
    with pytest.raises(NotFound):
        outreach.hold(by(other.surgery.doctor), shown.id)
    with pytest.raises(Invalid):
        outreach.approve(ctx, outreach.hold(ctx, shown.id), [stranger.id])
    nurse = village.surgery.doctor
    nurse.role = Role.NURSE
    db.session.flush()
    with pytest.raises(Forbidden):
        outreach.approve(by(nurse), outreach.hold(by(nurse), shown.id))


def test_a_record_that_closes_ends_what_is_not_sent_and_is_erased(app: object) -> None:
    village = Village()
    person = village.patient("王桂芬")
    village.approve()
    outreach.refuse(by(person), "骨科")
    outreach.close(by_itself(), person.id, Cause.WITHDRAWN)
    assert sent_all() == []
    kept = outreach.export(by_itself(), person.id)
    assert [row["dropped"] for row in kept["suggestion"]] == ["closed"]
    assert [row["specialty"] for row in kept["suggestion_refusal"]] == ["骨科"]
    outreach.erase(by_itself(), person.id)
    assert set(map(len, outreach.export(by_itself(), person.id).values())) == {0}


def test_over_http_each_name_is_written_down(http: Http) -> None:
    village = Village()
    village.patient("王桂芬")
    shown = village.proposed()
    doctor = village.surgery.doctor
    answer = http("GET", f"/doctor/suggestion-lists/{shown.id}", doctor)
    assert [one["resident_name"] for one in answer.json["people"]] == ["王桂芬"]
    approved = http("POST", f"/doctor/suggestion-lists/{shown.id}/approval", doctor, json={})
    assert approved.json["state"] == "approved"
    again = http("POST", f"/doctor/suggestion-lists/{shown.id}/refusal", doctor)
    assert again.status_code == 409
