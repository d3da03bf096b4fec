"""One person's several WeChat accounts: which they are, and "this was not me"."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from backend.identity import binding, policy, queries
from backend.identity.errors import NewerAccount
from backend.identity.models import Account, Ending, Resident
from backend.kernel.context import Context
from backend.kernel.database import db, held
from backend.kernel.errors import NotFound
from backend.kernel.policy import admitted


@admitted(policy.own_account)
def accounts(ctx: Context) -> Sequence[Account]:
    """The accounts that stand for the acting person, those bound at a desk first."""
    return db.session.execute(queries.accounts_in_order(ctx.oneself)).scalars().all()


@admitted(policy.own_account)
def object_to(ctx: Context, account_id: UUID) -> Sequence[Account]:
    """ "This was not me": a later account stands for nobody and is logged out; returns the rest.

    Raises `NotFound`, and `NewerAccount` where the account was there before the acting one, or was
    bound at a desk and the acting one was not.
    """
    resident = held(select(Resident).where(Resident.id == ctx.oneself))
    own = binding.accounts_of(resident.id)
    order = [account.id for account in own]
    if account_id not in order:
        raise NotFound
    if order.index(account_id) <= order.index(ctx.actor.id):
        raise NewerAccount
    stranger, mine = own[order.index(account_id)], own[order.index(ctx.actor.id)]
    if resident.phone == stranger.phone:
        resident.phone = mine.phone
    binding.free(ctx, resident.id, [stranger], Ending.ENDED_ELSEWHERE)
    return [account for account in own if account is not stranger]
