"""What we tell both sides when a family member begins or ends to act."""

from uuid import UUID

from backend import messaging
from backend.kernel.context import Context
from backend.messaging import MessageKind, To
from backend.proxies import queries
from backend.proxies.events import (
    GuardianNarrowed,
    ProxyAsked,
    ProxyBegan,
    ProxyChanged,
    ProxyEnded,
)
from backend.proxies.models import EndReason, State


def ask_person(ctx: Context, asked: ProxyAsked) -> None:
    """Somebody asks to act for a person we know: only that person can say yes."""
    if asked.resident_id is not None:
        mandate = queries.find(ctx, asked.mandate_id)
        if mandate.state is State.ASKED:
            _tell(ctx, MessageKind.PROXY_ASKED, asked.mandate_id, "asked", asked.resident_id)


def tell_began(ctx: Context, began: ProxyBegan) -> None:
    """Both are told."""
    _tell(
        ctx, MessageKind.PROXY_BEGAN, began.mandate_id, "began", began.resident_id, began.proxy_id
    )


def tell_changed(ctx: Context, changed: ProxyChanged) -> None:
    """The family member is told what the person did."""
    occasion = f"changed {ctx.at.isoformat()}"
    _tell(ctx, MessageKind.PROXY_CHANGED, changed.mandate_id, occasion, changed.proxy_id)


def tell_of_the_say(ctx: Context, narrowed: GuardianNarrowed) -> None:
    """Child and guardian are told."""
    both = (narrowed.resident_id, narrowed.proxy_id)
    _tell(ctx, MessageKind.PROXY_CHANGED, narrowed.mandate_id, "narrowed", *both)


def tell_ended(ctx: Context, ended: ProxyEnded) -> None:
    """Both are told, unless a new one took its place, or one of them is not there any more."""
    messaging.withdraw(ctx, ended.mandate_id, MessageKind.PROXY_ASKED, MessageKind.PROXY_BEGAN)
    if ended.reason not in {EndReason.REPLACED, EndReason.CLOSED}:
        both = (ended.resident_id, ended.proxy_id)
        _tell(ctx, MessageKind.PROXY_ENDED, ended.mandate_id, "ended", *both)


def _tell(
    ctx: Context, kind: MessageKind, mandate_id: UUID, occasion: str, *residents: UUID
) -> None:
    for resident_id in residents:
        messaging.queue(ctx, kind, To.resident(resident_id), mandate_id, occasion, {})
