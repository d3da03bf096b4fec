"""The sender's side of the message table: claimed under a lease, settled under its token.

One batch is one claim is one token. Who lost the lease cannot write: the token is gone.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import Row, func, select, text, update
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, InterfaceError, OperationalError

from backend.kernel.context import Context
from backend.kernel.database import db
from backend.kernel.ids import new_id
from backend.kernel.transaction import attempt
from backend.messaging import (
    arms,
    attention,
    candidates,
    expiry,
    fence,
    history,
    ledger,
    sms_desk,
    welcome,
)
from backend.messaging.answers import IN_DOUBT
from backend.messaging.candidates import Candidate
from backend.messaging.claims import Claimed, Result, Sms
from backend.messaging.models import Message, Reason, State, Step
from backend.messaging.wording import Channel

log = structlog.get_logger(__name__)

LEASE_S = 30
GRACE_S = 15
# So many rows of a claim may be broken by themselves; more than go, and they wait so long instead.
FEW_BROKEN, WAITS_S = 3, 60

# For the rest of its transaction: rows are found by their keys, one by one. For a batch of a
# thousand the planner would rather read the whole table, which costs more than all else here; nor
# may it go through all that is queued or being sent for each of them: hence `state || ''`.
_BY_KEY = text("""
SELECT set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true),
  set_config('enable_seqscan', 'off', true)
""")
_LEASE = text("""
UPDATE message SET state = 'sending', reason = NULL, sender = :sender, lease_token = :token,
  lease_until = now() + make_interval(secs => :seconds), account_id = chosen.account_id,
  pushed_at = :at
FROM unnest(CAST(:ids AS uuid[]), CAST(:accounts AS uuid[])) AS chosen (id, account_id)
WHERE message.id = chosen.id AND message.state || '' = 'queued'
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
WHERE message.id = r.id AND message.state || '' = 'sending' AND message.lease_token = r.token
RETURNING message.id, message.state, message.reason, message.account_id, message.template_id
""")
_GIVE_UP = text("""
UPDATE message SET state = 'unknown', reason = 'lease_lost', lease_token = NULL, lease_until = NULL,
  next_at = now()
