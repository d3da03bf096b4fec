"""How teams are found; they are public, so everybody may read them."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, or_, select

from backend import identity, network
from backend.kernel import relations
from backend.kernel.context import Context, Role
from backend.kernel.database import db, one
from backend.kernel.paging import Page, Wanted, page
from backend.kernel.relations import Belonging, Kind, Membership, Relation
from backend.teams.models import Team
from backend.teams.rules import Gap, gaps

IN_A_TEAM = (Belonging.TEAM_LEAD, Belonging.TEAM)


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody of a team, as the public may know them."""

    id: UUID
    name: str
    title: str
    role: Role
    is_lead: bool


@dataclass(frozen=True, slots=True)
class Profile:
    """A team, its house, its people (the lead first), and how many residents are signed now."""

    team: Team
    institution: network.Institution
    members: Sequence[Member]
    signed: int

    @property
    def doctors(self) -> int:
        """How many family doctors the team has: its capacity follows from it (FD-6)."""
        return sum(member.role is Role.DOCTOR for member in self.members)

    @property
    def gaps(self) -> list[Gap]:
        """What the team lacks by FD-5."""
        lead = next((member.role for member in self.members if member.is_lead), None)
        return gaps(lead, {member.role for member in self.members})


@dataclass(frozen=True, slots=True)
class NearTeam(Profile):
    """A team and how far its institution is, in metres."""

    metres: int


def find(_ctx: Context, team_id: UUID) -> Team:
    """One team; raises `NotFound`."""
    return one(select(Team).where(Team.id == team_id))


def teams(_ctx: Context, ids: Iterable[UUID]) -> Mapping[UUID, Team]:
    """These teams by id."""
    found = select(Team).where(Team.id.in_(list(ids)))
    return {team.id: team for team in db.session.execute(found).scalars()}


def profile(ctx: Context, team_id: UUID) -> Profile:
    """One team with its house and people; raises `NotFound`."""
    return _profiles(ctx, [find(ctx, team_id)])[0]


def profiles(ctx: Context, houses: Collection[UUID], wanted: Wanted) -> Page[Profile]:
    """The teams of these institutions, by name."""
    there = select(Team).where(Team.institution_id.in_(houses))
    found = page(there, [Team.name, Team.id], wanted)
    return Page(_profiles(ctx, found.items), found.next)


def own(ctx: Context) -> list[Profile]:
    """The teams the actor belongs to now."""
    mine = select(Team).where(Team.id.in_(ctx.actor.parties)).order_by(Team.name, Team.id)
    return _profiles(ctx, db.session.execute(mine).scalars().all())


def nearest(ctx: Context, latitude: float, longitude: float, limit: int = 10) -> list[NearTeam]:
    """The accepting teams nearest to a place (degrees, GCJ-02), nearest first."""
    metres = network.distance_m(latitude, longitude)
    found = (
        select(Team, metres)
        .join(network.Institution, network.Institution.id == Team.institution_id)
        .where(Team.is_accepting)
        .order_by(metres, Team.name, Team.id)
        .limit(limit)
    )
    near = [(team, round(far)) for team, far in db.session.execute(found)]
    known = _profiles(ctx, [team for team, _ in near])
    return [
        NearTeam(each.team, each.institution, each.members, each.signed, far)
        for each, (_, far) in zip(known, near, strict=True)
    ]


def lead_of(ctx: Context, team_id: UUID) -> UUID | None:
    """Who leads the team now."""
    staff = _staff_of(ctx, [team_id]).get(team_id, {})
    return next((person for person, leads in staff.items() if leads), None)


def members_of(ctx: Context, team_id: UUID) -> list[UUID]:
    """The staff of the team now, each once, the lead first."""
    return list(_staff_of(ctx, [team_id]).get(team_id, {}))


def _profiles(ctx: Context, found: Sequence[Team]) -> list[Profile]:
    staff_of = _staff_of(ctx, [team.id for team in found])
    people = identity.staff(ctx, {person for staff in staff_of.values() for person in staff})
    houses = network.by_ids(ctx, {team.institution_id for team in found})
    signed = _signed(ctx, [team.id for team in found])
    return [
        Profile(
            team,
            houses[team.institution_id],
            _members(staff_of.get(team.id, {}), people),
            signed.get(team.id, 0),
        )
        for team in found
    ]


def _members(staff: Mapping[UUID, bool], people: Mapping[UUID, identity.Staff]) -> Sequence[Member]:
    found = [(people[staff_id], is_lead) for staff_id, is_lead in staff.items()]
    return [Member(each.id, each.name, each.title, each.role, leads) for each, leads in found]


def _staff_of(ctx: Context, team_ids: Collection[UUID]) -> dict[UUID, dict[UUID, bool]]:
    """For each team its staff, whether they lead it, the lead first, then as they joined."""
    open_ones = or_(Membership.valid_until.is_(None), Membership.valid_until > ctx.at)
    rows = (
        select(Membership)
        .join(identity.Staff, identity.Staff.id == Membership.staff_id)
        .where(identity.Staff.working(ctx.at))
        .where(Membership.party_id.in_(team_ids), Membership.kind.in_(IN_A_TEAM))
        .where(Membership.valid_from <= ctx.at, open_ones)
        .order_by(Membership.kind.desc(), Membership.valid_from, Membership.id)
    )
    found: dict[UUID, dict[UUID, bool]] = {}
    for row in db.session.execute(rows).scalars():
        leads = row.kind is Belonging.TEAM_LEAD
        found.setdefault(row.party_id, {}).setdefault(row.staff_id, leads)
    return found


def _signed(ctx: Context, team_ids: Collection[UUID]) -> Mapping[UUID, int]:
    """How many residents are signed with each team now."""
    counted = (
        select(Relation.party_id, func.count().label("signed"))
        .where(Relation.party_id.in_(team_ids), Relation.kind == Kind.SIGNED)
        .where(relations.in_force(ctx))
        .group_by(Relation.party_id)
    )
    return {row.party_id: row.signed for row in db.session.execute(counted)}
