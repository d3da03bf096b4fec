"""Which messages may go on to a further channel, and what is known of the people they are for."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, any_, exists, func, literal, or_, select, true
from sqlalchemy.orm import aliased

from backend import identity, teams
from backend.kernel.context import Context
from backend.kernel.database import db
from backend.kernel.relations import Kind, Relation, in_force
from backend.messaging import chains, wording
from backend.messaging.ladder_rules import Rung, ladder_of
from backend.messaging.models import Message, Reason, State
from backend.messaging.rules import MessagingPolicy, is_quiet
from backend.messaging.sms_desk import sms_is_offered
from backend.messaging.sms_wording import sms_catalogue
from backend.messaging.wishes_models import ReminderWish
from backend.messaging.wording import MUTABLE, Channel, InDoubt, MessageKind

FINAL = (State.SENT, State.UNKNOWN, State.FAILED, State.WITHDRAWN)
# Why a message waits that its channel does not carry now; none: nobody even tried.
HALTED = (
    Reason.QUOTA,
    Reason.SUSPENDED,
    Reason.BAD_TOKEN,
    Reason.NOT_REACHED,
    Reason.BUSY,
    Reason.RATE,
)
CANNOT_WAIT = 9
# So long a receipt or an event may still say that it did not arrive.
SETTLES = timedelta(days=3)
ENOUGH = 500

_First, _Chain = aliased(Message), aliased(Message)


@dataclass(frozen=True, slots=True)
class Found:
    """A message whose turn it is, the first of its ladder, and what the rules ask of it."""

    message: Message
    first_id: UUID
    rung: Rung
    house_id: UUID | None


def ready(ctx: Context, limit: int, which: ColumnElement[bool] | None = None) -> Sequence[UUID]:
    """Up to `limit` messages that may go on now, locked; those another process has are left out."""
    its_turn = or_(Message.state.in_([State.FAILED, State.WITHDRAWN]), *_waited(ctx))
    found = (
        select(Message.id)
        .where(Message.climbs, Message.state.in_(FINAL), its_turn)
        .where(true() if which is None else which)
        .order_by(Message.urgent.desc(), Message.due_at, Message.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return db.session.execute(found).scalars().all()


def stuck(ctx: Context, limit: int) -> Sequence[UUID]:
    """Up to `limit` that cannot wait and do, for their channel is down or full; locked.

    What a sender has in hand is left to it.
    """
    lately = ctx.at - timedelta(minutes=ladder_of(ctx.region).doubt_minutes)
    quiet = ctx.region.section("messaging", MessagingPolicy)
    at_night = is_quiet(ctx.at, quiet) or is_quiet(lately, quiet)
    kinds = wording.catalogue().kind.items()
    heavy = [name for name, one in kinds if one.weight >= CANNOT_WAIT and not at_night]
    weighty = Message.urgent | Message.kind.in_(heavy)
    found = (
        select(Message.id)
        .where(Message.climbs, Message.state == State.QUEUED, Message.channel != Channel.CALL)
        .where(weighty, func.coalesce(Message.wait_until, Message.due_at) <= lately)
        .where(Message.reason.is_(None) | Message.reason.in_(HALTED))
        .order_by(Message.urgent.desc(), Message.due_at, Message.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return db.session.execute(found).scalars().all()


def undisturbed(ids: Sequence[UUID]) -> list[UUID]:
    """Those whose first message nobody has in hand, which is locked as well.

    Who reads or answers locks the first and then what followed; nobody is waited for here.
    """
    first_of = select(Message.id, Message.first_id).where(Message.id.in_(ids))
    first = {row.id: row.first_id for row in db.session.execute(first_of) if row.first_id}
    these = select(Message.id).where(Message.id.in_(set(first.values()))).order_by(Message.id)
    free = set(db.session.execute(these.with_for_update(skip_locked=True)).scalars())
    return [one for one in ids if one not in first or first[one] in free]


def _waited(ctx: Context) -> list[ColumnElement[bool]]:
    """What was sent and not read for its kind's hours, and what stayed in doubt for minutes."""
    kinds = {kind: one for kind, one in wording.catalogue().kind.items() if one.ladder}
    hours = {one.unread_hours for one in kinds.values()}
    since = func.coalesce(Message.sent_at, Message.wait_until, Message.due_at)
    arrived = Message.state.in_([State.SENT, State.UNKNOWN])
    unread = [
        and_(
            arrived,
            Message.kind.in_([name for name, one in kinds.items() if one.unread_hours == each]),
            since <= ctx.at - (SETTLES if each is None else timedelta(hours=each)),
        )
        for each in sorted(hours, key=lambda each: each or 0)
    ]
    doubtful = [name for name, one in kinds.items() if one.in_doubt is InDoubt.NEXT]
    minutes = func.make_interval(0, 0, 0, 0, 0, ladder_of(ctx.region).doubt_minutes)
    in_doubt = (Message.state == State.UNKNOWN) & Message.kind.in_(doubtful)
    return [*unread, in_doubt & (Message.next_at <= func.now() - minutes)]


def but(ctx: Context, failed: Collection[UUID]) -> Sequence[UUID]:
    """Those that may go on, without some."""
    return ready(ctx, ENOUGH, Message.id.not_in(failed))


def found(ctx: Context, ids: Sequence[UUID]) -> list[Found]:
    """What is known of these messages at this instant."""
    rows = db.session.execute(_facts().where(Message.id.in_(ids))).all()
    houses = houses_of(ctx, [row.Message for row in rows])
    return [_found(row, houses.get(row.Message.id)) for row in rows]


