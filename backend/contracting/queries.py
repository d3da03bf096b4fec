"""How contracts are found; what is shown of them is limited to what the actor may see."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, select

from backend import identity, network, teams
from backend.contracting import policy
from backend.contracting.agreement import Parties, Wording, form, wording
from backend.contracting.models import LIVE, Contract, State
from backend.contracting.rules import CONTRACT, ContractPolicy, policy_of
from backend.kernel.calendar import age_on
from backend.kernel.context import Context, Scope
from backend.kernel.database import db, held, one
from backend.kernel.handovers import OpenWork
from backend.kernel.paging import Page, Wanted, page


@dataclass(frozen=True, slots=True)
class Dossier:
    """A contract with those it names; `resident` only where the actor may know them now."""

    contract: Contract
    team: teams.Team
    institution: network.Institution
    doctor: identity.Staff | None
    resident: identity.Resident | None
    age: int | None

    @property
    def resident_id(self) -> UUID:
        """Whose contract it is."""
        return self.contract.resident_id


@dataclass(frozen=True, slots=True)
class Tally:
    """How a team of an institution stands."""

    profile: teams.Profile
    applied: int
    accepted: int
    active: int
    capacity: int


def terms(ctx: Context) -> ContractPolicy:
    """What the region and the national standard lay down today."""
    return policy_of(ctx.region, CONTRACT.on(ctx.today))


def capacity(ctx: Context, doctors: int) -> int:
    """How many residents so many family doctors may have (FD-6)."""
    return doctors * terms(ctx).capacity_per_doctor


def active(ctx: Context, resident_id: UUID) -> Contract | None:
    """The contract in force today, for other features to judge by, whoever acts."""
    found = select(Contract).where(Contract.resident_id == resident_id, in_force(ctx))
    return db.session.execute(found).scalar_one_or_none()


def hold_live(resident_id: UUID) -> Contract | None:
    """What stands in the way of another application, locked and as it is now."""
    found = select(Contract).where(Contract.resident_id == resident_id, Contract.state.in_(LIVE))
    fresh = found.with_for_update().execution_options(populate_existing=True)
    return db.session.execute(fresh).scalar_one_or_none()


def in_force(ctx: Context) -> ColumnElement[bool]:
    """Active and not past its last day, whether or not the sweep has been."""
    return (Contract.state == State.ACTIVE) & (Contract.ends_on >= ctx.today)


def find(ctx: Context, contract_id: UUID) -> Contract:
    """A contract the actor may see; raises `NotFound`."""
    return one(_visible(ctx).where(Contract.id == contract_id))


def hold(ctx: Context, contract_id: UUID) -> Contract:
    """As `find`, locked until the commit."""
    return held(_visible(ctx).where(Contract.id == contract_id))


def contracts(ctx: Context, wanted: Wanted, state: State | None = None) -> Page[Dossier]:
    """The contracts the actor may see, the newest first; of one state where it is given."""
    found = _visible(ctx) if state is None else _visible(ctx).where(Contract.state == state)
    rows = page(found, [Contract.id], wanted, newest_first=True)
    return Page(_dossiers(ctx, rows.items), rows.next)


def signed(ctx: Context, wanted: Wanted, search: str | None = None) -> Page[Dossier]:
    """The residents signed with the actor's teams today, by name; those whose name has `search`."""
    people = (
        select(identity.Resident)
        .join(Contract, Contract.resident_id == identity.Resident.id)
        .where(policy.visible_to(ctx), in_force(ctx))
    )
    if search is not None:
        people = people.where(identity.Resident.name.icontains(search, autoescape=True))
    rows = page(people, [identity.Resident.name, identity.Resident.id], wanted)
    theirs = _visible(ctx).where(
        Contract.resident_id.in_([person.id for person in rows.items]), in_force(ctx)
    )
    by_resident = {row.resident_id: row for row in db.session.execute(theirs).scalars()}
    return Page(_dossiers(ctx, [by_resident[person.id] for person in rows.items]), rows.next)


def dossier(ctx: Context, contract: Contract) -> Dossier:
    """One contract with those it names."""
    return _dossiers(ctx, [contract])[0]


