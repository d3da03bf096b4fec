"""A person of whom every feature holds something, and what it takes to see that it is gone."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from clinic_builders import a_roster, a_session
from contract_builders import a_contract, a_team, join
from people import a_member_of_staff, a_resident, by, by_itself
from prescription_builders import a_draft, a_drug
from sqlalchemy import inspect

from backend import clinics, contracting, followups, identity, messaging, prescriptions
from backend.followups import Findings, Way
from backend.kernel.context import Context, Role
from backend.kernel.database import db
from backend.messaging import MessageKind, To


@dataclass
class Life:
    """A signed patient with a seat, a prescription under way, a follow-up, a message waiting."""

    name: str = "王桂芬"
    resident_id: UUID = field(init=False)
    contract_id: UUID = field(init=False)
    doctor_id: UUID = field(init=False)
    house_id: UUID = field(init=False)
    booking_id: UUID = field(init=False)
    session_id: UUID = field(init=False)
    prescription_id: UUID = field(init=False)

    def __post_init__(self) -> None:
        team = a_team()
        self.house_id = team.institution_id
        doctor = a_member_of_staff(Role.DOCTOR, "钱医生", team.institution_id)
        self.doctor_id = doctor.id
        join(doctor, team)
        self.resident_id = a_resident(self.name).id
        self.contract_id = a_contract(team, self.resident).id
        followups.enrol(by(doctor), self.resident, date(2020, 5, 6))
        session = a_session(a_roster())
        self.session_id = session.id
        self.booking_id = clinics.book(by(self.resident), session.id).id
        drug = a_drug()
        wanted = prescriptions.request(
            by(self.resident),
            drugs=[drug.code],
            days=56,
            institution_id=self.house_id,
        )
        digest = prescriptions.confirmation_text(wanted).digest
        prescriptions.confirm(by(self.resident), wanted, digest)
        issued = prescriptions.issue(by(self.doctor), wanted, a_draft(drug))
        self.prescription_id = issued.id
        self.told("follow-up")

    @property
    def resident(self) -> identity.Resident:
        """The person; found anew, for a job ends the session."""
        return db.session.get_one(identity.Resident, self.resident_id)

    @property
    def doctor(self) -> identity.Staff:
        """The family doctor."""
        return db.session.get_one(identity.Staff, self.doctor_id)

    @property
    def contract(self) -> contracting.Contract:
        """The contract."""
        return db.session.get_one(contracting.Contract, self.contract_id)

    @property
    def clock(self) -> Context:
        return by_itself()

    def told(self, occasion: str, kind: MessageKind = MessageKind.PRESCRIPTION_READY) -> None:
        """A message waits for the person."""
        messaging.queue(
            self.clock, kind, To.resident(self.resident_id), self.contract_id, occasion, {}
        )

    def visited(self) -> followups.FollowUp:
        """The doctor measured the person's pressure at a visit."""
        visit = self.visit
        found = Findings(way=Way.CLINIC, systolic=152, diastolic=94, note="按时服药")
        return followups.complete(by(self.doctor), visit, found)

    @property
    def visit(self) -> followups.FollowUp:
        """The follow-up planned last."""
        found = db.select(followups.FollowUp).filter_by(resident_id=self.resident_id)
        newest = found.order_by(followups.FollowUp.id.desc()).limit(1)
        return db.session.execute(newest).scalar_one()

    @property
    def states(self) -> dict[str, Any]:
        """Where everything stands."""
        return {
            "contract": _one(contracting.Contract, self.contract_id).state,
            "booking": _one(clinics.Booking, self.booking_id).state,
            "prescription": _one(prescriptions.Prescription, self.prescription_id).state,
            "follow-up": self.visit.state,
            "waiting": [row.state for row in messaging.planned_for(self.resident_id)].count(
                "queued"
            ),
        }


def fresh(person: identity.Resident) -> identity.Resident:
    """The same person in the session of now, for a job ended the one before."""
    (person_id,) = inspect(person).identity
    return db.session.get_one(identity.Resident, person_id)


UNDER_WAY = {
    "contract": "active",
    "booking": "booked",
    "prescription": "issued",
    "follow-up": "scheduled",
    "waiting": 1,
}
OVER = {
    "contract": "ended",
    "booking": "cancelled",
    "prescription": "withdrawn",
    "follow-up": "cancelled",
    "waiting": 0,
}


def _one(model: Any, row_id: UUID) -> Any:
    row = db.session.get_one(model, row_id)
    db.session.refresh(row)
    return row