def _facts() -> Any:
    first_id = func.coalesce(Message.first_id, Message.id)
    used = select(func.array_agg(_Chain.channel.distinct())).where(
        or_(_Chain.id == first_id, _Chain.first_id == first_id)
    )
    person = identity.Resident
    return (
        select(
            Message,
            first_id.label("first_id"),
            _First.read_at.label("read"),
            _First.answer.label("said"),
            used.correlate(Message).scalar_subquery().label("used"),
            is_welcome().label("is_welcome"),
            or_(Message.to_staff_id.is_not(None), person.phone_sealed.is_not(None)).label(
                "has_phone"
            ),
            _told_family(first_id).label("told_family"),
        )
        .outerjoin(_First, _First.id == first_id)
        .outerjoin(person, person.id == Message.to_resident_id)
        .execution_options(populate_existing=True)
        .order_by(Message.id)
    )


def is_welcome() -> ColumnElement[bool]:
    """Nothing is told to the dead or who left; what only reminds, nobody who does not want it.

    What somebody muted goes no further either.
    """
    person = aliased(identity.Resident)
    is_open = exists().where(
        person.id == Message.to_resident_id,
        person.died_on.is_(None),
        person.restricted_at.is_(None),
    )
    agreed = exists().where(
        identity.Consent.resident_id == Message.to_resident_id,
        identity.Consent.purpose == identity.Purpose.REMINDERS,
        identity.Consent.withdrawn_at.is_(None),
    )
    wanted = Message.kind.not_in(wording.reminders()) | agreed
    return Message.to_resident_id.is_(None) | (is_open & wanted & ~_is_muted())


def _is_muted() -> ColumnElement[bool]:
    kinds = wording.catalogue().kind.items()
    of_group = [
        Message.kind.in_([name for name, one in kinds if one.group is group])
        & (literal(str(group)) == any_(ReminderWish.muted))
        for group in sorted(MUTABLE)
    ]
    return exists().where(ReminderWish.resident_id == Message.to_resident_id, or_(*of_group))


def _told_family(first_id: Any) -> ColumnElement[bool]:
    """Who has no account was told by the family's from the first: nobody there has it twice."""
    return exists().where(
        _Chain.id == first_id,
        identity.Account.id == _Chain.account_id,
        identity.Account.resident_id.is_distinct_from(_Chain.to_resident_id),
    )


def _found(row: Any, house_id: UUID | None) -> Found:
    message: Message = row.Message
    used = frozenset(Channel(name) for name in row.used)
    if row.told_family:
        used |= {Channel.FAMILY}
    rung = Rung(
        channel=message.channel,
        state=message.state,
        reason=message.reason,
        used=used,
        obsolete=message.obsolete,
        is_welcome=row.is_welcome,
        read_at=row.read,
        answer=row.said,
        expires_at=message.expires_at,
        barred=_barred(message.kind, row.has_phone, house_id),
    )
    return Found(message, row.first_id, rung, house_id)


def _barred(kind: MessageKind, has_phone: bool, house_id: UUID | None) -> Mapping[Channel, Reason]:
    barred: dict[Channel, Reason] = {}
    if not has_phone:
        barred |= {Channel.SMS: Reason.NO_PHONE, Channel.CALL: Reason.NO_PHONE}
    if sms_catalogue().text_of(kind) is None:
        barred[Channel.SMS] = Reason.NO_TEXT
    elif not sms_is_offered():
        barred[Channel.SMS] = Reason.SUSPENDED
    if house_id is None:
        barred[Channel.CALL] = Reason.NOT_REACHED
    return barred


def houses_of(ctx: Context, messages: Collection[Message]) -> Mapping[UUID, UUID]:
    """For each message the house that answers for the person: the signed team's, else its own."""
    people = {one.to_resident_id for one in messages if one.to_resident_id is not None}
    subjects = {one.subject_id for one in messages}
    concerned = (
        Relation.resident_id.in_(people)
        & or_(Relation.kind == Kind.SIGNED, Relation.source_id.in_(subjects))
        & or_(in_force(ctx), Relation.kind != Kind.SIGNED)
    )
    ties = db.session.execute(select(Relation).where(concerned).order_by(Relation.id)).scalars()
    known = list(ties)
    of_party = _of_parties(ctx, {one.party_id for one in known})
    signed = {one.resident_id: of_party.get(one.party_id) for one in known if _is_signed(one)}
    own = {one.source_id: of_party.get(one.party_id) for one in known if not _is_signed(one)}
    found = {
        one.id: signed.get(one.to_resident_id) or own.get(one.subject_id)
        for one in messages
        if one.to_resident_id is not None
    }
    return {message: house for message, house in found.items() if house is not None}


def _is_signed(tie: Relation) -> bool:
    return tie.kind is Kind.SIGNED


def _of_parties(ctx: Context, parties: Collection[UUID]) -> Mapping[UUID, UUID]:
    """The institution of each party: a team, a member of staff."""
    people = identity.staff(ctx, parties)
    of_staff = {one.id: one.institution_id for one in people.values()}
    return of_staff | dict(teams.houses_of(ctx, parties))


def silent(at: datetime) -> ColumnElement[bool]:
    """Of what waits to be told by telephone: that nobody is to hear of it any more."""
    over = (Message.expires_at <= at) | chains.is_settled() | ~is_welcome()
    return (Message.state == State.QUEUED) & (Message.channel == Channel.CALL) & over
