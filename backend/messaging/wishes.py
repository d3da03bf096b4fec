"""提醒设置: what somebody wishes of our reminders, within what the region lays down."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert

from backend.kernel.context import Context, Kinship
from backend.kernel.database import db
from backend.kernel.errors import Fault, Invalid
from backend.kernel.events import record
from backend.kernel.ids import new_id
from backend.kernel.policy import admitted, by_anyone
from backend.messaging import policy
from backend.messaging.attention_rules import AttentionPolicy, leaves_enough
from backend.messaging.events import RemindersTuned
from backend.messaging.models import Message, Reason, State
from backend.messaging.rules import MessagingPolicy
from backend.messaging.wishes_models import ReminderWish
from backend.messaging.wording import MUTABLE, Channel, Group


@dataclass(frozen=True, slots=True)
class Wishes:
    """What one person wishes, and between what the person may choose.

    `said_at` is empty where nothing was said: then the region's ways hold.
    """

    quiet_from: time | None
    quiet_to: time | None
    per_day: int | None
    wants_digest: bool
    muted: Sequence[Group]
    said_at: datetime | None
    by_kinship: Kinship | None
    most_per_day: int
    region_quiet_from: time
    region_quiet_to: time
    groups: Sequence[Group] = tuple(sorted(MUTABLE))


@admitted(policy.by_addressee)
def wishes(ctx: Context) -> Wishes:
    """What the person acted for wishes."""
    row = db.session.execute(_own(ctx.person)).scalar()
    said: dict[str, Any] = {"quiet_from": None, "quiet_to": None, "per_day": None}
    said |= {"wants_digest": True, "muted": (), "said_at": None, "by_kinship": None}
    if row is not None:
        said = {name: getattr(row, name) for name in said}
    begins, ends = ctx.region.section("messaging", MessagingPolicy).quiet_hours
    most = ctx.region.section("attention", AttentionPolicy).per_day
    return Wishes(**said, most_per_day=most, region_quiet_from=begins, region_quiet_to=ends)


def _own(resident_id: UUID) -> Any:
    return select(ReminderWish).where(ReminderWish.resident_id == resident_id)


@admitted(policy.by_addressee)
def wish(
    ctx: Context,
    *,
    quiet_from: time | None,
    quiet_to: time | None,
    per_day: int | None,
    wants_digest: bool,
    muted: Sequence[Group],
) -> Wishes:
    """Say all of it anew; it holds for what is queued already, too. Raises `Invalid`."""
    faults = list(_faults(ctx, quiet_from, quiet_to, per_day, muted))
    if faults:
        raise Invalid(faults=faults)
    said: dict[str, Any] = {"quiet_from": quiet_from, "quiet_to": quiet_to, "per_day": per_day}
    said |= {"wants_digest": wants_digest, "muted": sorted(set(muted))}
    _write(ctx, ctx.person, said | {"by_kinship": ctx.by_kinship})
    _look_again(ctx.person)
    record(ctx, RemindersTuned(ctx.person))
    return wishes(ctx)


def _faults(
    ctx: Context,
    quiet_from: time | None,
    quiet_to: time | None,
    per_day: int | None,
    muted: Sequence[Group],
) -> Iterator[Fault]:
    region = ctx.region.section("messaging", MessagingPolicy).quiet_hours
    most = ctx.region.section("attention", AttentionPolicy).per_day
    if (quiet_from is None) != (quiet_to is None):
        yield Fault("/quiet_to", "免打扰时段请同时选择开始和结束，或都不选")
    elif quiet_from is not None and quiet_to is not None:
        if quiet_from == quiet_to:
            yield Fault("/quiet_to", "开始和结束不能相同，请另选一个时间")
        elif not leaves_enough([region, (quiet_from, quiet_to)]):
            yield Fault("/quiet_to", "每天请至少留出 4 小时可以提醒您，请把免打扰时段缩短一些")
    if per_day is not None and per_day > most:
        yield Fault("/per_day", f"每天最多 {most} 条，请选 1 到 {most}")
    if unknown := set(muted) - MUTABLE:
        yield Fault("/muted", f"这些提醒关系到您的安全，不能关闭：{'、'.join(sorted(unknown))}")


def _write(ctx: Context, resident_id: UUID, said: dict[str, Any]) -> None:
    row = insert(ReminderWish).values(id=new_id(), resident_id=resident_id, said_at=ctx.at, **said)
    newest = {**said, "said_at": ctx.at}
    db.session.execute(row.on_conflict_do_update(index_elements=["resident_id"], set_=newest))


def _look_again(resident_id: UUID) -> None:
    """What waits by the wishes of before is judged by those of now at the next claim."""
    held = (Message.to_resident_id == resident_id) & (Message.state == State.QUEUED)
    by_wish = Message.reason.is_(None) | (Message.reason == Reason.OVER_BUDGET)
    pushed = by_wish & Message.channel.in_([Channel.WECHAT, Channel.FAMILY])
    these = update(Message).where(held, pushed, Message.wait_until.is_not(None))
    quietly = {"synchronize_session": False}
    db.session.execute(these.values(wait_until=None, reason=None).execution_options(**quietly))


@admitted(by_anyone)
def mute(ctx: Context, resident_id: UUID, group: Group) -> None:
    """The person answered 停: nothing of this group is pushed any more; the inbox keeps it.

    What may not be switched off stays on.
    """
    if group not in MUTABLE:
        return
    known = func.array_remove(ReminderWish.muted, str(group))
    row = insert(ReminderWish).values(
        id=new_id(), resident_id=resident_id, said_at=ctx.at, muted=[group]
    )
    newest = {"muted": func.array_append(known, str(group)), "said_at": ctx.at}
    db.session.execute(row.on_conflict_do_update(index_elements=["resident_id"], set_=newest))
    db.session.expire_all()
