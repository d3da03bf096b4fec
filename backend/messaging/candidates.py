"""Who has a message next, and where it would go: the rows that a claim judges, locked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Text,
    Uuid,
    bindparam,
    cast,
    false,
    func,
    literal,
    null,
    select,
    true,
    type_coerce,
)
from sqlalchemy.orm import aliased

from backend import identity
from backend.kernel import sensitive
from backend.kernel.context import Context, Scope
from backend.kernel.database import db
from backend.kernel.relations import Kind, Relation
from backend.messaging import wording
from backend.messaging.models import Message, State
from backend.messaging.rules import MessagingPolicy, is_quiet
from backend.messaging.wording import Channel, MessageKind

_Other, _Own, _Desk = aliased(Message), aliased(identity.Account), aliased(identity.Account)
_Family, _Kin, _Freed = aliased(identity.Account), aliased(Relation), aliased(identity.Account)
# What a row needs is looked up for that row alone: no plan may read a whole table for a batch.
PERSON = (
    select(
        identity.Resident.died_on,
        identity.Resident.restricted_at,
        identity.Resident.reminders_paused_until,
    )
    .where(identity.Resident.id == Message.to_resident_id)
    .limit(1)
    .correlate(Message)
    .lateral("person")
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A locked row that is due, and the account it would go to (`None`: nobody is reached).

    `content` is JSON as it is kept: only who sends it reads it, so that a broken one breaks alone.
    """

    id: UUID
    kind: MessageKind
    channel: Channel
    urgent: bool
    template_id: str
    page: str
    content: str
    attempts: int
    to_resident_id: UUID | None
    to_staff_id: UUID | None
    subject_id: UUID
    collapse_key: str | None
    first_id: UUID | None
    due_at: datetime
    expires_at: datetime | None
    account_id: UUID | None
    openid: str | None
    is_welcome: bool


def found(ctx: Context, channel: Channel, limit: int) -> list[Candidate]:
    """Up to `limit` of a channel that are due, the urgent and longest waiting first, locked.

    Any error that is not the database's means a row that cannot be read: see `ids` and `one`.
    """
    return _read(_rows(ctx, channel), ctx, limit)


def ids(ctx: Context, channel: Channel, limit: int) -> Sequence[UUID]:
    """The same rows by their ids alone, which can always be read."""
    ready = _ready(ctx, channel, select(Message.id), false())
    return db.session.execute(ready, {"at": ctx.at, "limit": limit}).scalars().all()


def one(ctx: Context, channel: Channel, message_id: UUID) -> list[Candidate]:
    """One of them, where it is still to be sent."""
    return _read(_rows(ctx, channel).where(Message.id == message_id), ctx, 1)


def _read(rows: Any, ctx: Context, limit: int) -> list[Candidate]:
    db.session.flush()
    # By the connection: the session would look at each row for entities, and there are none.
    found = db.session.connection().execute(rows, {"at": ctx.at, "limit": limit})
    return [
        Candidate(message_id, MessageKind(kind), Channel(channel), *rest)
        for message_id, kind, channel, *rest in found
    ]


def _rows(ctx: Context, channel: Channel) -> Any:
    account = type_coerce(_account(ctx, channel), Uuid)
    goes = select(cast(account, Uuid).label("account_id")).limit(1).lateral("goes")
    openid = select(identity.Account.openid).where(identity.Account.id == goes.c.account_id)
    wanted = select(
        Message.id,
        type_coerce(Message.kind, Text),
        type_coerce(Message.channel, Text),
        Message.urgent,
        Message.template_id,
        Message.page,
        cast(Message.content, Text),
        Message.attempts,
        Message.to_resident_id,
        Message.to_staff_id,
        Message.subject_id,
        Message.collapse_key,
        Message.first_id,
        Message.due_at,
        Message.expires_at,
        goes.c.account_id,
        openid.correlate(goes).limit(1).scalar_subquery(),
        is_welcome(),
    )
    wanted = wanted.select_from(Message)
    joined = wanted.outerjoin(PERSON, true()).join(goes, true()).where(~is_paused())
    in_flight = _any(_Other.state == State.SENDING, _same_lane(channel, goes.c.account_id))
    return _ready(ctx, channel, joined, in_flight)


def _ready(ctx: Context, channel: Channel, wanted: Any, in_flight: ColumnElement[bool]) -> Any:
    """In the order of ix_message_ready and no other, so that no queue is ever sorted."""
    ready_at = func.coalesce(Message.wait_until, Message.due_at)
    wanted = wanted.where(Message.state == State.QUEUED, Message.channel == channel)
    if is_quiet(ctx.at, ctx.region.section("messaging", MessagingPolicy)):
        wanted = wanted.where(Message.urgent)
    return (
        wanted.where(ready_at <= bindparam("at"), Message.next_at <= func.now(), ~in_flight)
        .order_by(Message.urgent.desc(), ready_at)
        .limit(bindparam("limit"))
        .with_for_update(skip_locked=True, of=Message)
    )


def _same_lane(channel: Channel, account_id: Any) -> ColumnElement[bool]:
    """What a row waits for: another to the same account, of texts one to the same resident."""
    if channel is not Channel.SMS:
        same: ColumnElement[bool] = _Other.account_id == account_id
        return same
    return (_Other.channel == Channel.SMS) & (_Other.to_resident_id == Message.to_resident_id)


def _any(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """As EXISTS, but asked of an index for each row."""
    found = select(literal(value=True)).where(*conditions).limit(1)
    return func.coalesce(
        found.correlate_except(_Other, identity.Consent).scalar_subquery(), false()
    )


def _account(ctx: Context, channel: Channel) -> Any:
    """The account that a row goes to: the person's, else the family's; that alone on its own row.

    Of that it stands for somebody no more an account is told all the same.
    """
    if channel is Channel.SMS:
        return null()
    if channel is Channel.FAMILY:
        return _family(ctx)
    staffs = select(_Desk.id).where(_Desk.staff_id == Message.to_staff_id).limit(1)
    is_freed = Message.kind == MessageKind.ACCOUNT_FREED
    freed = select(_Freed.id).where(is_freed, _Freed.id == Message.to_account_id)
    ways = (each.correlate(Message).scalar_subquery() for each in (staffs, freed))
    staff, former = ways
    return func.coalesce(_own(), staff, _family(ctx), former, type_=Uuid())


def _own() -> Any:
    """Of somebody's several accounts, the one the message names, else the one bound last."""
    named = Message.to_account_id.is_(None) | (_Own.id == Message.to_account_id)
    theirs = select(_Own.id).where(_Own.resident_id == Message.to_resident_id, named)
    latest = theirs.order_by(_Own.bound_at.desc().nulls_last(), _Own.id.desc())
    return latest.limit(1).correlate(Message).scalar_subquery()


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


def is_paused() -> ColumnElement[bool]:
    """Perhaps the person died: what only reminds waits until that is known."""
    until = func.coalesce(PERSON.c.reminders_paused_until, bindparam("at"))
    return Message.kind.in_(wording.reminders()) & (until > bindparam("at"))


def is_welcome() -> ColumnElement[bool]:
    """Nothing reaches the dead or who left; what only reminds, nobody who does not want it."""
    agreed = _any(
        identity.Consent.resident_id == Message.to_resident_id,
        identity.Consent.purpose == identity.Purpose.REMINDERS,
        identity.Consent.withdrawn_at.is_(None),
    )
    is_open = PERSON.c.died_on.is_(None) & PERSON.c.restricted_at.is_(None)
    wanted = Message.kind.not_in(wording.reminders()) | agreed
    return Message.to_resident_id.is_(None) | (is_open & wanted)
