"""What somebody answers to a text: taken where it is clear, else put before a person.

An answer counts where exactly one text that asks for one is open for that phone, and was sent
before the reply was written. Texts name nobody, and a family may have one phone.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.dialects.postgresql import insert

from backend.kernel.context import Context
from backend.kernel.database import db, held
from backend.kernel.ids import new_id
from backend.messaging import answering, history, ladder_queries, ladder_service, wording
from backend.messaging.answering_service import answer_by_phone
from backend.messaging.call_models import CallItem
from backend.messaging.models import Answer, Message, State, Step
from backend.messaging.sms_models import Heard, HeardState, PhoneStanding, SmsDispatch, SmsHeard
from backend.messaging.sms_rules import SmsPolicy
from backend.messaging.sms_wording import sms_catalogue
from backend.messaging.wording import Channel, MessageKind

# The provider's clock and ours differ by this much at most.
CLOCKS_DIFFER = timedelta(minutes=2)
FIRST_OF_ALL = 0
ARRIVED = (State.SENT, State.UNKNOWN)


def take(ctx: Context, heard: SmsHeard) -> bool:
    """Apply a reply; not while a text it may be about is still on its way, or nobody's at all."""
    texts = _texts_before(ctx, heard)
    if any(one.state is State.SENDING for one in texts):
        return False
    said = heard.answer = sms_catalogue().answer(heard.words or "")
    if said is Answer.STOP:
        return _stop(ctx, heard, texts)
    asking = [one for one in texts if one.kind in _asking()]
    text = _asked(ctx, asking)
    if said is not None and text is not None and _answer(ctx, heard, text, said):
        return True
    if said is Answer.CONFIRMED and texts and not asking:
        return _thanked(heard, texts[0])
    return _put_before_a_person(ctx, heard, texts)


def _texts_before(ctx: Context, heard: SmsHeard) -> Sequence[Message]:
    """What the phone was sent in the hours before it wrote, the newest first."""
    hours = timedelta(hours=ctx.region.section("sms", SmsPolicy).reply_hours)
    known = _to_phone(heard).where(
        SmsDispatch.at > heard.happened_at - hours, Message.state.in_([*ARRIVED, State.SENDING])
    )
    return db.session.execute(known).scalars().all()


def _to_phone(heard: SmsHeard) -> Select[Message]:
    return (
        select(Message)
        .join(SmsDispatch, SmsDispatch.message_id == Message.id)
        .where(SmsDispatch.phone_index == heard.phone_index)
        .where(SmsDispatch.at <= heard.happened_at + CLOCKS_DIFFER)
        .order_by(SmsDispatch.at.desc(), Message.id.desc())
    )


def _asking() -> frozenset[MessageKind]:
    asks = (text.kinds for text in sms_catalogue().text.values() if text.answers)
    return frozenset(kind for kinds in asks for kind in kinds)


def _asked(ctx: Context, asking: Sequence[Message]) -> Message | None:
    """The one text that an answer is about: the only one unanswered, else the only one at all."""
    still = [one for one in asking if not one.obsolete and not _is_past(ctx, one)]
    unanswered = [one for one in still if _first(one).answer is None]
    open_ = unanswered or still
    return open_[0] if len(open_) == 1 else None


def _is_past(ctx: Context, text: Message) -> bool:
    return text.expires_at is not None and text.expires_at <= ctx.at


def _first(text: Message) -> Message:
    return db.session.get_one(Message, text.first_id or text.id)


def _answer(ctx: Context, heard: SmsHeard, text: Message, said: Answer) -> bool:
    """Who answers has read it."""
    arrived(ctx, text)
    db.session.flush()
    if text.to_resident_id is None or not answer_by_phone(ctx, text.to_resident_id, said, text.id):
        return False
    heard.message_id = text.id
    return True


def _stop(ctx: Context, heard: SmsHeard, texts: Sequence[Message]) -> bool:
    """One of texts, which mutes nothing in WeChat; the newest was read."""
    said = {"stopped_at": ctx.at}
    row = insert(PhoneStanding).values(id=new_id(), phone_index=heard.phone_index, **said)
    db.session.execute(row.on_conflict_do_update(index_elements=["phone_index"], set_=said))
    if texts:
        heard.message_id = texts[0].id
        arrived(ctx, texts[0])
        first_id = texts[0].first_id or texts[0].id
        first = held(select(Message).where(Message.id == first_id))
        answering.told_by_phone(ctx, first, None)
    return True


def _thanked(heard: SmsHeard, text: Message) -> bool:
    """Nothing was asked: a yes is a kindness, and nobody has to call about it."""
    heard.message_id = text.id
    return True


def arrived(ctx: Context, message: Message) -> None:
    """It was in doubt, and is there."""
    if message.state is State.UNKNOWN:
        message.state, message.reason, message.sent_at = State.SENT, None, ctx.at
        history.note([message.id], Step.SETTLED)


def _put_before_a_person(ctx: Context, heard: SmsHeard, texts: Sequence[Message]) -> bool:
    """On the call list of the house; false where the phone is nobody's, or nobody's house."""
    to_people = [one for one in texts if one.to_resident_id is not None]
    text = to_people[0] if to_people else _ever(heard)
    house = ladder_queries.houses_of(ctx, [text]).get(text.id) if text else None
    if text is None or house is None:
        return False
    heard.message_id = text.id
    call_id = db.session.execute(_call(ctx, heard, text)).scalar()
    if call_id is not None:
        line = {"message_id": call_id, "institution_id": house, "listed_at": ctx.at}
        db.session.execute(insert(CallItem).values(id=new_id(), rank=FIRST_OF_ALL, **line))
        ladder_service.ask_to_call(ctx, house, f"{ctx.today} {text.to_resident_id}")
    return True


def _ever(heard: SmsHeard) -> Message | None:
    """Longer ago a text to that phone was somebody's, too."""
    theirs = _to_phone(heard).where(Message.to_resident_id.is_not(None)).limit(1)
    return db.session.execute(theirs).scalar_one_or_none()


def _call(ctx: Context, heard: SmsHeard, text: Message) -> Any:
    """Of its own, so that no answer in the app takes it back."""
    kind = MessageKind.SMS_REPLY
    row = {
        "id": new_id(),
        "kind": kind,
        "channel": Channel.CALL,
        "to_resident_id": text.to_resident_id,
        "subject_id": heard.id,
        "occasion": "reply",
        "template_id": wording.catalogue().template_of(kind).id,
        "content": wording.write(kind, {}, ctx.at),
        "page": wording.page_of(kind, heard.id),
        "urgent": wording.is_urgent(kind),
        "due_at": ctx.at,
        "created_at": ctx.at,
    }
    return insert(Message).values(**row).on_conflict_do_nothing().returning(Message.id)


def words_behind(message: Message) -> str | None:
    """What was written, of a call that is about a reply."""
    if message.kind is not MessageKind.SMS_REPLY:
        return None
    heard = db.session.get(SmsHeard, message.subject_id)
    return heard.words if heard else None


def replies_unread() -> int:
    """How many replies wait for a person: on call lists, or because nobody is known to call."""
    listed = select(func.count()).where(
        Message.kind == MessageKind.SMS_REPLY, Message.state == State.QUEUED
    )
    nobodys = select(func.count()).where(
        SmsHeard.heard == Heard.REPLY, SmsHeard.state == HeardState.UNMATCHED
    )
    both = (db.session.execute(one).scalar_one() for one in (listed, nobodys))
    return sum(both)
