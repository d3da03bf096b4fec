"""汇总: what is due the same morning for one person comes as one push, the inbox tells the rest.

A member's fate is its digest's as long as it fits: before the digest goes, and each minute until
then, what is urgent by now, unwelcome, muted or not for whoever gets the digest leaves it again.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Row,
    any_,
    bindparam,
    exists,
    func,
    literal,
    or_,
    select,
    text,
    true,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased

from backend import identity
from backend.kernel.calendar import SHANGHAI
from backend.kernel.context import Context
from backend.kernel.database import db
from backend.kernel.ids import new_id
from backend.kernel.policy import admitted, by_clock
from backend.kernel.sensitive import SensitiveItem
from backend.messaging import candidates, history, wording
from backend.messaging.attention_rules import AttentionPolicy, Reminder, spread_from
from backend.messaging.candidates import PERSON, Candidate
from backend.messaging.models import Message, Reason, State, Step
from backend.messaging.rules import MessagingPolicy, after_quiet
from backend.messaging.wishes_models import ReminderWish
from backend.messaging.wording import MUTABLE, Channel, MessageKind, catalogue

AT_ONCE = 500

# What is ready before then, as ix_message_ready orders it; sensitive categories come alone.
_MEMBERS = """
FROM message m
JOIN unnest(CAST(:kinds AS text[]), CAST(:groups AS text[])) AS k (kind, grp) ON k.kind = m.kind
LEFT JOIN reminder_wish w ON w.resident_id = m.to_resident_id
WHERE m.state = 'queued' AND m.channel = 'wechat' AND NOT m.urgent
  AND coalesce(m.wait_until, m.due_at) < :until AND (m.expires_at IS NULL OR m.expires_at > :at)
  AND m.to_resident_id IS NOT NULL AND m.to_account_id IS NULL
  AND coalesce(w.wants_digest, true) AND k.grp <> ALL(coalesce(w.muted, '{}'))
  AND NOT EXISTS (SELECT 1 FROM sensitive_item s WHERE s.subject_id = m.subject_id)
"""
_PEOPLE = text(f"""
SELECT m.to_resident_id {_MEMBERS}
  AND NOT EXISTS (SELECT 1 FROM message d WHERE d.to_resident_id = m.to_resident_id
    AND d.kind = 'digest' AND d.subject_id = m.to_resident_id AND d.occasion = :occasion)
GROUP BY 1 HAVING count(*) >= :least LIMIT :limit
""")  # noqa: S608  # nosec B608 — two constants
_TOGETHER = text(f"""
SELECT m.id, m.kind, m.to_resident_id, m.expires_at,
  coalesce(m.wait_until, m.due_at) AS ready_at {_MEMBERS}
  AND m.to_resident_id = ANY(:people) FOR UPDATE OF m SKIP LOCKED
""")
_JOIN = text("""
UPDATE message SET state = 'digested', reason = 'digested', digest_id = r.digest_id,
  wait_until = coalesce(wait_until, message.due_at), due_at = least(message.due_at, r.first_at)
FROM unnest(CAST(:ids AS uuid[]), CAST(:digests AS uuid[]), CAST(:dues AS timestamptz[]))
  AS r (id, digest_id, first_at)
WHERE message.id = r.id AND message.state = 'queued'
""")

_Own, _Wish = aliased(identity.Account), aliased(ReminderWish)
_Digest = aliased(Message)


@admitted(by_clock)
def gather(ctx: Context, limit: int = AT_ONCE) -> int:
    """Make one digest for each of up to `limit` people; returns how many were made.

    From some minutes before the quiet hours end; once a person and morning, whoever else does it.
    """
    policy = ctx.region.section("attention", AttentionPolicy)
    quiet = ctx.region.section("messaging", MessagingPolicy)
    until = datetime.combine(ctx.today, policy.digest_until, SHANGHAI)
    soon = ctx.at + timedelta(minutes=policy.digest_ahead_minutes)
    if after_quiet(soon, quiet) != soon or ctx.at >= until:
        return 0
    together = _together(ctx, until, policy.digest_least, limit)
    return _tell_together(ctx, together, after_quiet(ctx.at, quiet)) if together else 0


def _together(
    ctx: Context, until: datetime, least: int, limit: int
) -> Mapping[UUID, Sequence[Row[Any]]]:
    """The members of each person's digest, locked; of what a sender holds already nothing."""
    kinds = {str(kind): catalogue().kind[kind].group for kind in wording.digestible()}
    which = {"kinds": list(kinds), "groups": list(kinds.values()), "until": until, "at": ctx.at}
    limits = {"least": least, "limit": limit, "occasion": ctx.today.isoformat()}
    people = list(db.session.execute(_PEOPLE, which | limits).scalars())
    found: dict[UUID, list[Row[Any]]] = {}
    for row in db.session.execute(_TOGETHER, {**which, "people": people}):
        found.setdefault(row.to_resident_id, []).append(row)
    return {person: rows for person, rows in found.items() if len(rows) >= least}


def _tell_together(
    ctx: Context, together: Mapping[UUID, Sequence[Row[Any]]], opens: datetime
) -> int:
    """Queue the digests; who has one of this morning already gets no other."""
    digests = [_digest(ctx, person, rows, opens) for person, rows in together.items()]
    if not digests:
        return 0
    added = insert(Message).values(digests).on_conflict_do_nothing()
    made = db.session.execute(added.returning(Message.id, Message.to_resident_id, Message.due_at))
    members = [(row, one) for one in made for row in together[one.to_resident_id]]
    columns = {
        "ids": [row.id for row, _ in members],
        "digests": [one.id for _, one in members],
        "dues": [one.due_at for _, one in members],
    }
    db.session.execute(_JOIN, columns)
    history.note(columns["ids"], Step.DIGESTED, Reason.DIGESTED)
    return len({one.id for _, one in members})


