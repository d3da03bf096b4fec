"""What has happened to long prescriptions."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from backend.kernel.events import Event
from backend.prescriptions.models import State
from backend.prescriptions.order import Stop, Turn


@dataclass(frozen=True)
class PrescriptionRequested(Event):
    """A resident asked her team for a long prescription."""

    resident_id: UUID
    prescription_id: UUID
    team_id: UUID


@dataclass(frozen=True)
class PrescriptionConfirmed(Event):
    """The resident agreed to having drugs for so many days."""

    resident_id: UUID
    prescription_id: UUID
    days: int


@dataclass(frozen=True)
class PrescriptionIssued(Event):
    """A doctor prescribed; the pharmacist is next."""

    resident_id: UUID
    prescription_id: UUID
    institution_id: UUID
    days: int
    turn: Turn


@dataclass(frozen=True)
class PrescriptionReviewed(Event):
    """A pharmacist passed it; the drugs can be collected."""

    resident_id: UUID
    prescription_id: UUID


@dataclass(frozen=True)
class PrescriptionReturned(Event):
    """A pharmacist sent it back to the doctor."""

    resident_id: UUID
    prescription_id: UUID


@dataclass(frozen=True)
class PrescriptionDispensed(Event):
    """The drugs were handed over and last until the day before `runs_out_on`."""

    resident_id: UUID
    prescription_id: UUID
    runs_out_on: date


@dataclass(frozen=True)
class PrescriptionEnded(Event):
    """Nothing more follows from it; `reason` where it was stopped (LP-11)."""

    resident_id: UUID
    prescription_id: UUID
    state: State
    reason: Stop | None = None
