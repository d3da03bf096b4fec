"""What contracting holds of a person, and how it ends."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import delete, func, select

from backend import teams
from backend.contracting import queries
from backend.contracting.ending import end
from backend.contracting.events import ContractWithdrawn
from backend.contracting.models import LIFE, LIVE, Act, Agreement, Contract, State
from backend.contracting.rules import EndReason
from backend.kernel import relations, retention
from backend.kernel.calendar import shanghai_date
from backend.kernel.context import Context
from backend.kernel.database import db
from backend.kernel.events import record
from backend.kernel.policy import admitted, by_clock
from backend.kernel.retention import Category
from backend.kernel.subjects import Cause, Consequence, Kept, Records, rows_of, told

REASONS = {Cause.DIED: EndReason.DIED}
CONFIRMED = (State.ACTIVE, State.ENDED)


@admitted(by_clock)
def export(_ctx: Context, resident_id: UUID) -> Records:
    """Every contract, and each text that was confirmed, word for word."""
    found = rows_of(Contract, Contract.resident_id == resident_id)
    texts = [contract.agreement for contract in found if contract.agreement]
    return {"contract": told(found), "agreement": [_text(text) for text in texts]}


def _text(agreement: Agreement) -> dict[str, object]:
    (shown,) = told([agreement], without=["content", "digest"])
    return {**shown, "content": agreement.content.decode(), "sha256": agreement.digest.hex()}


@admitted(by_clock)
def foresee(ctx: Context, resident_id: UUID) -> Sequence[Consequence]:
    """The contract that is live."""
    live = (Contract.resident_id == resident_id) & Contract.state.in_(LIVE)
    return [
        Consequence(contract.id, _words(contract.state, teams.find(ctx, contract.team_id).name))
        for contract in rows_of(Contract, live)
    ]


def _words(state: State, team: str) -> str:
    if state is State.ACTIVE:
        return f"与“{team}”的签约立即结束"
    return f"向“{team}”的签约申请立即撤回"


@admitted(by_clock)
def close(ctx: Context, resident_id: UUID, cause: Cause) -> None:
    """End the contract that is live, or take the application back."""
    contract = queries.hold_live(resident_id)
    if contract is None:
        return
    if contract.state is State.ACTIVE:
        reason = REASONS.get(cause, EndReason.OWN_WISH)
        end(ctx, [contract], LIFE.after(contract.state, Act.TERMINATE), reason, None)
        return
    contract.state = LIFE.after(contract.state, Act.WITHDRAW)
    contract.closed_at, contract.closed_by = ctx.at, None
    relations.part(ctx, [contract.id])
    record(ctx, ContractWithdrawn(resident_id, contract.id, contract.team_id))


@admitted(by_clock)
def kept(ctx: Context, resident_id: UUID) -> Sequence[Kept]:
    """What both sides confirmed, as long as it may be argued about."""
    confirmed = (Contract.resident_id == resident_id) & Contract.state.in_(CONFIRMED)
    found = db.session.execute(
        select(func.count(), func.max(func.coalesce(Contract.closed_at, ctx.at))).where(confirmed)
    ).one()
    if not found[0]:
        return []
    until = retention.kept_until(Category.CONTRACT, shanghai_date(found[1]), ctx.today)
    return [Kept(Category.CONTRACT, found[0], until)] if until >= ctx.today else []


@admitted(by_clock)
def erase(ctx: Context, resident_id: UUID) -> None:
    """Applications that came to nothing; the rest when its time is over."""
    if not kept(ctx, resident_id):
        retention.expunge(resident_id, Category.CONTRACT)
        return
    unmade = (Contract.resident_id == resident_id) & Contract.state.not_in(CONFIRMED)
    db.session.execute(delete(Contract).where(unmade))