def _digest(
    ctx: Context, person: UUID, rows: Sequence[Row[Any]], opens: datetime
) -> dict[str, Any]:
    """One push for these when the first is due; worth sending as long as one of them is.

    Other channels follow where a call would follow one of its members.
    """
    kind = MessageKind.DIGEST
    due_at = max(opens, min(row.ready_at for row in rows))
    ends = [row.expires_at for row in rows if row.expires_at]
    expires_at = max(ends) if len(ends) == len(rows) else None
    first_end = min(ends, default=None)
    urges = any(Channel.CALL in catalogue().kind[row.kind].ladder for row in rows)
    minute = Reminder(person, due_at, first_end, catalogue().kind[kind].spread)
    return {
        "id": new_id(),
        "kind": kind,
        "to_resident_id": person,
        "subject_id": person,
        "occasion": ctx.today.isoformat(),
        "template_id": catalogue().template_of(kind).id,
        "content": wording.write(kind, {}, due_at),
        "page": wording.page_of(kind, person),
        "urgent": False,
        "due_at": due_at,
        "wait_until": spread_from(due_at, minute),
        "expires_at": expires_at,
        "climbs": urges,
        "created_at": ctx.at,
    }


@admitted(by_clock)
def mend(ctx: Context) -> int:
    """Let out of the digests that wait what fits them no more; returns how many were let out."""
    waiting = (
        select(Message.id)
        .where(Message.kind == MessageKind.DIGEST, Message.state == State.QUEUED)
        .where(Message.channel == Channel.WECHAT)
        .limit(AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    return _mend(ctx, db.session.execute(waiting).scalars().all())[1]


def judge(ctx: Context, rows: Sequence[Candidate]) -> Sequence[Candidate]:
    """Those rows that are still to go: of digests, those that have enough to tell."""
    digests = [row.id for row in rows if row.kind is MessageKind.DIGEST and row.first_id is None]
    if not digests:
        return rows
    dissolved, _ = _mend(ctx, digests)
    return [row for row in rows if row.id not in dissolved]


def _mend(ctx: Context, digest_ids: Sequence[UUID]) -> tuple[Collection[UUID], int]:
    """Which of these digests are no more, and how many members were let out."""
    least = ctx.region.section("attention", AttentionPolicy).digest_least
    fitting: dict[UUID, list[UUID]] = {one: [] for one in digest_ids}
    loose: list[UUID] = []
    for row in db.session.execute(_members(digest_ids), {"at": ctx.at}):
        fitting[row.digest_id].append(row.id) if row.fits else loose.append(row.id)
    dissolved = [one for one, members in fitting.items() if len(members) < least]
    loose += [member for one in dissolved for member in fitting[one]]
    _release(loose)
    _dissolve(dissolved)
    return dissolved, len(loose)


def _members(digest_ids: Iterable[UUID]) -> Any:
    """Whether each member still fits: as it was gathered, and for whoever gets the digest."""
    own = exists().where(_Own.resident_id == Message.to_resident_id)
    labelled = exists().where(SensitiveItem.subject_id == Message.subject_id)
    fits = ~Message.urgent & candidates.is_welcome() & ~candidates.is_paused() & ~_is_late()
    fits &= own | ~labelled
    fits &= func.coalesce(_Wish.wants_digest & ~_is_muted(), True)
    return (
        select(Message.id, Message.digest_id, fits.label("fits"))
        .select_from(Message)
        .outerjoin(PERSON, true())
        .outerjoin(_Wish, _Wish.resident_id == Message.to_resident_id)
        .where(Message.digest_id.in_(list(digest_ids)), Message.state == State.DIGESTED)
        .where(~Message.obsolete)
    )


def _is_muted() -> ColumnElement[bool]:
    switched = [
        Message.kind.in_(wording.of_group(one)) & (literal(str(one)) == any_(_Wish.muted))
        for one in MUTABLE
    ]
    return or_(*switched)


def _is_late() -> ColumnElement[bool]:
    """Over, or to be told in other words by now: that is its own business."""
    over: list[ColumnElement[bool]] = [func.coalesce(Message.expires_at < bindparam("at"), False)]
    for kind, one in catalogue().kind.items():
        if one.digest and one.late_after_hours is not None:
            late_at = Message.due_at + timedelta(hours=one.late_after_hours)
            over.append((Message.kind == kind) & (late_at < bindparam("at")))
    return or_(*over)


def untold() -> ColumnElement[bool]:
    """Whether a message is a member of a digest that has not gone yet."""
    waiting = _Digest.state.in_([State.QUEUED, State.SENDING])
    theirs = exists().where(_Digest.id == Message.digest_id, waiting)
    return (Message.state == State.DIGESTED) & theirs


def _release(ids: Sequence[UUID]) -> None:
    """Back into the queue, each to be judged by itself at its own hour."""
    if ids:
        alone = {"state": State.QUEUED, "reason": None, "digest_id": None}
        these = update(Message).where(Message.id.in_(ids), Message.state == State.DIGESTED)
        db.session.execute(these.values(**alone))
        history.note(ids, Step.REPLAYED, Reason.DIGESTED)


def _dissolve(ids: Sequence[UUID]) -> None:
    if ids:
        gone = {"state": State.WITHDRAWN, "reason": Reason.OBSOLETE, "obsolete": True}
        db.session.execute(update(Message).where(Message.id.in_(ids)).values(**gone))
        history.note(ids, Step.WITHDRAWN, Reason.OBSOLETE)
