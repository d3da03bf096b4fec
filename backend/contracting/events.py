"""What has happened to contracts."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from backend.contracting.rules import EndReason
from backend.kernel.events import Event


@dataclass(frozen=True)
class ContractApplied(Event):
    """A resident asked a team to be theirs."""

    resident_id: UUID
    contract_id: UUID
    team_id: UUID


@dataclass(frozen=True)
class ContractAccepted(Event):
    """The team said yes; the resident has to confirm."""

    resident_id: UUID
    contract_id: UUID
    team_id: UUID
    doctor_id: UUID


@dataclass(frozen=True)
class ContractDeclined(Event):
    """The team said no; why is on the contract."""

    resident_id: UUID
    contract_id: UUID
    team_id: UUID


@dataclass(frozen=True)
class ContractWithdrawn(Event):
    """The resident took the application back before it became a contract."""

    resident_id: UUID
    contract_id: UUID
    team_id: UUID


@dataclass(frozen=True)
class ContractActivated(Event):
    """The resident confirmed the text: both sides are bound."""

    resident_id: UUID
    contract_id: UUID
    team_id: UUID


@dataclass(frozen=True)
class ContractEnded(Event):
    """The contract is over: ended early, disputed, or its term ran out."""

    resident_id: UUID
    contract_id: UUID
    team_id: UUID
    reason: EndReason


@dataclass(frozen=True)
class DoctorChanged(Event):
    """The family doctor left; a colleague of the team is it now (FD-12)."""

    resident_id: UUID
    contract_id: UUID
    team_id: UUID
    doctor_id: UUID
    changed_at: datetime
