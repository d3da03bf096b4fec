"""How the log and the emergency accesses are found."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from sqlalchemy import Select, desc, func, select

from backend import identity, messaging
from backend.auditing import policy
from backend.auditing.models import Disclosure, EmergencyAccess, State, seal
from backend.auditing.rules import GENESIS, AccessPolicy
from backend.auditing.sealing import lag_s
from backend.kernel.calendar import SHANGHAI
from backend.kernel.context import Context
from backend.kernel.database import db, held, one
from backend.kernel.disclosures import unsealed
from backend.kernel.paging import Page, Wanted, page

AT_ONCE = 200
NEWEST = [Disclosure.at, Disclosure.id]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """Which lines of the log; days are Shanghai's, the last one included."""

    resident_id: UUID | None = None
    actor_id: UUID | None = None
    institution_id: UUID | None = None
    operation: str | None = None
    first: date | None = None
    last: date | None = None


@dataclass(frozen=True, slots=True)
class Chain:
    """How the chain stands: its newest seal, and what waits for the next one."""

    number: int
    root: bytes
    sealed_at: datetime | None
    waiting: int
    lag_s: float


def policy_of(ctx: Context) -> AccessPolicy:
    """What the region lays down about emergency access."""
    return ctx.region.section("access", AccessPolicy)


def access_log(ctx: Context, wanted: Wanted) -> Page[Disclosure]:
    """Who was shown the acting person's own record, newest first; raises `NotForProxies`."""
    _ = ctx.oneself
    return page(select(Disclosure).where(policy.visible_to(ctx)), NEWEST, wanted, newest_first=True)


def disclosures(ctx: Context, wanted: Wanted, sought: Sought) -> Page[Disclosure]:
    """Lines of the log, newest first."""
    found = narrowed(select(Disclosure).where(policy.visible_to(ctx)), sought)
    return page(found, NEWEST, wanted, newest_first=True)


def narrowed(found: Select[Disclosure], sought: Sought) -> Select[Disclosure]:
    """Only the lines that are sought."""
    for name in ("actor_id", "institution_id", "operation"):
        if (value := getattr(sought, name)) is not None:
            found = found.where(getattr(Disclosure, name) == value)
    if sought.resident_id is not None:
        found = found.where(Disclosure.resident_ids.contains([sought.resident_id]))
    if sought.first is not None:
        found = found.where(Disclosure.at >= _midnight(sought.first))
    if sought.last is not None:
        found = found.where(Disclosure.at < _midnight(sought.last) + timedelta(days=1))
    return found


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, SHANGHAI)


def chain(_ctx: Context) -> Chain:
    """The newest seal and what waits; who asks is decided by the route's audience."""
    newest = db.session.execute(seal.select().order_by(desc(seal.c.number)).limit(1)).first()
    waiting = db.session.execute(select(func.count()).select_from(unsealed)).scalar_one()
    if newest is None:
        return Chain(0, GENESIS, None, waiting, lag_s())
    return Chain(newest.number, bytes(newest.root), newest.sealed_at, waiting, lag_s())


def accesses(
    ctx: Context, wanted: Wanted, state: State | None = None, *, to_call: bool = False
) -> Page[EmergencyAccess]:
    """Emergency accesses, newest first; of one state, or whose resident is still to be called."""
    found = select(EmergencyAccess).where(policy.accesses_visible_to(ctx))
    if state is not None:
        found = found.where(EmergencyAccess.state == state)
    if to_call:
        found = found.where(EmergencyAccess.to_call, EmergencyAccess.called_at.is_(None))
    keys = [EmergencyAccess.begun_at, EmergencyAccess.id]
    return page(found, keys, wanted, newest_first=True)


def access(ctx: Context, access_id: UUID) -> EmergencyAccess:
    """One emergency access; raises `NotFound`."""
    return one(_of(ctx, access_id))


def hold_access(ctx: Context, access_id: UUID) -> EmergencyAccess:
    """As `access`, locked until the commit."""
    return held(_of(ctx, access_id))


def _of(ctx: Context, access_id: UUID) -> Select[EmergencyAccess]:
    seen = policy.accesses_visible_to(ctx)
    return select(EmergencyAccess).where(EmergencyAccess.id == access_id, seen)


def reasons_of(ids: Iterable[UUID]) -> Mapping[UUID, str]:
    """The doctors' own words for these emergency accesses, for whoever reads their log lines."""
    found = select(EmergencyAccess).where(EmergencyAccess.id.in_(list(ids)))
    return {row.id: row.reason or "" for row in db.session.execute(found).scalars()}


def opened_today(ctx: Context) -> int:
    """How many of the day's places the doctor has used."""
    mine = EmergencyAccess.staff_id == ctx.actor.id, EmergencyAccess.day == ctx.today
    return db.session.execute(select(func.count(EmergencyAccess.id)).where(*mine)).scalar_one()


def person_in_danger(resident_id: UUID) -> UUID | None:
    """The resident, where there is one whose life can be saved: not the dead, not the forgotten.

    A consent taken back is no obstacle: danger to life overrides it (PIPL 13(4)).
    """
    found = select(identity.Resident.id).where(
        identity.Resident.id == resident_id,
        identity.Resident.died_on.is_(None),
        identity.Resident.erased_at.is_(None),
    )
    return db.session.execute(found).scalar_one_or_none()


def untold(ctx: Context, failed: Iterable[UUID], within: timedelta) -> Sequence[UUID]:
    """Those begun longer ago than `within` whose resident no message has reached yet."""
    told = select(messaging.Message.id).where(
        messaging.Message.subject_id == EmergencyAccess.id,
        messaging.Message.kind == messaging.MessageKind.EMERGENCY_ACCESS,
        messaging.Message.state == messaging.State.SENT,
    )
    found = select(EmergencyAccess.id).where(
        EmergencyAccess.begun_at <= ctx.at - within,
        EmergencyAccess.to_call.is_(False),
        ~told.exists(),
        EmergencyAccess.id.not_in(list(failed)),
    )
    return db.session.execute(found.order_by(EmergencyAccess.id).limit(AT_ONCE)).scalars().all()


def unreviewed(ctx: Context, failed: Iterable[UUID]) -> Sequence[UUID]:
    """Those nobody reviewed in time, the longest first."""
    overdue = EmergencyAccess.state == State.AWAITING, EmergencyAccess.review_by <= ctx.at
    found = select(EmergencyAccess.id).where(*overdue, EmergencyAccess.id.not_in(list(failed)))
    rows = db.session.execute(found.order_by(EmergencyAccess.review_by).limit(AT_ONCE))
    return rows.scalars().all()