def tallies(ctx: Context, wanted: Wanted) -> Page[Tally]:
    """The teams of the actor's houses and how many contracts each has, by the team's name."""
    found = teams.profiles(ctx, ctx.actor.houses, wanted)
    counted = (
        _visible(ctx)
        .with_only_columns(Contract.team_id, Contract.state, func.count().label("many"))
        .where(Contract.state.in_([State.APPLIED, State.ACCEPTED]) | in_force(ctx))
        .group_by(Contract.team_id, Contract.state)
    )
    counts = {(row.team_id, row.state): row.many for row in db.session.execute(counted)}
    return Page([_tally(ctx, profile, counts) for profile in found.items], found.next)


def draft(ctx: Context, team_id: UUID, months: int) -> Wording:
    """What the acting resident would agree to with this team, to be read before applying."""
    team = teams.find(ctx, team_id)
    return _wording(ctx, team, identity.resident(ctx, ctx.person_for(Scope.SIGN)), months)


def agreement(ctx: Context, contract: Contract) -> Wording | None:
    """What was confirmed, as it was read; before that, what there is to confirm.

    Empty where the actor may no longer know the resident whom an unconfirmed text names.
    """
    if contract.agreement is not None:
        kept = contract.agreement
        return Wording(kept.version, form().title, kept.content.decode())
    people = identity.residents(ctx, [contract.resident_id])
    if contract.resident_id not in people:
        return None
    team = teams.find(ctx, contract.team_id)
    return _wording(ctx, team, people[contract.resident_id], contract.months)


def doctors_load(ctx: Context, doctor_id: UUID) -> int:
    """How many residents have this family doctor today."""
    counted = select(func.count()).select_from(Contract)
    mine = counted.where(Contract.doctor_id == doctor_id, in_force(ctx))
    return db.session.execute(mine).scalar_one()


def open_work(ctx: Context, doctor_id: UUID) -> Sequence[OpenWork]:
    """The contracts of a family doctor in the actor's houses, the first to lapse first."""
    found = db.session.execute(of_doctor(ctx, doctor_id)).scalars()
    return [OpenWork(row.id, row.resident_id, row.ends_on, moves=True) for row in found]


def of_doctor(ctx: Context, doctor_id: UUID) -> Select[Contract]:
    """What somebody answers for as family doctor now, or will once it is confirmed."""
    answered = Contract.state.in_([State.ACCEPTED, State.ACTIVE])
    here = Contract.institution_id.in_(ctx.actor.houses)
    found = select(Contract).where(Contract.doctor_id == doctor_id, answered, here)
    return found.order_by(Contract.ends_on, Contract.id)


def overdue(day: date, limit: int) -> Select[Contract]:
    """Active contracts whose last day is over, those that nobody else is ending now."""
    found = select(Contract).where(Contract.state == State.ACTIVE, Contract.ends_on < day)
    return found.order_by(Contract.id).limit(limit).with_for_update(skip_locked=True)


def _visible(ctx: Context) -> Select[Contract]:
    return select(Contract).where(policy.visible_to(ctx))


def _wording(ctx: Context, team: teams.Team, resident: identity.Resident, months: int) -> Wording:
    house = network.find(ctx, team.institution_id)
    return wording(
        Parties(institution=house.name, team=team.name, resident=resident.name, months=months)
    )


def _dossiers(ctx: Context, found: Sequence[Contract]) -> list[Dossier]:
    known = teams.teams(ctx, {row.team_id for row in found})
    houses = network.by_ids(ctx, {row.institution_id for row in found})
    doctors = identity.staff(ctx, {row.doctor_id for row in found if row.doctor_id})
    asked = {row.resident_id for row in found}
    people = identity.residents(ctx, asked)
    return [
        Dossier(
            row,
            known[row.team_id],
            houses[row.institution_id],
            doctors.get(row.doctor_id) if row.doctor_id else None,
            person := people.get(row.resident_id),
            age_on(person.birth_date, ctx.today) if person else None,
        )
        for row in found
    ]


def _tally(ctx: Context, profile: teams.Profile, counts: dict[tuple[UUID, State], int]) -> Tally:
    of = [counts.get((profile.team.id, state), 0) for state in LIVE]
    return Tally(profile, of[0], of[1], of[2], capacity(ctx, profile.doctors))
