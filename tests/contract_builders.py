"""Institutions, teams and contracts of the tests."""

from typing import Any
from uuid import UUID

from people import a_member_of_staff, a_resident, by

from backend import contracting, identity, network, teams
from backend.kernel import entry
from backend.kernel.context import Context, Role
from backend.kernel.database import db
from backend.kernel.ids import new_id
from backend.kernel.relations import Belonging, Membership

CENTRE = (30.8703, 120.0933)


def a_centre(at: tuple[float, float] = CENTRE, name: str = "", **facts: Any) -> network.Institution:
    """A community centre; its name is unique unless given."""
    centre = network.Institution(
        name=name or f"示例社区卫生服务中心{new_id().hex[-8:]}",
        level=network.Level.CENTRE,
        address="示例路1号",
        latitude=at[0],
        longitude=at[1],
        is_example=True,
        **facts,
    )
    db.session.add(centre)
    db.session.flush()
    return centre


def a_team(
    institution: network.Institution | None = None,
    *,
    lead: identity.Staff | None = None,
    members: list[identity.Staff] | None = None,
    name: str = "",
    is_accepting: bool = True,
) -> teams.Team:
    """A team with a leading doctor and a nurse, unless others are given."""
    house = institution or a_centre()
    team = teams.Team(
        institution_id=house.id,
        name=name or f"示例团队{new_id().hex[-8:]}",
        introduction="全科医生和护士一起照顾您。",
        is_accepting=is_accepting,
    )
    db.session.add(team)
    db.session.flush()
    join(lead or a_member_of_staff(Role.DOCTOR, "周文", house.id), team, Belonging.TEAM_LEAD)
    nurse = [a_member_of_staff(Role.NURSE, "沈护士", house.id, "主管护师")]
    for person in nurse if members is None else members:
        join(person, team)
    return team


def join(person: identity.Staff, team: teams.Team, kind: Belonging = Belonging.TEAM) -> None:
    """This person belongs to the team from now on."""
    row = Membership(staff_id=person.id, party_id=team.id, kind=kind, valid_from=entry.moment())
    db.session.add(row)
    db.session.flush()


def lead_of(team: teams.Team) -> identity.Staff:
    """The doctor who leads the team."""
    return _staff(team, Belonging.TEAM_LEAD)


def nurse_of(team: teams.Team) -> identity.Staff:
    """The first member who does not lead."""
    return _staff(team, Belonging.TEAM)


def _staff(team: teams.Team, kind: Belonging) -> identity.Staff:
    wanted = db.session.query(Membership).filter_by(party_id=team.id, kind=kind)
    staff_id: UUID = wanted.order_by(Membership.id).first().staff_id
    return db.session.get_one(identity.Staff, staff_id)


def an_application(
    team: teams.Team | None = None, resident: identity.Resident | None = None, *, months: int = 12
) -> contracting.Contract:
    """A resident applied to a team."""
    wanted = team or a_team()
    return contracting.apply(by(resident or a_resident()), wanted.id, months)


def an_accepted(
    team: teams.Team | None = None, resident: identity.Resident | None = None, *, months: int = 12
) -> contracting.Contract:
    """The team's lead said yes."""
    wanted = team or a_team()
    contract = an_application(wanted, resident, months=months)
    return contracting.accept(by(lead_of(wanted)), contract)


def a_contract(
    team: teams.Team | None = None, resident: identity.Resident | None = None, *, months: int = 12
) -> contracting.Contract:
    """An active contract, made as people make it: applied, accepted, read and confirmed."""
    person = resident or a_resident()
    return confirmed(by(person), an_accepted(team, person, months=months))


def confirmed(ctx: Context, contract: contracting.Contract) -> contracting.Contract:
    """The resident confirms the text as it stands."""
    text = contracting.agreement(ctx, contract)
    assert text is not None
    return contracting.confirm(ctx, contract, text.version, text.sha256)


def resident_of(contract: contracting.Contract) -> identity.Resident:
    """Whose contract it is."""
    return db.session.get_one(identity.Resident, contract.resident_id)


def team_of(contract: contracting.Contract) -> teams.Team:
    """Whom it is with."""
    return db.session.get_one(teams.Team, contract.team_id)
