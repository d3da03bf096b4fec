"""Finding a team, and who is in it."""

from datetime import timedelta

import pytest
from contract_builders import a_centre, a_team, join, lead_of, nurse_of
from flask import Flask
from people import a_member_of_staff, a_resident, by, by_itself

from backend import teams
from backend.kernel import relations
from backend.kernel.clock import FixedClock
from backend.kernel.context import Role
from backend.kernel.database import db
from backend.kernel.errors import NotFound
from backend.kernel.ids import new_id
from backend.kernel.paging import Wanted
from backend.kernel.relations import Belonging, Kind, Membership


def test_the_lead_comes_first_and_is_named_once(app: Flask) -> None:
    team = a_team()
    join(lead_of(team), team)
    ctx = by_itself()
    assert teams.lead_of(ctx, team.id) == lead_of(team).id
    assert teams.members_of(ctx, team.id)[0] == lead_of(team).id
    assert len(teams.members_of(ctx, team.id)) == 2
    assert [m.is_lead for m in teams.profile(ctx, team.id).members] == [True, False]


def test_who_left_is_no_member(app: Flask, clock: FixedClock) -> None:
    team = a_team()
    row = db.session.query(Membership).filter_by(party_id=team.id, kind=Belonging.TEAM).one()
    row.valid_until = by_itself().at
    db.session.flush()
    assert teams.members_of(by_itself(), team.id) == [lead_of(team).id]


def test_who_left_the_house_leads_nobody(app: Flask, clock: FixedClock) -> None:
    """A leave that is planned counts from its instant."""
    team = a_team()
    lead = lead_of(team)
    lead.left_at = clock.at + timedelta(hours=1)
    db.session.flush()
    assert teams.lead_of(by_itself(), team.id) == lead.id
    assert len(teams.members_of(by_itself(), team.id)) == 2
    clock.at = lead.left_at
    assert teams.lead_of(by_itself(), team.id) is None
    assert teams.members_of(by_itself(), team.id) == [nurse_of(team).id]


def test_a_team_without_members_has_no_lead(app: Flask) -> None:
    assert teams.lead_of(by_itself(), new_id()) is None
    assert teams.members_of(by_itself(), new_id()) == []
    with pytest.raises(NotFound):
        teams.profile(by_itself(), new_id())


def test_the_nearest_team_comes_first_and_one_that_is_closed_is_left_out(app: Flask) -> None:
    near, far = a_centre((30.871, 120.094)), a_centre((30.95, 120.2))
    away, close = a_team(far), a_team(near)
    a_team(near, is_accepting=False)
    found = teams.nearest(by_itself(), 30.8703, 120.0933)
    assert [one.team.id for one in found] == [close.id, away.id]
    assert 50 < found[0].metres < 200 < 10_000 < found[1].metres
    assert found[0].institution.id == near.id


def test_only_residents_signed_today_are_counted(app: Flask, clock: FixedClock) -> None:
    team, ctx = a_team(), by_itself()
    for kind in (Kind.SIGNED, Kind.SIGNED, Kind.APPLIED):
        until = ctx.at + timedelta(days=1)
        relations.relate(
            ctx, a_resident(account=False).id, team.id, kind, source_id=new_id(), until=until
        )
    db.session.flush()
    assert teams.profile(ctx, team.id).signed == 2
    clock.at += timedelta(days=1)
    assert teams.profile(by_itself(), team.id).signed == 0


def test_teams_page_by_name(app: Flask) -> None:
    house = a_centre()
    second, first = a_team(house, name="乙"), a_team(house, name="丙")
    a_team()
    one = teams.profiles(by_itself(), [house.id], Wanted(limit=1))
    two = teams.profiles(by_itself(), [house.id], Wanted(one.next, 1))
    names = sorted([first.name, second.name])
    assert [one.items[0].team.name, two.items[0].team.name] == names
    assert two.next is None


def test_staff_find_their_own_teams(app: Flask) -> None:
    team = a_team()
    a_team()
    assert [own.team.id for own in teams.own(by(nurse_of(team)))] == [team.id]
    assert teams.own(by(a_member_of_staff(Role.DOCTOR))) == []
