"""Taking WeChat's callbacks: verified and written down here, applied later by the jobs."""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy.dialects.postgresql import insert

from backend.kernel.context import Context
from backend.kernel.database import db
from backend.kernel.ids import new_id
from backend.kernel.policy import admitted, by_anyone
from backend.messaging import callback_reading as reading
from backend.messaging.callback_errors import UnreadableCallback
from backend.messaging.callback_models import EventState, WeChatEvent
from backend.messaging.callback_reading import Item
from backend.messaging.callback_rules import LONGEST_ECHO, Asked, Gate, require_fresh

# By then the sender has written down what the call itself answered.
SETTLED_FIRST = timedelta(seconds=2)


@admitted(by_anyone)
def prove_address(_ctx: Context, gate: Gate, asked: Asked, wall: datetime) -> str:
    """Answer WeChat's question whether this address is ours: its `echostr` as it came.

    Raises `ForgedCallback`, `StaleCallback`, `UnreadableCallback`.
    """
    require_fresh(asked, wall)
    gate.require_signed(asked)
    echo = asked.echostr
    if not (0 < len(echo) <= LONGEST_ECHO and echo.isascii() and echo.isprintable()):
        raise UnreadableCallback
    return echo


@admitted(by_anyone)
def receive(ctx: Context, gate: Gate, asked: Asked, body: bytes, wall: datetime) -> int:
    """Write down what a callback tells, each item once; returns how many are new.

    `wall` is real time. Raises `ForgedCallback`, `StaleCallback`, `UnreadableCallback`.
    """
    require_fresh(asked, wall)
    gate.require_signed(asked)  # before anything is read of what anybody may have written
    outer = reading.tree(body)
    message = gate.opened(asked, reading.encrypted(outer), body)
    inner = outer if message is body else reading.tree(message)
    return _keep(ctx, reading.items(inner), wall)


def key_of(item: Item) -> bytes:
    """What makes an item that item, whoever repeats it (wechat-protocol 6.3)."""
    words = [item.openid, item.name, item.created, item.template_id, item.told, item.index]
    text = "\n".join(map(str, [*words, item.msgid]))
    return hashlib.sha256(text.encode()).digest()


def _keep(ctx: Context, items: Sequence[Item], wall: datetime) -> int:
    rows = [_row(ctx, item, wall) for item in items]
    new = insert(WeChatEvent).on_conflict_do_nothing(index_elements=["key"])
    kept = db.session.execute(new.returning(WeChatEvent.id), rows).all() if rows else []
    return len(kept)


def _row(ctx: Context, item: Item, wall: datetime) -> dict[str, object]:
    concerns_us = item.told is not None
    age = max(timedelta(), wall - datetime.fromtimestamp(item.created, wall.tzinfo))
    return {
        "id": new_id(),
        "key": key_of(item),
        "name": item.name,
        "openid": item.openid if concerns_us else None,
        "told": item.told,
        "template_id": item.template_id,
        "msgid": item.msgid,
        "errcode": item.errcode,
        "happened_at": ctx.at - age,
        "state": EventState.STORED if concerns_us else EventState.IGNORED,
        "received_at": wall,
        "next_at": wall + SETTLED_FIRST if item.errcode is not None else wall,
    }
