"""What we tell whom about contracts."""

from uuid import UUID

from backend import messaging, teams
from backend.contracting import queries
from backend.contracting.events import (
    ContractAccepted,
    ContractActivated,
    ContractApplied,
    ContractDeclined,
    ContractEnded,
    ContractWithdrawn,
    DoctorChanged,
)
from backend.contracting.models import State
from backend.contracting.rules import EndReason
from backend.kernel.context import Context, Role
from backend.messaging import MessageKind, To


def ask_team(ctx: Context, applied: ContractApplied) -> None:
    """A resident applied: each doctor of the team may answer."""
    if queries.hold(ctx, applied.contract_id).state is not State.APPLIED:
        return
    for member in teams.profile(ctx, applied.team_id).members:
        if member.role is Role.DOCTOR:
            _ask(ctx, To.staff(member.id), applied.contract_id)


def _ask(ctx: Context, to: To, contract_id: UUID) -> None:
    messaging.queue(ctx, MessageKind.CONTRACT_APPLIED, to, contract_id, "applied", {})


def stop_asking_team(
    ctx: Context, answered: ContractAccepted | ContractDeclined | ContractWithdrawn
) -> None:
    """Nobody of the team needs to answer any more."""
    messaging.withdraw(ctx, answered.contract_id, MessageKind.CONTRACT_APPLIED)


def tell_declined(ctx: Context, declined: ContractDeclined) -> None:
    """The team said no: the resident is told that there is an answer."""
    to = To.resident(declined.resident_id)
    messaging.queue(ctx, MessageKind.CONTRACT_DECLINED, to, declined.contract_id, "declined", {})


def ask_to_confirm(ctx: Context, accepted: ContractAccepted) -> None:
    """The team said yes: the resident is asked to read and confirm."""
    if queries.hold(ctx, accepted.contract_id).state is not State.ACCEPTED:
        return
    to = To.resident(accepted.resident_id)
    messaging.queue(ctx, MessageKind.CONTRACT_ACCEPTED, to, accepted.contract_id, "accepted", {})


def stop_asking(ctx: Context, settled: ContractActivated | ContractWithdrawn) -> None:
    """What waits to be sent is not needed any more."""
    messaging.withdraw(ctx, settled.contract_id, MessageKind.CONTRACT_ACCEPTED)


def tell_of_the_end(ctx: Context, ended: ContractEnded) -> None:
    """The resident is told, unless it was their own doing a moment ago, or they have died."""
    by_themselves = queries.find(ctx, ended.contract_id).closed_by is not None
    if by_themselves or ended.reason is EndReason.DIED:
        return
    to = To.resident(ended.resident_id)
    messaging.queue(ctx, MessageKind.CONTRACT_ENDED, to, ended.contract_id, "ended", {})


def tell_doctor_changed(ctx: Context, changed: DoctorChanged) -> None:
    """The resident is told; staying is consent, and leaving is free at any time (FD-12)."""
    to, occasion = To.resident(changed.resident_id), changed.changed_at.isoformat()
    messaging.queue(ctx, MessageKind.DOCTOR_CHANGED, to, changed.contract_id, occasion, {})
