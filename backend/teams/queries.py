"""How teams are found; they are public, so everybody may read them."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, ScalarSelect, func, or_, select

from backend import identity, network
from backend.kernel import relations
from backend.kernel.context import Context, Role
from backend.kernel.database import db, held, one
from backend.kernel.paging import Page, Wanted, page
from backend.kernel.relations import Belonging, Kind, Membership, Relation
from backend.teams import policy
from backend.teams.models import Absence, Team
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
    """Who leads the team now: the lead's deputy while the lead is away."""
    staff = _staff_of(ctx, [team_id]).get(team_id, {})
    lead = next((person for person, leads in staff.items() if leads), None)
    return lead and answering(ctx, lead)


def members_of(ctx: Context, team_id: UUID) -> list[UUID]:
    """The staff of the team now, each once, the lead first; deputies in place of the absent."""
    staff = list(_staff_of(ctx, [team_id]).get(team_id, {}))
    deputies = _deputies(ctx, staff)
    return list(dict.fromkeys(deputies.get(person, person) for person in staff))


def answering(ctx: Context, staff_id: UUID) -> UUID:
    """Who answers for this person today: the deputy during an absence, else the person."""
    return _deputies(ctx, [staff_id]).get(staff_id, staff_id)


def led_by(ctx: Context, staff_id: UUID) -> list[UUID]:
    """Who leads the teams that this person belongs to, or their deputies; oneself left out."""
    mine = select(Membership.party_id).where(
        Membership.staff_id == staff_id, Membership.kind.in_([*IN_A_TEAM, Belonging.DEPUTY])
    )
    known = db.session.execute(mine.where(_open_ones(ctx)).distinct()).scalars()
    leads = [lead_of(ctx, team_id) for team_id in sorted(known)]
    return list(dict.fromkeys(lead for lead in leads if lead and lead != staff_id))


def own_doctor(ctx: Context, team_id: UUID, staff_id: UUID) -> UUID | None:
    """As which doctor of the team this person acts: oneself, or the one who is away (FD-4).

    `None` for who is neither of the team nor stands in for a doctor of it.
    """
    staff = _staff_of(ctx, [team_id]).get(team_id, {})
    if staff_id in staff:
        return staff_id
    people = identity.staff(ctx, staff)
    stood_in_for = [away for away, deputy in _deputies(ctx, staff).items() if deputy == staff_id]
    doctors = [away for away in stood_in_for if people[away].role is Role.DOCTOR]
    return min(doctors, default=None)


def house_of(_ctx: Context, team_id: UUID) -> UUID | None:
    """The institution of a team, `None` where it is no team."""
    found = select(Team.institution_id).where(Team.id == team_id)
    return db.session.execute(found).scalar_one_or_none()


def houses_of(_ctx: Context, team_ids: Collection[UUID]) -> Mapping[UUID, UUID]:
    """The institution of each of these that is a team."""
    found = select(Team.id, Team.institution_id).where(Team.id.in_(team_ids))
    return {row.id: row.institution_id for row in db.session.execute(found)}


def of_houses(houses: Collection[UUID]) -> ScalarSelect[UUID]:
    """The teams of these institutions, for a condition."""
    return select(Team.id).where(Team.institution_id.in_(houses)).scalar_subquery()


def absence(ctx: Context, absence_id: UUID, staff_id: UUID) -> Absence:
    """An absence of this person that the actor may see, locked; raises `NotFound`."""
    theirs = select(Absence).where(Absence.id == absence_id, Absence.staff_id == staff_id)
    return held(theirs.where(policy.absences_visible_to(ctx)))


def absences(ctx: Context, staff_id: UUID) -> Sequence[Absence]:
    """Somebody's absences, the latest first."""
    found = select(Absence).where(Absence.staff_id == staff_id, policy.absences_visible_to(ctx))
    return db.session.execute(found.order_by(Absence.first_on.desc())).scalars().all()


def in_the_way(staff_ids: Collection[UUID], first_on: date, last_on: date) -> Sequence[Absence]:
    """The absences in these days in which one of these is away, or a deputy."""
    concerned = or_(Absence.staff_id.in_(staff_ids), Absence.deputy_id.in_(staff_ids))
    days = (Absence.first_on <= last_on, Absence.last_on >= first_on, Absence.ended_at.is_(None))
    return db.session.execute(select(Absence).where(concerned, *days)).scalars().all()


def deputies(ctx: Context) -> Mapping[UUID, UUID]:
    """For everybody who is away today, the deputy."""
    return _away(ctx)


def _deputies(ctx: Context, staff_ids: Collection[UUID]) -> Mapping[UUID, UUID]:
    """For each of these who is away today, the deputy."""
    return _away(ctx, Absence.staff_id.in_(staff_ids))


def _away(ctx: Context, *whose: ColumnElement[bool]) -> Mapping[UUID, UUID]:
    now = (Absence.first_on <= ctx.today, Absence.last_on >= ctx.today, Absence.ended_at.is_(None))
    away = db.session.execute(select(Absence).where(*whose, *now)).scalars()
    return {row.staff_id: row.deputy_id for row in away}


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
    rows = (
        select(Membership)
        .join(identity.Staff, identity.Staff.id == Membership.staff_id)
        .where(identity.Staff.working(ctx.at))
        .where(Membership.party_id.in_(team_ids), Membership.kind.in_(IN_A_TEAM))
        .where(_open_ones(ctx))
        .order_by(Membership.kind.desc(), Membership.valid_from, Membership.id)
    )
    found: dict[UUID, dict[UUID, bool]] = {}
    for row in db.session.execute(rows).scalars():
        leads = row.kind is Belonging.TEAM_LEAD
        found.setdefault(row.party_id, {}).setdefault(row.staff_id, leads)
    return found


def _open_ones(ctx: Context) -> ColumnElement[bool]:
    ends = or_(Membership.valid_until.is_(None), Membership.valid_until > ctx.at)
    return (Membership.valid_from <= ctx.at) & ends


def _signed(ctx: Context, team_ids: Collection[UUID]) -> Mapping[UUID, int]:
    """How many residents are signed with each team now."""
    counted = (
        select(Relation.party_id, func.count().label("signed"))
        .where(Relation.party_id.in_(team_ids), Relation.kind == Kind.SIGNED)
        .where(relations.in_force(ctx))
        .group_by(Relation.party_id)
    )
    return {row.party_id: row.signed for row in db.session.execute(counted)}
