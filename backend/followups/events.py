"""What has happened in the follow-up programmes."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from backend.followups.form import Advice, Outcome
from backend.kernel.events import Event


@dataclass(frozen=True)
class ResidentEnrolled(Event):
    """A programme began for a resident."""

    resident_id: UUID
    enrolment_id: UUID


@dataclass(frozen=True)
class FollowUpPlanned(Event):
    """There is a next follow-up."""

    resident_id: UUID
    followup_id: UUID
    due_on: date


@dataclass(frozen=True)
class HomeReadingGiven(Event):
    """Somebody wrote down what was measured at home."""

    resident_id: UUID
    measurement_id: UUID
    followup_id: UUID


@dataclass(frozen=True)
class FollowUpFellDue(Event):
    """The day is near: the resident is reminded and the doctor has a task."""

    resident_id: UUID
    followup_id: UUID
    doctor_id: UUID
    due_on: date


@dataclass(frozen=True)
class FollowUpAcknowledged(Event):
    """Somebody of the team took the task on."""

    resident_id: UUID
    followup_id: UUID


@dataclass(frozen=True)
class FollowUpEscalated(Event):
    """Nobody took the task on in time: it went to the team lead, or to whom the lead leaves it."""

    resident_id: UUID
    followup_id: UUID
    staff_id: UUID
    due_on: date


@dataclass(frozen=True)
class FollowUpOverdue(Event):
    """Long after its day it is neither done nor given up: the team lead must know, once."""

    resident_id: UUID
    followup_id: UUID
    staff_id: UUID
    due_on: date


@dataclass(frozen=True)
class FollowUpHandedOver(Event):
    """Whoever had it left; a colleague of the team sees to it now."""

    resident_id: UUID
    followup_id: UUID
    doctor_id: UUID


@dataclass(frozen=True)
class FollowUpCompleted(Event):
    """A reading was taken and judged."""

    resident_id: UUID
    followup_id: UUID
    advice: Advice


@dataclass(frozen=True)
class FollowUpMissed(Event):
    """No reading came of it, for the reason given."""

    resident_id: UUID
    followup_id: UUID
    outcome: Outcome


@dataclass(frozen=True)
class FoundDead(Event):
    """A visit learned that the person has died."""

    resident_id: UUID
    followup_id: UUID
    staff_id: UUID
    institution_id: UUID
    known_on: date


@dataclass(frozen=True)
class FollowUpCancelled(Event):
    """It will not take place: the contract or the programme ended."""

    resident_id: UUID
    followup_id: UUID


@dataclass(frozen=True)
class EmergencyFound(Event):
    """A reading, of a visit or from home, is an emergency (H-0): the whole team must know."""

    resident_id: UUID
    measurement_id: UUID
    followup_id: UUID
    team_id: UUID


@dataclass(frozen=True)
class EnrolmentSuspended(Event):
    """Without a contract nobody follows up; the plan waits."""

    resident_id: UUID
    enrolment_id: UUID


@dataclass(frozen=True)
class EnrolmentResumed(Event):
    """A contract is in force again, and so is the plan."""

    resident_id: UUID
    enrolment_id: UUID


@dataclass(frozen=True)
class EnrolmentEnded(Event):
    """The programme ended (C-3); `reason` is the form's code."""

    resident_id: UUID
    enrolment_id: UUID
    reason: int
