"""What WeChat says became of a push [subscribe_msg_sent_event] settles the message it was.

Found by WeChat's number where the call answered one; else it is the message of that account and
template which nothing was heard of. The sender may be settling the same message at this moment:
every change asks for the state it saw, and what is on its way is waited for.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Row, and_, exists, func, select, update
from sqlalchemy.orm import aliased

from backend.kernel.database import db
from backend.messaging import history, ledger
from backend.messaging.answers import OK, PERMANENT
from backend.messaging.callback_models import WeChatEvent
from backend.messaging.models import Message, Reason, State, Step

# WeChat's clock and ours differ by this much at most; what it tells of is no older than that.
CLOCKS_DIFFER = timedelta(minutes=2)
OLDEST = timedelta(days=3)
# From the claim to the call, to the event of it.
CALLED = timedelta(minutes=1)

_Other = aliased(Message)


def settle(events: Sequence[WeChatEvent]) -> list[tuple[WeChatEvent, bool]]:
    """Settle what each tells of; whether it was found, else it is to be looked for again."""
    numbered = _numbered(events)
    return [(one, _settle(one, numbered.get((one.account_id, one.msgid)))) for one in events]


def _numbered(events: Sequence[WeChatEvent]) -> dict[tuple[Any, Any], Row[Any]]:
    """The messages whose number the call itself answered."""
    wanted = [event.msgid for event in events if event.msgid is not None]
    found = select(Message.id, Message.state, Message.account_id, Message.msgid)
    if not wanted:
        return {}
    rows: Sequence[Any] = db.session.execute(found.where(Message.msgid.in_(wanted))).all()
    return {(row.account_id, row.msgid): row for row in rows}


def _settle(event: WeChatEvent, numbered: Row[Any] | None) -> bool:
    found = numbered or db.session.execute(_unheard_of(event)).first()
    if found is None:
        return False
    if event.errcode != OK:
        return _fail(event, found)
    if found.state is State.UNKNOWN:
        return _confirm(event, found)
    return numbered is not None or _number(event, found)


def _unheard_of(event: WeChatEvent) -> Any:
    """The message that the event may be about; none while another is on its way there."""
    theirs = and_(_Other.account_id == event.account_id, _Other.template_id == event.template_id)
    on_its_way = exists().where(theirs, _Other.state == State.SENDING)
    numbered = exists().where(_Other.msgid == event.msgid, _Other.account_id == event.account_id)
    at, latest = event.happened_at, event.happened_at + CLOCKS_DIFFER
    # When it was claimed: its result may have waited in a journal, and was settled much later.
    tried_at = func.coalesce(Message.pushed_at, Message.sent_at)
    near = (Message.state == State.SENT) & tried_at.between(at - CLOCKS_DIFFER - CALLED, latest)
    ready_at = func.coalesce(Message.wait_until, Message.due_at)
    doubtful = (Message.state == State.UNKNOWN) & ready_at.between(at - OLDEST, latest)
    apart = func.abs(func.extract("epoch", tried_at - at))
    return (
        select(Message.id, Message.state)
        .where(Message.account_id == event.account_id, Message.template_id == event.template_id)
        .where(Message.msgid.is_(None), ~on_its_way, ~numbered)
        .where(near | doubtful)
        .order_by(Message.state == State.UNKNOWN, apart, Message.due_at, Message.id)
        .limit(1)
        .with_for_update(of=Message)
    )


def _confirm(event: WeChatEvent, found: Row[Any]) -> bool:
    """It was in doubt, and arrived: one of the messages agreed to is spent."""
    values = {"state": State.SENT, "reason": None, "sent_at": event.happened_at, "errcode": OK}
    changed = _change(event, found, values)
    history.note([row.id for row in changed], Step.SETTLED)
    ledger.spend(event.happened_at, changed)
    return bool(changed)


def _fail(event: WeChatEvent, found: Row[Any]) -> bool:
    """It did not arrive after all; what comes after WeChat has its turn."""
    if found.state not in {State.SENT, State.UNKNOWN}:
        return True
    reason = PERMANENT.get(event.errcode or 0, Reason.NOT_DELIVERED)
    values = {"state": State.FAILED, "reason": reason, "sent_at": None, "errcode": event.errcode}
    changed = _change(event, found, values)
    history.note([row.id for row in changed], Step.SETTLED, reason)
    if reason is Reason.NO_CREDIT:
        ledger.void(event.happened_at, changed)
    return bool(changed)


def _number(event: WeChatEvent, found: Row[Any]) -> bool:
    """It arrived, as we know: no other event is about it."""
    return bool(_change(event, found, {}))


def _change(event: WeChatEvent, found: Row[Any], values: dict[str, Any]) -> Sequence[Row[Any]]:
    still = update(Message).where(Message.id == found.id, Message.state == found.state)
    changed = still.values(msgid=event.msgid, **values).returning(
        Message.id, Message.account_id, Message.template_id
    )
    rows: Sequence[Any] = db.session.execute(
        changed.execution_options(synchronize_session="fetch")
    ).all()
    return rows
