"""接收短信: whether texts come to one's own phone; a T in reply switches them off as well."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from backend import identity
from backend.kernel.context import Context
from backend.kernel.database import db
from backend.kernel.errors import Conflict
from backend.kernel.events import record
from backend.kernel.ids import new_id
from backend.kernel.policy import admitted
from backend.messaging import policy
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


def _texting(resident_id: UUID) -> Texting:
    index = _index(resident_id)
    asked = select(PhoneStanding.stopped_at, PhoneStanding.dead_at)
    stands = db.session.execute(asked.where(PhoneStanding.phone_index == index)).first()
    stopped, dead = stands or (None, None)
    return Texting(sms_is_offered(), index is not None, stopped is None, dead is None)


def _index(resident_id: UUID) -> bytes | None:
    number = identity.phones_of([resident_id], []).get(resident_id)
    return phone_index(number) if number else None
