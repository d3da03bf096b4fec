"""接收短信: whether texts come to one's own phone; a T in reply switches them off as well.

Who does not use the app has them switched on again at the desk."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from backend import identity
from backend.kernel.context import Context
from backend.kernel.database import db
from backend.kernel.errors import Conflict
from backend.kernel.events import record
from backend.kernel.ids import new_id
from backend.kernel.policy import admitted
from backend.messaging import call_policy, policy
from backend.messaging.sms_desk import phone_index, sms_is_offered
from backend.messaging.sms_events import TextsSwitched
from backend.messaging.sms_models import PhoneStanding


class NoPhone(Conflict):
    """There is no number that texts could come to."""

    code = "no-phone"
    title = "没有可用的手机号"
    advice = "请先在“我的资料”里授权手机号，或到社区卫生服务中心登记。"


@dataclass(frozen=True, slots=True)
class Texting:
    """Whether texts reach somebody: offered here, a phone on file, wanted, and not in vain."""

    is_offered: bool
    has_phone: bool
    is_wanted: bool
    is_reachable: bool


@dataclass(frozen=True, slots=True)
class TextingOf:
    """How it stands with the phone of a person who is at the desk."""

    resident_id: UUID
    texting: Texting


@admitted(policy.oneself)
def texting(ctx: Context) -> Texting:
    """How it stands with one's own phone."""
    return _texting(ctx.oneself)


@admitted(policy.oneself)
def switch_texts(ctx: Context, is_wanted: bool) -> Texting:
    """Have texts again, or no more; it holds for all whose phone it is. Raises `NoPhone`."""
    index = _index(ctx.oneself)
    if index is None:
        raise NoPhone
    said = {"stopped_at": None if is_wanted else ctx.at}
    row = insert(PhoneStanding).values(id=new_id(), phone_index=index, **said)
    db.session.execute(row.on_conflict_do_update(index_elements=["phone_index"], set_=said))
    record(ctx, TextsSwitched(ctx.oneself, is_wanted))
    return _texting(ctx.oneself)


@admitted(call_policy.at_desk)
def texting_at_desk(ctx: Context, claim: identity.Claim) -> TextingOf:
    """How it stands with the phone of a person whose document was seen; raises as `present`."""
    return _texting_of(identity.present(ctx, claim).id)


@admitted(call_policy.at_desk)
def restore_texts_at_desk(ctx: Context, claim: identity.Claim) -> TextingOf:
    """Texts come again, as the person who is there asks: no stop, and the number is good.

    It holds for all whose phone it is. Raises `NoPhone`, and as `present`.
    """
    person_id = identity.present(ctx, claim).id
    index = _index(person_id)
    if index is None:
        raise NoPhone
    clean: dict[str, Any] = {"stopped_at": None, "dead_at": None, "failures": 0}
    changed = update(PhoneStanding).where(PhoneStanding.phone_index == index).values(**clean)
    db.session.execute(changed.execution_options(synchronize_session="fetch"))
    record(ctx, TextsSwitched(person_id, is_wanted=True))
    return _texting_of(person_id)


def _texting_of(resident_id: UUID) -> TextingOf:
    return TextingOf(resident_id, _texting(resident_id))


def _texting(resident_id: UUID) -> Texting:
    index = _index(resident_id)
    asked = select(PhoneStanding.stopped_at, PhoneStanding.dead_at)
    stands = db.session.execute(asked.where(PhoneStanding.phone_index == index)).first()
    stopped, dead = stands or (None, None)
    return Texting(sms_is_offered(), index is not None, stopped is None, dead is None)


def _index(resident_id: UUID) -> bytes | None:
    number = identity.phones_of([resident_id], []).get(resident_id)
    return phone_index(number) if number else None
