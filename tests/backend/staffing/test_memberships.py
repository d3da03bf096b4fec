"""Belonging to teams and houses: dated, kept, and read by the date."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from conftest import MORNING
from contract_builders import a_team, join
from flask import Flask
from people import a_member_of_staff, by
from staffing_builders import a_consortium, a_manager, stepped_up

from backend import identity, staffing
from backend.kernel.clock import FixedClock
from backend.kernel.context import STAFF, Role
from backend.kernel.database import db
from backend.kernel.errors import Forbidden, Invalid, NotFound, StepUpNeeded
from backend.kernel.paging import Wanted
from backend.kernel.relations import Belonging, Membership
from backend.staffing.errors import AlreadyLeft, AlreadyMember, NotYoursToGrant

NEXT_WEEK = MORNING + timedelta(days=7)
AFTER = MORNING + timedelta(days=14)


def parties(person: identity.Staff) -> frozenset[UUID]:
    return by(person).actor.parties


def test_a_membership_takes_effect_and_ends_by_the_date(app: Flask, clock: FixedClock) -> None:
    (house,) = a_consortium("")
    team, nurse = a_team(house), a_member_of_staff(Role.NURSE, institution=house.id)
    staffing.begin_membership(
        by(a_manager(house)), nurse, team.id, Belonging.TEAM, since=NEXT_WEEK, until=AFTER
    )
    for instant, belongs in (
        (MORNING, False),
        (NEXT_WEEK - timedelta(seconds=1), False),
        (NEXT_WEEK, True),
        (AFTER - timedelta(seconds=1), True),
        (AFTER, False),
    ):
        clock.at = instant
        assert (team.id in parties(nurse)) is belongs, instant


def test_a_person_works_in_two_houses(app: Flask) -> None:
    first, second = a_consortium()
    pharmacist = a_member_of_staff(Role.PHARMACIST, institution=first.id)
    staffing.begin_membership(by(a_manager(second)), pharmacist, second.id, Belonging.INSTITUTION)
    assert {first.id, second.id} <= parties(pharmacist)
    seen = staffing.staff(by(a_manager(second)), Wanted()).items
    assert pharmacist.id in {person.id for person in seen}


def test_a_manager_of_two_houses_manages_both(app: Flask) -> None:
    first, second = a_consortium()
    manager = a_manager(first)
    whole = stepped_up(a_manager(first, Role.CONSORTIUM_MANAGER))
    staffing.begin_membership(whole, manager, second.id, Belonging.INSTITUTION)
    assert by(manager).actor.houses == {first.id, second.id}


def test_nobody_is_made_manager_of_a_second_house_but_by_who_appoints_managers(app: Flask) -> None:
    own, other = a_consortium()
    stranger, whole = a_manager(other), a_manager(own, Role.CONSORTIUM_MANAGER)
    for ctx, refusal in (
        (by(a_manager(own)), StepUpNeeded),
        (stepped_up(a_manager(own)), NotYoursToGrant),
        (by(whole), StepUpNeeded),
    ):
        with pytest.raises(refusal):
            staffing.begin_membership(ctx, stranger, own.id, Belonging.INSTITUTION)
    staffing.begin_membership(stepped_up(whole), stranger, own.id, Belonging.INSTITUTION)
    assert by(stranger).actor.houses == {own.id, other.id}


@pytest.mark.parametrize("since", [None, NEXT_WEEK])
def test_a_guest_who_becomes_a_manager_at_home_manages_no_house_that_took_them_in(
    app: Flask, clock: FixedClock, since: datetime | None
) -> None:
    (own,), (home,) = a_consortium("客座院"), a_consortium("本院")
    guest = a_member_of_staff(Role.PHARMACIST, institution=home.id)
    host = by(a_manager(own))
    staffing.begin_membership(host, guest, own.id, Belonging.INSTITUTION, since=since)
    chief = stepped_up(a_manager(home, Role.CONSORTIUM_MANAGER))
    staffing.give_role(chief, guest, Role.MANAGER, "主任")
    for clock.at in (MORNING, NEXT_WEEK):
        assert by(guest).actor.houses == {home.id}


def test_history_is_kept(app: Flask, clock: FixedClock) -> None:
    (house,) = a_consortium("")
    team, nurse = a_team(house), a_member_of_staff(Role.NURSE, institution=house.id)
    manager = a_manager(house)
    row = staffing.begin_membership(by(manager), nurse, team.id, Belonging.TEAM)
    clock.at = NEXT_WEEK
    held = staffing.hold_membership(by(manager), nurse.id, row.id)
    staffing.end_membership(by(manager), held)
    assert team.id not in parties(nurse)
    staffing.begin_membership(by(manager), nurse, team.id, Belonging.TEAM)
    told = [
        (one.valid_from, one.valid_until) for one in staffing.memberships(by(manager), nurse.id)
    ]
    assert told == [(MORNING, NEXT_WEEK), (NEXT_WEEK, None)]
    with pytest.raises(Invalid):
        staffing.end_membership(by(manager), held)


def test_what_has_not_begun_can_be_called_off(app: Flask, clock: FixedClock) -> None:
    (house,) = a_consortium("")
    team, nurse = a_team(house), a_member_of_staff(Role.NURSE, institution=house.id)
    ctx = by(a_manager(house))
    row = staffing.begin_membership(ctx, nurse, team.id, Belonging.TEAM, since=NEXT_WEEK)
    staffing.end_membership(ctx, row)
    clock.at = NEXT_WEEK
    assert team.id not in parties(nurse)


def test_nobody_belongs_twice_and_a_team_has_one_lead(app: Flask) -> None:
    (house,) = a_consortium("")
    team, nurse = a_team(house), a_member_of_staff(Role.NURSE, institution=house.id)
    ctx = by(a_manager(house))
    join(nurse, team)
    with pytest.raises(AlreadyMember):
        staffing.begin_membership(ctx, nurse, team.id, Belonging.TEAM, since=NEXT_WEEK)
    doctor = a_member_of_staff(Role.DOCTOR, institution=house.id)
    with pytest.raises(AlreadyMember):
        staffing.begin_membership(ctx, doctor, team.id, Belonging.TEAM_LEAD)


@pytest.mark.parametrize(
    ("since", "until"),
    [
        (MORNING - timedelta(seconds=1), None),
        (NEXT_WEEK, NEXT_WEEK),
        (AFTER, NEXT_WEEK),
    ],
)
def test_the_dates_must_make_sense(app: Flask, since: object, until: object) -> None:
    (house,) = a_consortium("")
    nurse = a_member_of_staff(Role.NURSE, institution=house.id)
    with pytest.raises(Invalid):
        staffing.begin_membership(
            by(a_manager(house)),
            nurse,
            a_team(house).id,
            Belonging.TEAM,
            since=since,  # type: ignore[arg-type]
            until=until,  # type: ignore[arg-type]
        )


def test_another_house_decides_for_itself(app: Flask) -> None:
    own, other = a_consortium()
    nurse = a_member_of_staff(Role.NURSE, institution=own.id)
    ctx = by(a_manager(own))
    for party, belonging in (
        (a_team(other).id, Belonging.TEAM),
        (other.id, Belonging.INSTITUTION),
        (nurse.id, Belonging.TEAM),
    ):
        with pytest.raises(NotFound):
            staffing.begin_membership(ctx, nurse, party, belonging)
    elsewhere = a_team(other)
    join(nurse, elsewhere)
    row = db.session.query(Membership).filter_by(party_id=elsewhere.id, staff_id=nurse.id).one()
    with pytest.raises(NotFound):
        staffing.hold_membership(ctx, nurse.id, row.id)


def test_a_deputys_belonging_is_arranged_by_the_absence(app: Flask) -> None:
    (house,) = a_consortium("")
    nurse = a_member_of_staff(Role.NURSE, institution=house.id)
    with pytest.raises(Invalid):
        staffing.begin_membership(by(a_manager(house)), nurse, a_team(house).id, Belonging.DEPUTY)


def test_who_has_left_is_taken_in_nowhere(app: Flask) -> None:
    (house,) = a_consortium("")
    nurse = a_member_of_staff(Role.NURSE, institution=house.id)
    nurse.left_at = NEXT_WEEK
    with pytest.raises(AlreadyLeft):
        staffing.begin_membership(
            by(a_manager(house)), nurse, a_team(house).id, Belonging.TEAM, since=NEXT_WEEK
        )


@pytest.mark.parametrize("role", sorted(STAFF - {Role.MANAGER, Role.CONSORTIUM_MANAGER}))
def test_only_managers_arrange_it(app: Flask, role: Role) -> None:
    (house,) = a_consortium("")
    person = a_member_of_staff(role, institution=house.id)
    with pytest.raises(Forbidden):
        staffing.begin_membership(by(person), person, a_team(house).id, Belonging.TEAM)
    with pytest.raises(NotFound):
        staffing.member(by(person), a_manager(house).id)
