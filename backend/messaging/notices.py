"""What we tell people about their own accounts."""

from backend import identity
from backend.kernel.context import Context
from backend.messaging.recipients import To
from backend.messaging.service import queue
from backend.messaging.wording import MessageKind


def tell_other_accounts(ctx: Context, added: identity.AccountAdded) -> None:
    """Another account stands for the person now: each of those before may say it was not me."""
    for other in added.others:
        to, kind = To.account(added.resident_id, other), MessageKind.ACCOUNT_ADDED
        queue(ctx, kind, to, added.account_id, f"{added.account_id}:{other}", {})
    if added.is_seen:
        mine = To.account(added.resident_id, added.account_id)
        queue(ctx, MessageKind.ACCOUNT_OTHERS, mine, added.account_id, "seen", {})


def tell_of_desk_request(ctx: Context, asked: identity.DeskRequested) -> None:
    """Who holds a phone of the person knows what goes on at a desk before it is done."""
    for account in asked.account_ids:
        to = To.account(asked.resident_id, account)
        queue(ctx, MessageKind.DESK_REQUESTED, to, asked.request_id, str(account), {})


def tell_freed(ctx: Context, freed: identity.AccountsFreed) -> None:
    """Each account that stands for the person no more is told, though it is a stranger's now."""
    for account in freed.account_ids:
        to, occasion = To.account(freed.resident_id, account), f"{ctx.at.isoformat()}:{account}"
        queue(ctx, MessageKind.ACCOUNT_FREED, to, account, occasion, {})
