"""The end of contracts; its callers have asked whether they may."""

from uuid import UUID

from backend.contracting.events import ContractEnded
from backend.contracting.models import Contract, State
from backend.contracting.rules import EndReason
from backend.kernel import relations
from backend.kernel.context import Context
from backend.kernel.events import record


def end(
    ctx: Context, over: list[Contract], state: State, reason: EndReason, who: UUID | None
) -> None:
    """End contracts and the relations that came from them; `who` is nobody where it just ends."""
    for contract in over:
        contract.state, contract.end_reason = state, reason
        contract.closed_at, contract.closed_by = ctx.at, who
        contract.ended_by_kinship = None if reason is EndReason.EXPIRED else ctx.by_kinship
    relations.part(ctx, [contract.id for contract in over])
    record(
        ctx,
        *(ContractEnded(row.resident_id, row.id, row.team_id, reason) for row in over),
    )
