"""Rosters: drafted, looked at, published, changed; who and what cannot be in two places."""

from dataclasses import replace
from datetime import date, time
from typing import Any

import pytest
from clinic_builders import a_roster, an_expert
from contract_builders import a_centre, a_team
from flask import Flask
from people import a_member_of_staff, a_resident, by, by_itself
from roster_builders import a_plan, days_of, managing, published, session_on
from sqlalchemy import select

from backend import clinics
from backend.kernel.context import Role
from backend.kernel.database import db
from backend.kernel.errors import Forbidden, Invalid, NotFound, Refusal
from backend.kernel.lifecycle import IllegalMove
from backend.kernel.paging import Wanted
from jobs import clinics as jobs

WEDNESDAY = date(2026, 11, 25)
NEXT = date(2026, 12, 2)


def pointers(refused: Any) -> set[str]:
    return {fault.pointer for fault in refused.value.faults}


def test_nobody_counts_on_a_draft(app: Flask) -> None:
    manager = managing(a_centre())
    draft = clinics.arrange(manager, a_plan())
    assert draft.state == "draft"
    assert jobs.generate() == 0
    clinics.publish(manager, [draft.id])
    assert jobs.generate() == 3
    with pytest.raises(IllegalMove):
        clinics.publish(manager, [draft.id])


def test_a_draft_is_thrown_away_and_what_is_published_is_not(app: Flask) -> None:
    house = a_centre()
    manager = managing(house)
    draft = clinics.arrange(manager, a_plan())
    clinics.discard(manager, draft)
    with pytest.raises(NotFound):
        clinics.roster(manager, draft.id)
    with pytest.raises(IllegalMove):
        clinics.discard(manager, published(manager))
    with pytest.raises(Forbidden):
        clinics.discard(managing(a_centre()), clinics.arrange(manager, a_plan(room="别处")))


def test_a_rule_of_several_days_and_every_other_week(app: Flask) -> None:
    roster = published(managing(a_centre()), rule="FREQ=WEEKLY;INTERVAL=2;BYDAY=WE,FR")
    jobs.generate()
    fortnight = [date(2026, 11, 25), date(2026, 11, 27), date(2026, 12, 9), date(2026, 12, 11)]
    assert (roster.weekday, days_of(roster)) == (3, fortnight)


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"rule": "FREQ=DAILY"}, "/rule"),
        ({"weekday": None}, "/weekday"),
        ({"rule": "FREQ=WEEKLY;BYDAY=FR", "weekday": 3}, "/weekday"),
        ({"service": clinics.Service.WARD_ROUND}, "/capacity"),
        ({"capacity": 0}, "/capacity"),
        ({"quotas": {"signed": 21}}, "/quotas"),
        ({"quotas": {"friends": 1}}, "/quotas"),
        ({"rule": "FREQ=MONTHLY;BYDAY=5TU", "ends_on": date(2026, 11, 30)}, "/rule"),
    ],
)
def test_what_cannot_be_held_is_pointed_at(app: Flask, wrong: dict[str, Any], pointer: str) -> None:
    with pytest.raises(Invalid) as told:
        clinics.arrange(managing(a_centre()), a_plan(**wrong))
    assert pointer in pointers(told)


def test_an_expert_or_a_team_and_not_both(app: Flask) -> None:
    manager = managing(a_centre())
    for both in ({"team_id": a_team().id, "expert_id": an_expert().id}, {"expert_id": None}):
        with pytest.raises(Invalid) as told:
            clinics.arrange(manager, replace(a_plan(), **both))
        assert pointers(told) == {"/expert_id"}
    lead, nurse = (a_member_of_staff(role) for role in (Role.DOCTOR, Role.NURSE))
    crew = a_team(lead=lead, members=[nurse, a_member_of_staff(Role.PHARMACIST)])
    roster = clinics.arrange(manager, a_plan(team_id=crew.id))
    assert (roster.expert_id, roster.crew, roster.team_id) == (lead.id, [nurse.id], crew.id)


def test_nobody_of_a_crew_is_in_two_places(app: Flask) -> None:
    nurse = a_member_of_staff(Role.NURSE)
    roster = published(managing(a_centre()), crew=(nurse.id,))
    with pytest.raises(Invalid) as told:
        clinics.arrange(managing(a_centre()), a_plan(expert_id=nurse.id))
    assert pointers(told) == {"/begins"}
    jobs.generate()
    assert session_on(roster, WEDNESDAY).crew == [nurse.id]
    shown = clinics.own_rosters(by(nurse), Wanted()).items
    assert [each.id for each in shown] == [roster.id]


