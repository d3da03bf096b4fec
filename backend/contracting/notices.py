"""What we tell whom about contracts."""

from backend import messaging
from backend.contracting import queries
from backend.contracting.events import (
    ContractAccepted,
    ContractActivated,
    ContractEnded,
    ContractWithdrawn,
)
from backend.contracting.models import State
from backend.contracting.rules import BY_RESIDENT, EndReason
from backend.kernel.context import Context
from backend.messaging import MessageKind, To

OWN_DOING = frozenset({*BY_RESIDENT, EndReason.DISPUTED})


def ask_to_confirm(ctx: Context, accepted: ContractAccepted) -> None:
    """The team said yes: the resident is asked to read and confirm."""
    if queries.find(ctx, accepted.contract_id).state is not State.ACCEPTED:
        return
    to = To.resident(accepted.resident_id)
    messaging.queue(ctx, MessageKind.CONTRACT_ACCEPTED, to, accepted.contract_id, "accepted", {})


def stop_asking(ctx: Context, settled: ContractActivated | ContractWithdrawn) -> None:
    """What waits to be sent is not needed any more."""
    messaging.withdraw(ctx, settled.contract_id, MessageKind.CONTRACT_ACCEPTED)


def tell_of_the_end(ctx: Context, ended: ContractEnded) -> None:
    """The resident is told, unless it was their own doing a moment ago."""
    if ended.reason in OWN_DOING:
        return
    to = To.resident(ended.resident_id)
    messaging.queue(ctx, MessageKind.CONTRACT_ENDED, to, ended.contract_id, "ended", {})
