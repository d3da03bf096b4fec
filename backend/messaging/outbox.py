"""The sender's side of the message table: claimed under a lease, settled under its token.

One batch is one claim is one token. Who lost the lease cannot write: the token is gone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Row,
    Uuid,
    bindparam,
    exists,
    func,
    select,
    text,
    update,
)
from sqlalchemy.orm import aliased

from backend import identity
from backend.kernel import sensitive
from backend.kernel.context import Context, Scope
from backend.kernel.database import db
from backend.kernel.ids import new_id
from backend.kernel.relations import Kind, Relation
from backend.messaging import ledger, wording
from backend.messaging.answers import Outcome
from backend.messaging.models import Message, Reason, State
from backend.messaging.rules import MessagingPolicy, is_quiet
from backend.messaging.wording import Channel

LEASE_S = 30
GRACE_S = 15

_Resident, _Member, _Other = aliased(identity.Account), aliased(identity.Account), aliased(Message)
_Theirs = aliased(identity.Account)
_Family, _Kin = aliased(identity.Account), aliased(Relation)
_Person, _Freed = aliased(identity.Resident), aliased(identity.Account)
# Of that it stands for somebody no more an account is told all the same.
_FREED: Any = (
    select(_Freed.id)
    .where(Message.kind == wording.MessageKind.ACCOUNT_FREED, _Freed.id == Message.to_account_id)
    .correlate(Message)
    .scalar_subquery()
)

_LEASE = text("""
UPDATE message SET state = 'sending', reason = NULL, sender = :sender, lease_token = :token,
  lease_until = now() + make_interval(secs => :seconds), account_id = chosen.account_id
FROM unnest(CAST(:ids AS uuid[]), CAST(:accounts AS uuid[])) AS chosen (id, account_id)
WHERE message.id = chosen.id AND message.state = 'queued'
""")
_SETTLE = text("""
UPDATE message SET errcode = r.errcode, rid = r.rid,
  state = CASE WHEN r.state = 'queued' AND obsolete THEN 'withdrawn' ELSE r.state END,
  reason = CASE WHEN r.state = 'queued' AND obsolete THEN 'obsolete' ELSE r.reason END,
  msgid = r.msgid, attempts = attempts + r.counted, lease_token = NULL, lease_until = NULL,
  next_at = now() + make_interval(secs => r.pause),
  sent_at = CASE WHEN r.state = 'sent' THEN CAST(:at AS timestamptz) END
FROM unnest(CAST(:ids AS uuid[]), CAST(:tokens AS uuid[]), CAST(:states AS text[]),
  CAST(:reasons AS text[]), CAST(:errcodes AS integer[]), CAST(:rids AS text[]),
  CAST(:msgids AS bigint[]), CAST(:counted AS integer[]), CAST(:pauses AS float8[]))
  AS r (id, token, state, reason, errcode, rid, msgid, counted, pause)
WHERE message.id = r.id AND message.state = 'sending' AND message.lease_token = r.token
RETURNING message.id, message.state, message.reason, message.account_id, message.template_id
""")


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message in one sender's hands, and where it goes."""

    id: UUID
    token: UUID
    openid: str
    template_id: str
    page: str
    content: dict[str, str]
    attempts: int


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a claimed message."""

    id: UUID
    token: UUID
    outcome: Outcome


def claim(ctx: Context, sender: str, limit: int) -> list[Claimed]:
    """Take up to `limit` messages that are due, one for each account; at night the urgent alone.

    What was to be sent in the evening and could not be waits for the morning. Two senders that
    reach for one account at the same moment: `IntegrityError` for the second.
    """
    quiet = is_quiet(ctx.at, ctx.region.section("messaging", MessagingPolicy))
    wanted = _due(ctx).where(Message.urgent) if quiet else _due(ctx)
    rows = db.session.execute(wanted, {"at": ctx.at, "limit": limit}).all()
    _drop([row.id for row in rows if not row.is_welcome])
    rows = [row for row in rows if row.is_welcome]
    _fail_unreachable([row.id for row in rows if row.account_id is None])
    first = {row.account_id: row for row in reversed(rows) if row.account_id is not None}
    token, chosen = new_id(), list(first.values())
    lease = {"sender": sender, "token": token, "seconds": LEASE_S}
    ids, accounts = [row.id for row in chosen], list(first)
    db.session.execute(_LEASE, {"ids": ids, "accounts": accounts, **lease})
    return [_claimed(row, token) for row in chosen]


def _due(ctx: Context) -> Any:
    family = _family(ctx)
    account = func.coalesce(_Resident.id, _Member.id, family, _FREED, type_=Uuid())
    in_flight = exists().where(_Other.state == State.SENDING, _Other.account_id == account)
    wanted = select(
        Message.id,
        Message.template_id,
        Message.page,
        Message.content,
        Message.attempts,
        account.label("account_id"),
        func.coalesce(
            _Resident.openid, _Member.openid, _openid_of(family), _openid_of(_FREED)
        ).label("openid"),
        _is_welcome().label("is_welcome"),
    )
    return (
        wanted.outerjoin(_Resident, _Resident.id == _account_of_resident())
        .outerjoin(_Member, _Member.staff_id == Message.to_staff_id)
        .outerjoin(_Person, _Person.id == Message.to_resident_id)
        .where(Message.state == State.QUEUED, Message.channel == Channel.WECHAT)
        .where(func.coalesce(Message.wait_until, Message.due_at) <= bindparam("at"))
        .where(Message.next_at <= func.now(), ~in_flight, ~_is_paused())
        .order_by(Message.urgent.desc(), Message.due_at, Message.id)
        .limit(bindparam("limit"))
        .with_for_update(skip_locked=True, of=Message)
    )


def _family(ctx: Context) -> Any:
    """Reaches who has no WeChat: the family member who may have, and may know of, this message."""
    kept = sensitive.hidden_from(ctx, Message.subject_id, _Kin.kind == Kind.GUARDIAN)
    return (
        select(_Family.id)
        .join(_Kin, _Kin.party_id == _Family.resident_id)
        .where(_Kin.resident_id == Message.to_resident_id, Message.to_account_id.is_(None))
        .where(_Kin.kind.in_([Kind.PROXY, Kind.GUARDIAN]), _Kin.scope.contains(Scope.REMINDERS))
        .where(_Kin.valid_from <= bindparam("at"), _Kin.valid_until > bindparam("at"), ~kept)
        .order_by(_Kin.valid_from, _Kin.id, _Family.id)
        .limit(1)
        .correlate(Message)
        .scalar_subquery()
    )


def _account_of_resident() -> Any:
    """Of somebody's several accounts, the one the message names, else the one bound last."""
    named = Message.to_account_id.is_(None) | (_Theirs.id == Message.to_account_id)
    theirs = select(_Theirs.id).where(_Theirs.resident_id == Message.to_resident_id, named)
    latest = theirs.order_by(_Theirs.bound_at.desc().nulls_last(), _Theirs.id.desc())
    return latest.limit(1).correlate(Message).scalar_subquery()