FAR, NEAR = (30.8703, 120.6), (30.8703, 120.0935)


@pytest.mark.parametrize(
    ("place", "begins", "fits"),
    [
        (NEAR, time(11), False),
        (NEAR, time(11, 29), False),
        (NEAR, time(11, 30), True),
        (FAR, time(12), False),
        (FAR, time(12, 50), False),
        (FAR, time(13), True),
    ],
)
def test_the_way_between_two_houses_takes_its_time(
    app: Flask, place: tuple[float, float], begins: time, fits: bool
) -> None:
    """Half an hour at least; 48 kilometres at 25 an hour are nearly two hours."""
    expert = an_expert()
    published(managing(a_centre()), expert_id=expert.id)
    later = a_plan(expert_id=expert.id, begins=begins, ends=time(16), capacity=5)
    elsewhere = managing(a_centre(at=place))
    if fits:
        assert clinics.arrange(elsewhere, later)
    else:
        with pytest.raises(Invalid) as told:
            clinics.arrange(elsewhere, later)
        assert pointers(told) == {"/begins"}


def test_in_one_house_nobody_travels(app: Flask) -> None:
    manager, expert = managing(a_centre()), an_expert()
    published(manager, expert_id=expert.id)
    assert published(manager, expert_id=expert.id, begins=time(11), ends=time(12))


def test_a_room_has_one_clinic_at_an_hour(app: Flask) -> None:
    manager = managing(a_centre())
    published(manager)
    with pytest.raises(Invalid) as told:
        clinics.arrange(manager, a_plan(room=" 二楼 3诊室", begins=time(10), ends=time(12)))
    assert pointers(told) == {"/room"}
    assert clinics.arrange(managing(a_centre()), a_plan(begins=time(10), ends=time(12)))


def test_drafts_that_clash_are_shown_and_none_is_published(app: Flask) -> None:
    house, expert = a_centre(), an_expert()
    manager = managing(house)
    drafts = [a_roster(house, expert, state="draft") for _ in range(2)]
    ids = [draft.id for draft in drafts]
    found = clinics.conflicts(manager, ids)
    hard = {(each.trouble, each.other_id) for each in found if each.is_hard}
    first, second = sorted(ids)
    assert hard == {("expert_elsewhere", first), ("room_taken", first)}
    assert {each.roster_id for each in found} == {second}
    with pytest.raises(Refusal, match="roster-clash") as told:
        clinics.publish(manager, ids)
    assert f"/rosters/{second}/begins" in pointers(told)
    assert "2026年11月25日起" in told.value.faults[0].detail
    clinics.publish(manager, [first])
    with pytest.raises(Refusal, match="roster-clash"):
        clinics.publish(manager, [second])


def test_every_other_week_two_may_share_an_hour(app: Flask) -> None:
    house, expert = a_centre(), an_expert()
    turns: dict[str, Any] = {"rule": "FREQ=WEEKLY;INTERVAL=2;BYDAY=WE", "expert_id": expert.id}
    manager = managing(house)
    published(manager, **turns)
    assert published(manager, **turns, starts_on=date(2026, 11, 30))
    with pytest.raises(Invalid):
        clinics.arrange(manager, a_plan(**turns, starts_on=date(2026, 12, 7)))


def test_anothers_drafts_do_not_exist(app: Flask) -> None:
    draft = clinics.arrange(managing(a_centre()), a_plan())
    stranger = managing(a_centre())
    for act in (clinics.conflicts, clinics.publish):
        with pytest.raises(NotFound):
            act(stranger, [draft.id])


def test_a_change_waits_until_it_is_published_and_the_booked_stay(app: Flask) -> None:
    manager = managing(a_centre())
    roster = published(manager)
    jobs.generate()
    booked = session_on(roster, WEDNESDAY)
    seat = clinics.book(by(a_resident()), booked.id)
    plan = a_plan(expert_id=roster.expert_id, begins=time(14), ends=time(16), room="三楼1诊室")
    change = clinics.revise(manager, roster, plan)
    assert (roster.begins, change.replaces_id) == (time(9), roster.id)
    (told,) = clinics.conflicts(manager, [change.id])
    assert (told.trouble, told.session_id, told.booked) == ("booked", booked.id, 1)
    done = clinics.publish(manager, [change.id])
    assert ([each.id for each in done.rosters], [each.id for each in done.left]) == (
        [roster.id],
        [booked.id],
    )
    followed = session_on(roster, NEXT)
    assert (followed.room, followed.starts_at.hour) == ("三楼1诊室", 6)
    assert session_on(roster, WEDNESDAY).room == "二楼3诊室"
    assert clinics.find(by_itself(), seat.id).state == "booked"
    assert [each.id for each in clinics.astray(manager)] == [booked.id]


