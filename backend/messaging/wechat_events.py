"""Applying what WeChat told: each event once, in any order, however late; a bad one alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import delete, func, select

from backend import identity
from backend.kernel.context import Context
from backend.kernel.database import db
from backend.kernel.transaction import attempt
from backend.messaging import event_settling, ledger
from backend.messaging.callback_models import EventState, Told, WeChatEvent
from backend.messaging.models import Entry

log = structlog.get_logger(__name__)

MOST_FAILURES = 8
SOONEST, RAREST = timedelta(seconds=1), timedelta(minutes=10)
SOUGHT_FOR = timedelta(days=1)
ENTRIES: Mapping[Told | None, Entry] = {
    Told.ACCEPTED: Entry.CONFIRMED,
    Told.REJECTED: Entry.DECLINED,
    Told.SWITCHED_OFF: Entry.SWITCHED_OFF,
}


def apply_events(ctx: Context, limit: int) -> int:
    """Apply up to `limit` events that are due, in the caller's transaction; returns how many.

    What concerns an account or a message that is not there yet waits; after a day it is given up.
    """
    now: datetime = db.session.execute(select(func.clock_timestamp())).scalar_one()
    due = _claim(now, limit)
    _find_accounts(due)
    # One order for all who apply: account by account, and messages after every credit.
    theirs = [event for event in due if event.account_id is not None]
    found = sorted(theirs, key=lambda one: (str(one.account_id), one.id))
    this = _Round(ctx, now)
    for event in due:
        if event.account_id is None:
            this.wait(event)
    for event in found:
        if event.told in ENTRIES:
            this.alone([event])
    if sent := [event for event in found if event.told not in ENTRIES]:
        this.alone(sent)
    return len(due)


@dataclass(frozen=True, slots=True)
class _Round:
    """One transaction's worth; `now` is real time, as the events' own."""

    ctx: Context
    now: datetime

    def alone(self, events: Sequence[WeChatEvent]) -> None:
        """Apply these; where that fails each by itself; what fails by itself is set aside."""
        try:
            with attempt():
                self._apply(events)
                db.session.flush()
        except Exception as failure:
            if len(events) == 1:
                self._fail(events[0], type(failure).__name__)
                return
            for event in events:
                self.alone([event])

    def wait(self, event: WeChatEvent) -> None:
        """Look again, ever more rarely; whom it is about is forgotten when it is given up."""
        age = self.now - event.received_at
        if age > SOUGHT_FOR:
            event.state, event.openid = EventState.UNMATCHED, None
        event.next_at = self.now + min(max(age / 2, SOONEST), RAREST)

    def _apply(self, events: Sequence[WeChatEvent]) -> None:
        for event in events:
            _enter(event)
        sent = [event for event in events if event.told not in ENTRIES]
        for event, is_settled in event_settling.settle(sent):
            if not is_settled:
                self.wait(event)
            else:
                event.state = EventState.APPLIED

    def _fail(self, event: WeChatEvent, error: str) -> None:
        """Try again later, or set the poison aside for a person to look at."""
        event.failures, event.error = event.failures + 1, error
        event.next_at = self.now + SOONEST * 2**event.failures
        if event.failures >= MOST_FAILURES:
            event.state = EventState.QUARANTINED
        log.warning("event failed", event_id=str(event.id), kind=event.name, error=error)


def _claim(now: datetime, limit: int) -> Sequence[WeChatEvent]:
    due = (
        select(WeChatEvent)
        .where(WeChatEvent.state == EventState.STORED, WeChatEvent.next_at <= now)
        .order_by(WeChatEvent.next_at, WeChatEvent.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return db.session.execute(due).scalars().all()


def _find_accounts(events: Sequence[WeChatEvent]) -> None:
    openids = {event.openid for event in events if event.openid is not None}
    known = identity.accounts_by_openid(openids) if openids else {}
    for event in events:
        if event.openid is not None and event.openid in known:
            event.account_id, event.openid = known[event.openid], None
    db.session.flush()


def _enter(event: WeChatEvent) -> None:
    entry = ENTRIES.get(event.told)
    if entry and event.account_id and event.template_id:
        told = {event.template_id: entry}
        ledger.enter(event.happened_at, event.account_id, event.id, told)
        event.state = EventState.APPLIED


def events_lag_s() -> float:
    """How long the event that is due longest has been waiting, in seconds (real time)."""
    waiting = select(func.extract("epoch", func.now() - func.min(WeChatEvent.next_at)))
    found = db.session.execute(waiting.where(WeChatEvent.state == EventState.STORED))
    return max(0.0, float(found.scalar_one() or 0.0))


def events_quarantined() -> int:
    """How many events of WeChat's wait for a person."""
    poison = select(func.count()).where(WeChatEvent.state == EventState.QUARANTINED)
    return db.session.execute(poison).scalar_one()


def forget_events(before: datetime, limit: int = 500) -> int:
    """Drop up to `limit` events that are over and came before then (real time)."""
    old = select(WeChatEvent.id).where(
        WeChatEvent.received_at < before, WeChatEvent.state != EventState.STORED
    )
    some = old.order_by(WeChatEvent.received_at).limit(limit).scalar_subquery()
    gone = delete(WeChatEvent).where(WeChatEvent.id.in_(some)).returning(WeChatEvent.id)
    quietly = gone.execution_options(synchronize_session=False)
    return len(db.session.execute(quietly).all())
