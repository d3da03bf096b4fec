"""A signed resident with her doctor, drugs of the formulary, and prescriptions on their way."""

from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

from contract_builders import a_centre, a_team
from people import a_member_of_staff, a_resident, by, by_itself

from backend import identity, network, prescriptions, teams
from backend.kernel.context import Role
from backend.kernel.database import db
from backend.kernel.ids import new_id
from backend.kernel.relations import Kind, relate
from backend.prescriptions import (
    Assessment,
    Collector,
    Draft,
    DraftLine,
    DrugClass,
    FormularyDrug,
    Handover,
    Prescription,
)

SELF = Handover(collector=Collector.SELF)
DAY = timedelta(days=1)


def a_drug(name: str = "苯磺酸氨氯地平片", **facts: Any) -> FormularyDrug:
    """A drug of the formulary: 5 mg tablets in packs of 28 unless said otherwise."""
    told = {
        "code": f"EX{new_id().hex[-10:]}",
        "drug_class": DrugClass.ORDINARY,
        "atc": "C08CA01",
        "strength": "5mg",
        "unit": "片",
        "pack_size": 28,
        "is_essential": True,
        "is_listed": True,
    }
    drug = FormularyDrug(**{"name": name, **told, **facts})
    db.session.add(drug)
    db.session.flush()
    return drug


@dataclass
class Surgery:
    """A community centre with a team, a pharmacist and a resident who has signed with the team."""

    centre: network.Institution = field(default_factory=a_centre)
    doctor: identity.Staff = field(init=False)
    pharmacist: identity.Staff = field(init=False)
    team: teams.Team = field(init=False)
    resident: identity.Resident = field(default_factory=a_resident)
    drug: FormularyDrug = field(default_factory=a_drug)
    title: str = "主治医师"

    def __post_init__(self) -> None:
        house = self.centre.id
        self.doctor = a_member_of_staff(Role.DOCTOR, "周文", house, self.title)
        self.pharmacist = a_member_of_staff(Role.PHARMACIST, "陆药师", house, "主管药师")
        self.team = a_team(self.centre, lead=self.doctor)
        sign(self.resident, self.team)

    def requested(self, days: int = 56, **facts: Any) -> Prescription:
        told = {"drugs": [self.drug.code], "institution_id": self.centre.id, "change": None}
        return prescriptions.request(by(self.resident), **{**told, "days": days, **facts})

    def confirmed(self, days: int = 56, **facts: Any) -> Prescription:
        found = self.requested(days, **facts)
        digest = prescriptions.confirmation_text(found).digest
        return prescriptions.confirm(by(self.resident), found, digest)

    def draft(self, days: int = 56, **facts: Any) -> Draft:
        return a_draft(self.drug, days, **facts)

    def issued(self, days: int = 56, **facts: Any) -> Prescription:
        draft = self.draft(days, **facts)
        return prescriptions.issue(by(self.doctor), self.confirmed(days), draft)

    def reviewed(self, days: int = 56, **facts: Any) -> Prescription:
        return prescriptions.approve(by(self.pharmacist), self.issued(days, **facts))

    def dispensed(self, days: int = 56, **facts: Any) -> Prescription:
        return prescriptions.dispense(by(self.pharmacist), self.reviewed(days, **facts), SELF)


def sign(resident: identity.Resident, team: teams.Team) -> None:
    """What a contract in force means to the others: the relation."""
    relate(by_itself(), resident.id, team.id, Kind.SIGNED, source_id=new_id())
    db.session.flush()


def an_assessment(**facts: Any) -> Assessment:
    told = {"stable": True, "adherent": True, "plan_fits": True, "educated": True}
    return Assessment(**{**told, "note": "血压平稳，按时服药，已讲解用法。", **facts})


def a_line(drug: FormularyDrug, quantity: int = 56, **facts: Any) -> DraftLine:
    told = {"dose": Decimal(1), "times_per_day": Decimal(1), "usage": "口服，每日一次，每次1片"}
    return DraftLine(**{"drug": drug.code, "quantity": quantity, **told, **facts})


def a_draft(drug: FormularyDrug, days: int = 56, **facts: Any) -> Draft:
    told: dict[str, Any] = {"diagnoses": ["I10.x00"], "assessment": an_assessment()}
    return Draft(**{"lines": [a_line(drug, days)], "days": days, **told, **facts})