def test_ward_rounds_have_no_seats_and_are_not_public(app: Flask) -> None:
    manager = managing(a_centre())
    rounds = published(manager, service=clinics.Service.WARD_ROUND, capacity=0)
    jobs.generate()
    session = session_on(rounds, WEDNESDAY)
    assert clinics.seats(by_itself(), session.id) == []
    with pytest.raises(NotFound):
        clinics.session(by_itself(), session.id)
    span = clinics.Span.of(manager, None, None)
    assert len(clinics.sessions_of_house(manager, span, Wanted()).items) == 3


def test_each_seat_at_a_lecture_stands_for_the_whole_of_it(app: Flask) -> None:
    lecture = published(managing(a_centre()), service=clinics.Service.LECTURE, capacity=40)
    jobs.generate()
    session = session_on(lecture, WEDNESDAY)
    seats = clinics.seats(by_itself(), session.id)
    whole = session.starts_at, session.ends_at
    assert {(seat.starts_at, seat.ends_at) for seat in seats} == {whole}
    assert {seat.quota for seat in seats} == {"open"}
    first = clinics.book(by(a_resident()), session.id)
    second = clinics.book(by(a_resident()), session.id)
    assert (first.starts_at, second.starts_at) == (session.starts_at, session.starts_at)


def test_a_roster_may_share_its_seats_out_otherwise_than_the_region(app: Flask) -> None:
    manager = managing(a_centre())
    usual = published(manager)
    own = published(manager, room="一楼", quotas={"referral": 3, "signed": 5}, is_scarce=True)
    jobs.generate()

    def shares(roster: clinics.Roster) -> dict[str, int]:
        seats = clinics.seats(by_itself(), session_on(roster, WEDNESDAY).id)
        return {quota: [seat.quota for seat in seats].count(quota) for quota in clinics.Quota}

    assert shares(usual) == {"referral": 2, "family_doctor": 2, "signed": 4, "open": 12}
    assert shares(own) == {"referral": 3, "family_doctor": 0, "signed": 5, "open": 12}
    assert session_on(own, WEDNESDAY).is_scarce


def test_who_has_left_holds_no_more_sessions(app: Flask) -> None:
    expert = an_expert()
    roster = published(managing(a_centre()), expert_id=expert.id)
    expert.left_at = by_itself().at.replace(month=12, day=1)
    jobs.generate()
    assert days_of(roster) == [WEDNESDAY]
    promised = select(clinics.ClinicPromise.day).filter_by(roster_id=roster.id)
    assert len(db.session.execute(promised).all()) == 3


def test_a_posting_is_several_parts_of_the_week_in_one_act(app: Flask) -> None:
    manager, expert = managing(a_centre()), an_expert()
    stay: dict[str, Any] = {"expert_id": expert.id, "ends_on": date(2027, 1, 29), "room": "一楼"}
    week = [
        a_plan(**stay, rule="FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"),
        a_plan(**stay, rule="FREQ=WEEKLY;BYDAY=MO,WE", begins=time(14), ends=time(16)),
    ]
    rosters = clinics.post(manager, week, "陆主任驻点")
    (batch,) = {each.batch_id for each in rosters}
    assert batch is not None
    clinics.publish(manager, clinics.drafts_of_batch(manager, batch))
    jobs.generate()
    assert [len(days_of(each)) for each in rosters] == [16, 7]
    with pytest.raises(Invalid) as told:
        clinics.post(manager, [a_plan(room="二楼")], "没有结束日期")
    assert pointers(told) == {"/shifts/0/ends_on"}


def test_a_manager_of_another_house_arranges_nothing_here(app: Flask) -> None:
    house = a_centre()
    with pytest.raises(Invalid) as told:
        clinics.arrange(managing(a_centre()), a_plan(institution_id=house.id))
    assert pointers(told) == {"/institution_id"}
    with pytest.raises(Forbidden):
        clinics.arrange(by(an_expert()), a_plan())
