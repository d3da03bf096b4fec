"""签约: who is signed with which team, and who waits for an answer."""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from backend import contracting, identity, teams
from backend.contracting.agreement import Parties, wording
from backend.contracting.rules import CONTRACT, ends_on, lapses_at, policy_of
from backend.kernel.calendar import SHANGHAI
from backend.kernel.context import Role
from backend.kernel.regions import Region
from backend.kernel.relations import Kind, Relation
from tools.demo_region.dice import Dice
from tools.demo_region.people import Crew, Patient, People

MONTHS, WAITING = 12, 3
WAITS = 0.01  # of the crowd that is not signed
NOON = time(12, 0, tzinfo=SHANGHAI)


@dataclass(frozen=True)
class Signed:
    """A resident under contract, and who looks after them."""

    patient: Patient
    contract: contracting.Contract
    doctor: identity.Staff
    team: teams.Team
    since: date


@dataclass
class Contracts:
    """All of them, with what hangs on them."""

    signed: list[Signed] = field(default_factory=list)
    waiting: list[contracting.Contract] = field(default_factory=list)
    agreements: list[contracting.Agreement] = field(default_factory=list)
    relations: list[Relation] = field(default_factory=list)

    @property
    def rows(self) -> list[Any]:
        """In the order of writing."""
        contracts = [each.contract for each in self.signed] + self.waiting
        return [*self.agreements, *contracts, *self.relations]


class Notary:
    """Makes the contracts up."""

    def __init__(
        self, dice: Dice, people: People, of_crew: list[tuple[Crew, teams.Team]], at: datetime
    ) -> None:
        self.dice, self.people, self.of_crew, self.at = dice, people, of_crew, at
        self.longest = MONTHS
        self.account_of = {each.resident_id: each.id for each in people.accounts}
        self.at_house = {
            house: [pair for pair in of_crew if pair[0].house is house]
            for house in {crew.house for crew, _ in of_crew}
        }
        self.found = Contracts()

    def all(self, region: Region, today: date) -> Contracts:
        """A contract for everybody signed; a few neighbours wait for the cast's team.

        The cast sign for the region's longest term, so that they stay when its clock is moved.
        """
        self.longest = max(policy_of(region, CONTRACT.on(today)).terms_months)
        for patient in self.people.patients:
            crew, team = self._team_for(patient)
            if patient.signed:
                self._sign(patient, crew, team, today)
            elif patient.key is None and self._may_wait(crew):
                self._wait(patient, team)
        return self.found

    def of_crowd(self, today: date) -> Contracts:
        """The same for people whom no visitor plays; a few of them wait, wherever they live."""
        for patient in self.people.patients:
            crew, team = self._team_for(patient)
            if patient.signed:
                self._sign(patient, crew, team, today)
            elif self.dice.random.random() < WAITS:
                self._wait(patient, team)
        return self.found

    def _team_for(self, patient: Patient) -> tuple[Crew, teams.Team]:
        there = self.at_house[patient.house]
        return there[0] if patient.key else self.dice.random.choice(there)

    def _may_wait(self, crew: Crew) -> bool:
        return crew is self.of_crew[0][0] and len(self.found.waiting) < WAITING

    def _sign(self, patient: Patient, crew: Crew, team: teams.Team, today: date) -> None:
        doctors = [person for person in crew.members if person.role is Role.DOCTOR]
        doctor = doctors[-1] if patient.key else self.dice.random.choice(doctors)
        ago = (280, 330) if patient.key else (40, 330)
        since = today - timedelta(days=self.dice.random.randint(*ago))
        moment = datetime.combine(since, NOON)
        agreement = self._agreement(patient, crew, team, moment)
        contract = self._contract(patient, team, moment, contracting.State.ACTIVE)
        contract.doctor_id = contract.answered_by = doctor.id
        contract.answered_at, contract.agreement_id = moment, agreement.id
        contract.starts_on, contract.ends_on = since, ends_on(since, contract.months)
        self._relate(contract, Kind.SIGNED, lapses_at(contract.ends_on))
        self.found.agreements.append(agreement)
        self.found.signed.append(Signed(patient, contract, doctor, team, since))

    def _wait(self, patient: Patient, team: teams.Team) -> None:
        moment = self.at - timedelta(hours=2 + len(self.found.waiting))
        contract = self._contract(patient, team, moment, contracting.State.APPLIED)
        self._relate(contract, Kind.APPLIED, None)
        self.found.waiting.append(contract)

    def _contract(
        self, patient: Patient, team: teams.Team, moment: datetime, state: contracting.State
    ) -> contracting.Contract:
        return contracting.Contract(
            id=self.dice.id(),
            resident_id=patient.row.id,
            team_id=team.id,
            institution_id=team.institution_id,
            package=contracting.Package.BASIC,
            months=self._months(patient),
            state=state,
            applied_at=moment,
            applied_by=self._account(patient.row.id),
        )

    def _agreement(
        self, patient: Patient, crew: Crew, team: teams.Team, moment: datetime
    ) -> contracting.Agreement:
        parties = Parties(
            institution=crew.house.name,
            team=team.name,
            resident=patient.row.name,
            months=self._months(patient),
        )
        text = wording(parties)
        return contracting.Agreement(
            id=self.dice.id(),
            version=text.version,
            content=text.content,
            digest=sha256(text.content).digest(),
            account_id=self._account(patient.row.id),
            agreed_at=moment,
        )

    def _relate(self, contract: contracting.Contract, kind: Kind, until: datetime | None) -> None:
        self.found.relations.append(
            Relation(
                id=self.dice.id(),
                resident_id=contract.resident_id,
                party_id=contract.team_id,
                kind=kind,
                scope=None,
                valid_from=contract.applied_at,
                valid_until=until,
                source_id=contract.id,
            )
        )

    def _months(self, patient: Patient) -> int:
        return self.longest if patient.key else MONTHS

    def _account(self, resident_id: UUID) -> UUID:
        return self.account_of[resident_id]
