"""Patients of the tests: signed, enrolled, and how their follow-ups are brought along."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from contract_builders import a_team, an_application, confirmed, join, lead_of, nurse_of
from people import a_member_of_staff, a_resident, by, by_itself

from backend import contracting, followups, identity, teams
from backend.followups import Findings, FollowUp, Way
from backend.kernel.calendar import SHANGHAI
from backend.kernel.clock import FixedClock
from backend.kernel.context import Role
from backend.kernel.database import db
from backend.kernel.events import EventRow

HIGH: Mapping[str, Any] = {"way": 1, "systolic": 152, "diastolic": 94}
GOOD: Mapping[str, Any] = {"way": 1, "systolic": 128, "diastolic": 82}
EMERGENCY: Mapping[str, Any] = {"way": 1, "systolic": 184, "diastolic": 112}


@dataclass
class Patient:
    """A resident with hypertension, signed with a team, and those who answer for her."""

    resident: identity.Resident
    team: teams.Team
    doctor: identity.Staff
    contract: contracting.Contract

    def __post_init__(self) -> None:
        self.resident_id = self.resident.id  # also where a sweep has closed the session

    @property
    def lead(self) -> identity.Staff:
        return lead_of(self.team)

    @property
    def nurse(self) -> identity.Staff:
        return nurse_of(self.team)

    @property
    def visits(self) -> list[FollowUp]:
        """Every follow-up of hers, in the order they were planned."""
        found = db.select(FollowUp).filter_by(resident_id=self.resident_id).order_by(FollowUp.id)
        return list(db.session.execute(found).scalars())

    @property
    def visit(self) -> FollowUp:
        """The follow-up planned last."""
        return self.visits[-1]


def a_signed_resident(name: str = "王桂芬", born: date = date(1962, 3, 8)) -> Patient:
    """A resident whose team has a lead, a nurse and a family doctor of her own."""
    team = a_team()
    doctor = a_member_of_staff(Role.DOCTOR, "钱医生", team.institution_id)
    join(doctor, team)
    resident = a_resident(name, born)
    return Patient(resident, team, doctor, sign(resident, team, doctor))


def sign(
    resident: identity.Resident, team: teams.Team, doctor: identity.Staff
) -> contracting.Contract:
    """A contract in force from now on, accepted by this doctor."""
    accepted = contracting.accept(by(doctor), an_application(team, resident))
    return confirmed(by(resident), accepted)


def leave(patient: Patient) -> None:
    """She ends the contract."""
    contracting.terminate(by(patient.resident), patient.contract, contracting.EndReason.MOVED)


def a_patient(**facts: Any) -> Patient:
    """A signed resident enrolled by her doctor; the first follow-up is a quarter ahead."""
    patient = a_signed_resident(**facts)
    followups.enrol(by(patient.doctor), patient.resident, date(2020, 5, 6))
    return patient


def a_due_patient(clock: FixedClock, **facts: Any) -> Patient:
    """A patient whose follow-up fell due: it is the morning a week before the day."""
    patient = a_patient(**facts)
    go_to(clock, patient.visit.due_on - timedelta(days=7))
    fall_due(patient)
    return patient


def fall_due(patient: Patient) -> FollowUp:
    """What the sweep does."""
    return followups.fall_due(by_itself(), patient.visit)


def go_to(clock: FixedClock, day: date, at: time = time(9, 30)) -> None:
    """It is this day, Shanghai."""
    clock.at = datetime.combine(day, at, SHANGHAI)


def found(systolic: int, diastolic: int, **more: Any) -> Findings:
    """What a visit at the centre found."""
    return Findings(**{"way": Way.CLINIC, "systolic": systolic, "diastolic": diastolic, **more})


def completed(patient: Patient, systolic: int, diastolic: int, **more: Any) -> FollowUp:
    """The doctor writes down the newest follow-up's reading."""
    return followups.complete(by(patient.doctor), patient.visit, found(systolic, diastolic, **more))


def happened(patient: Patient) -> list[str]:
    """The names of what was recorded of her follow-ups, in order."""
    rows = db.select(EventRow).filter_by(resident_id=patient.resident_id).order_by(EventRow.id)
    names = [row.name.partition(".") for row in db.session.execute(rows).scalars()]
    return [name for feature, _, name in names if feature == "followups"]