def _openid_of(account_id: Any) -> Any:
    account = aliased(identity.Account)
    return select(account.openid).where(account.id == account_id).scalar_subquery()


def _is_paused() -> ColumnElement[bool]:
    """Perhaps the person died: what only reminds waits until that is known."""
    until = func.coalesce(_Person.reminders_paused_until, bindparam("at"))
    return Message.kind.in_(wording.reminders()) & (until > bindparam("at"))


def _is_welcome() -> ColumnElement[bool]:
    """Nothing reaches the dead or who left; what only reminds, nobody who does not want it."""
    agreed = exists().where(
        identity.Consent.resident_id == Message.to_resident_id,
        identity.Consent.purpose == identity.Purpose.REMINDERS,
        identity.Consent.withdrawn_at.is_(None),
    )
    is_open = _Person.died_on.is_(None) & _Person.restricted_at.is_(None)
    wanted = Message.kind.not_in(wording.reminders()) | agreed
    return Message.to_resident_id.is_(None) | (is_open & wanted)


def _drop(ids: Sequence[UUID]) -> None:
    """Not sent: at this instant nobody may be told of it."""
    if ids:
        gone = {"state": State.WITHDRAWN, "reason": Reason.UNWELCOME, "obsolete": True}
        db.session.execute(update(Message).where(Message.id.in_(ids)).values(**gone))


def _claimed(row: Row[Any], token: UUID) -> Claimed:
    return Claimed(row.id, token, row.openid, row.template_id, row.page, row.content, row.attempts)


def _fail_unreachable(ids: Sequence[UUID]) -> None:
    if ids:
        db.session.execute(
            update(Message)
            .where(Message.id.in_(ids))
            .values(state=State.FAILED, reason=Reason.NO_ACCOUNT)
        )


def settle(at: datetime, results: Sequence[Result]) -> int:
    """Write results at business instant `at`; returns how many still had their lease."""
    outcomes = [result.outcome for result in results]
    columns = {
        "ids": [result.id for result in results],
        "tokens": [result.token for result in results],
        "states": [str(one.state) for one in outcomes],
        "reasons": [one.reason and str(one.reason) for one in outcomes],
        "errcodes": [one.errcode for one in outcomes],
        "rids": [one.rid for one in outcomes],
        "msgids": [one.msgid for one in outcomes],
        "counted": [int(one.counted) for one in outcomes],
        "pauses": [one.pause_s for one in outcomes],
    }
    rows = db.session.execute(_SETTLE, {"at": at, **columns}).all()
    ledger.spend(at, [row for row in rows if row.state == State.SENT])
    ledger.void(at, [row for row in rows if row.reason == Reason.NO_CREDIT])
    return len(rows)


def held_by(sender: str) -> list[tuple[UUID, UUID]]:
    """The messages a sender has claimed and not settled, each with its token."""
    held = select(Message.id, Message.lease_token).where(
        Message.state == State.SENDING, Message.sender == sender
    )
    return [(row.id, row.lease_token) for row in db.session.execute(held)]


def take_over() -> int:
    """Give up for their senders the leases that ran out: such a message may have been delivered."""
    gone = (
        update(Message)
        .where(
            Message.state == State.SENDING,
            Message.lease_until < func.now() - func.make_interval(0, 0, 0, 0, 0, 0, GRACE_S),
        )
        .values(state=State.UNKNOWN, reason=Reason.LEASE_LOST, lease_token=None, lease_until=None)
        .returning(Message.id)
        .execution_options(synchronize_session=False)
    )
    return len(db.session.execute(gone).all())
