"""What the SMS provider tells us: receipts and replies, each kept once and applied by the jobs.

The provider signs nothing: what proves that it is the provider is the address, which has a secret
in it, and the network's list of the provider's own addresses (docs/operations.md).
"""

import hmac
import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import inspect
from sqlalchemy.dialects.postgresql import insert

from backend.kernel import entry
from backend.kernel.context import Context
from backend.kernel.crypto import keyring
from backend.kernel.database import db
from backend.kernel.errors import Malformed, NotFound
from backend.kernel.policy import admitted, by_anyone
from backend.messaging.sms_models import Heard, HeardState, SmsHeard
from backend.messaging.sms_reading import Unreadable, receipt, reply

log = structlog.get_logger(__name__)

MOST = 500


@admitted(by_anyone)
def hear_receipts(ctx: Context, secret: str, body: bytes) -> int:
    """Keep what became of texts; returns how many are new. Raises `NotFound`, `Malformed`."""
    _require_provider(secret)
    return _keep(_read(ctx, Heard.RECEIPT, _items(body)))


@admitted(by_anyone)
def hear_replies(ctx: Context, secret: str, body: bytes) -> int:
    """Keep what somebody answered to a text; returns how many are new. Raises the same."""
    _require_provider(secret)
    return _keep(_read(ctx, Heard.REPLY, _items(body)))


def _require_provider(secret: str) -> None:
    ours = entry.settings().sms
    if ours is None or not hmac.compare_digest(ours.callback_secret.encode(), secret.encode()):
        raise NotFound


def _items(body: bytes) -> list[Any]:
    """One object or an array of them; the provider sends a hundred at most."""
    try:
        told = json.loads(body)
    except (ValueError, RecursionError) as wrong:
        raise Malformed from wrong
    items = told if isinstance(told, list) else [told]
    if len(items) > MOST:
        raise Malformed
    return items


def _read(ctx: Context, heard: Heard, items: Iterable[Any]) -> list[SmsHeard]:
    """Each by itself: one that cannot be read does not cost us the others."""
    found = []
    for item in items:
        try:
            found.append(_row(heard, item, ctx.at))
        except Unreadable as wrong:
            log.warning("sms: unreadable", heard=heard, fault=str(wrong))
        except ValueError as wrong:
            log.warning("sms: unreadable", heard=heard, fault=type(wrong).__name__)
    return found


def _row(heard: Heard, item: Any, at: datetime) -> SmsHeard:
    told = (receipt if heard is Heard.RECEIPT else reply)(item, at)
    row = SmsHeard(
        key=keyring().index(f"{heard}|{told.known_by}", "sms_heard"),
        heard=heard,
        phone_index=keyring().index(told.mobile, "phone"),
        serial_no=told.serial_no,
        context_id=told.context_id,
        succeeded=told.succeeded,
        code=told.code,
        happened_at=told.happened_at,
        state=HeardState.STORED,
    )
    row.words = told.words
    return row


def _keep(rows: Iterable[SmsHeard]) -> int:
    kept: list[Mapping[str, Any]] = [_columns(row) for row in rows]
    if not kept:
        return 0
    new = insert(SmsHeard).values(kept).on_conflict_do_nothing(index_elements=["key"])
    return len(db.session.execute(new.returning(SmsHeard.id)).all())


def _columns(row: SmsHeard) -> dict[str, Any]:
    names = [attribute.key for attribute in inspect(SmsHeard).column_attrs]
    left_to_the_database = {
        "received_at",
        "next_at",
        "looks",
        "failures",
        "error",
        "message_id",
        "answer",
    }
    return {name: getattr(row, name) for name in names if name not in left_to_the_database}