WHERE id = :id AND state = 'sending' RETURNING id
""")


def claim(
    ctx: Context, sender: str, limit: int, channel: Channel = Channel.WECHAT
) -> list[Claimed]:
    """Take up to `limit` messages of a channel that are due, one for each account.

    Of texts one for each person. At night the urgent alone: what was to be sent in the evening
    and could not be waits for the morning. Two senders that reach for one account at the same
    moment: `IntegrityError` for the second. A row that breaks the reading or the judging of it is
    put aside alone. Nothing while the send fence is up.
    """
    if fence.is_up(ctx):
        return []
    try:
        with attempt():
            chosen = _to_send(ctx, channel, candidates.found(ctx, channel, limit))
    except DBAPIError as failure:
        if not isinstance(failure, DataError | IntegrityError):
            raise
        chosen = _one_by_one(ctx, channel, limit)
    except Exception:
        chosen = _one_by_one(ctx, channel, limit)
    return _lease(ctx, sender, chosen)


Parcel = tuple[Candidate, Sms | None]


def _to_send(ctx: Context, channel: Channel, rows: Sequence[Candidate]) -> Sequence[Parcel]:
    """What every step lets through, the first of each account; each writes what it held back."""
    first: dict[UUID | None, Candidate] = {}
    for row in expiry.judge(ctx, welcome.judge(ctx, rows)):
        first.setdefault(_lane_of(row), row)
    heeded = attention.judge(ctx, list(first.values()))
    if channel is Channel.SMS:
        texts = sms_desk.prepare(ctx, heeded)
        return [(row, texts[row.id]) for row in heeded if row.id in texts]
    return [(row, None) for row in arms.judge(ctx, heeded)]


def _lane_of(row: Candidate) -> UUID | None:
    """Within this nothing is sent at the same moment."""
    return row.account_id or row.to_resident_id or row.to_staff_id


def _one_by_one(ctx: Context, channel: Channel, limit: int) -> list[Parcel]:
    """One of these rows cannot be read or judged: that one is put aside, the others go.

    Where most of them cannot, the fault is not theirs: they wait.
    """
    chosen: dict[UUID | None, Parcel] = {}
    broken: list[UUID] = []
    refused: list[UUID] = []
    for message_id in candidates.ids(ctx, channel, limit):
        try:
            with attempt():
                for row, text_ in _to_send(ctx, channel, candidates.one(ctx, channel, message_id)):
                    chosen.setdefault(_lane_of(row), (row, text_))
        except (OperationalError, InterfaceError):
            raise
        except IntegrityError as failure:
            log.error("message refused", message=str(message_id), error=type(failure).__name__)
            refused.append(message_id)  # perhaps somebody else's doing just now
        except Exception as defect:
            log.error("message put aside", message=str(message_id), error=type(defect).__name__)
            broken.append(message_id)
    if broken:
        _put_aside(broken, for_good=len(broken) <= max(FEW_BROKEN, len(chosen)))
    if refused:
        _put_aside(refused, for_good=False)
    return list(chosen.values())


def _put_aside(ids: Sequence[UUID], *, for_good: bool) -> None:
    these = update(Message).where(Message.id.in_(ids))
    if for_good:
        aside = {"state": State.FAILED, "reason": Reason.QUARANTINED}
        db.session.execute(these.values(**aside))
        history.note(ids, Step.DROPPED, Reason.QUARANTINED)
    else:
        later = func.now() + func.make_interval(0, 0, 0, 0, 0, 0, WAITS_S)
        db.session.execute(these.values(next_at=later))


def _lease(ctx: Context, sender: str, chosen: Sequence[Parcel]) -> list[Claimed]:
    if not chosen:
        return []
    token = new_id()
    lease = {"sender": sender, "token": token, "seconds": LEASE_S, "at": ctx.at}
    ids, accounts = [row.id for row, _ in chosen], [row.account_id for row, _ in chosen]
    db.session.execute(_BY_KEY)
    db.session.execute(_LEASE, {"ids": ids, "accounts": accounts, **lease})
    return [_claimed(row, token, sms) for row, sms in chosen]


def _claimed(row: Candidate, token: UUID, sms: Sms | None) -> Claimed:
    where = (row.openid or "", row.template_id, row.page)
    return Claimed(row.id, token, row.kind, *where, row.content, row.attempts, sms)


def settle(at: datetime, results: Sequence[Result]) -> int:
    """Write results at business instant `at`; returns how many still had their lease.

    A result that cannot be written is written alone, in the end as one that nobody understands.
    """
    try:
        with attempt():
            return _settle(at, results)
    except (OperationalError, InterfaceError):
        raise
    except Exception as defect:
        log.error("settling one by one", results=len(results), error=type(defect).__name__)
        return sum(_settle_alone(at, result) for result in results)


def _settle_alone(at: datetime, result: Result) -> int:
    """As it is; else in doubt, without its words; else its lease runs out."""
    in_doubt = Result(result.id, result.token, IN_DOUBT)
    for write, one in ((_settle, result), (_write, in_doubt)):
        try:
            with attempt():
                return write(at, [one])
        except (OperationalError, InterfaceError):
            raise
        except Exception as defect:
            log.error("not settled", message=str(result.id), error=type(defect).__name__)
    return 0


def _settle(at: datetime, results: Sequence[Result]) -> int:
    sms_desk.remember(at, results)
    rows = _written(at, results)
    ledger.spend(at, [row for row in rows if row.state == State.SENT])
    ledger.void(at, [row for row in rows if row.reason == Reason.NO_CREDIT])
    return len(rows)


def _write(at: datetime, results: Sequence[Result]) -> int:
    return len(_written(at, results))


def _written(at: datetime, results: Sequence[Result]) -> Sequence[Row[Any]]:
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
    db.session.execute(_BY_KEY)
    return db.session.execute(_SETTLE, {"at": at, **columns}).all()


def held_by(sender: str) -> list[tuple[UUID, UUID]]:
    """The messages a sender has claimed and not settled, each with its token."""
    held = select(Message.id, Message.lease_token).where(
        Message.state == State.SENDING, Message.sender == sender
    )
    return [(row.id, row.lease_token) for row in db.session.execute(held)]


def take_over() -> int:
    """Give up for their senders the leases that ran out: such a message may have been delivered."""
    over = Message.lease_until < func.now() - func.make_interval(0, 0, 0, 0, 0, 0, GRACE_S)
    lost = select(Message.id).where(Message.state == State.SENDING, over)
    taken = 0
    for message_id in db.session.execute(lost).scalars().all():
        try:
            with attempt():
                taken += len(db.session.execute(_GIVE_UP, {"id": message_id}).all())
        except (OperationalError, InterfaceError):
            raise
        except Exception as defect:
            log.error("not taken over", message=str(message_id), error=type(defect).__name__)
    return taken
