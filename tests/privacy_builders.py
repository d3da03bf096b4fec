"""A person of whom every feature holds something, and what it takes to see that it is gone."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from clinic_builders import a_roster, a_session
from contract_builders import a_contract, a_team, join
from people import a_member_of_staff, a_resident, by, by_itself
from prescription_builders import a_draft, a_drug

from backend import clinics, contracting, followups, identity, messaging, prescriptions, teams
from backend.followups import Findings, Way
from backend.kernel.context import Context, Role
from backend.kernel.database import db
from backend.messaging import MessageKind, To


@dataclass
class Life:
    """A signed patient with a seat, a prescription under way, a follow-up, a message waiting."""

    name: str = "王桂芬"
    resident: identity.Resident = field(init=False)
    team: teams.Team = field(init=False)
    doctor: identity.Staff = field(init=False)
    contract: contracting.Contract = field(init=False)
    booking_id: UUID = field(init=False)
    session_id: UUID = field(init=False)
    prescription_id: UUID = field(init=False)

    def __post_init__(self) -> None:
        self.team = a_team()
        self.doctor = a_member_of_staff(Role.DOCTOR, "钱医生", self.team.institution_id)
        join(self.doctor, self.team)
        self.resident = a_resident(self.name)
        self.resident_id = self.resident.id
        self.contract = a_contract(self.team, self.resident)
        followups.enrol(by(self.doctor), self.resident, date(2020, 5, 6))
        session = a_session(a_roster())
        self.session_id = session.id
        self.booking_id = clinics.book(by(self.resident), session.id).id
        drug = a_drug()
        wanted = prescriptions.request(
            by(self.resident),
            drugs=[drug.code],
            days=56,
            institution_id=self.team.institution_id,
        )
        digest = prescriptions.confirmation_text(wanted).digest
        prescriptions.confirm(by(self.resident), wanted, digest)
        issued = prescriptions.issue(by(self.doctor), wanted, a_draft(drug))
        self.prescription_id = issued.id
        self.told("follow-up")

    @property
    def clock(self) -> Context:
        return by_itself()

    def told(self, occasion: str, kind: MessageKind = MessageKind.PRESCRIPTION_READY) -> None:
        """A message waits for the person."""
        messaging.queue(
            self.clock, kind, To.resident(self.resident_id), self.contract.id, occasion, {}
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
            "contract": _one(contracting.Contract, self.contract.id).state,
            "booking": _one(clinics.Booking, self.booking_id).state,
            "prescription": _one(prescriptions.Prescription, self.prescription_id).state,
            "follow-up": self.visit.state,
            "waiting": [row.state for row in messaging.planned_for(self.resident_id)].count(
                "queued"
            ),
        }


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
