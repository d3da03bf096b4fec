"""What we tell people about their own accounts."""

from backend import identity
from backend.kernel.context import Context
from backend.messaging.service import To, queue
from backend.messaging.wording import MessageKind


def tell_other_accounts(ctx: Context, added: identity.AccountAdded) -> None:
    """Another account stands for the person now: each of those before may say it was not me."""
    for other in added.others:
        to, kind = To.account(added.resident_id, other), MessageKind.ACCOUNT_ADDED
        queue(ctx, kind, to, added.account_id, f"{added.account_id}:{other}", {})
