"""How accounts and people are found."""

import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from uuid import UUID

from sqlalchemy import DateTime, bindparam, func, or_, select

from backend.identity import policy
from backend.identity.models import Account, Consent, Purpose, Resident, Staff
from backend.identity.tokens import Holder, read
from backend.kernel import hot
from backend.kernel.context import Actor, Context, Role
from backend.kernel.database import db, held, one
from backend.kernel.errors import Unauthenticated
from backend.kernel.relations import Membership
from config.settings import ROOT

_ACCOUNT = "SELECT id, resident_id FROM account WHERE id = %(subject)s"
_AT = bindparam("at", type_=DateTime(timezone=True))
_STAFF = select(
    Staff.role,
    Staff.institution_id,
    select(func.array_agg(Membership.party_id))
    .where(
        Membership.staff_id == Staff.id,
        Membership.valid_from <= _AT,
        or_(Membership.valid_until.is_(None), Membership.valid_until > _AT),
    )
    .scalar_subquery()
    .label("parties"),
).where(Staff.id == bindparam("subject"), Staff.working(_AT))


@dataclass(frozen=True, slots=True)
class ConsentText:
    """The text in force for one purpose."""

    purpose: Purpose
    version: str
    title: str
    body: str


def authenticate(
    at: datetime, token: str, before: Callable[[UUID], None] = lambda _subject: None
) -> tuple[Actor, UUID | None]:
    """Who holds this token now, and the resident acted for; raises `Unauthenticated`.

    `before` may ask the database more of the token's subject in the same trip.

    What the holder is and belongs to is read from the database at each request, so that leaving
    or a change of team is felt by the next one.
    """
    holder, subject = read(token)
    before(subject)
    if holder is Holder.STAFF:
        return _member_of_staff(at, subject), None
    row = hot.row(_ACCOUNT, {"subject": subject})
    if row is None:
        raise Unauthenticated
    return Actor(row.id, Role.RESIDENT, frozenset({row.id})), row.resident_id


def _member_of_staff(at: datetime, subject: UUID) -> Actor:
    row = db.session.execute(_STAFF, {"subject": subject, "at": at}).first()
    if row is None:
        raise Unauthenticated
    parties = frozenset({subject, row.institution_id, *(row.parties or [])})
    return Actor(subject, row.role, parties, row.institution_id)


def account(ctx: Context) -> Account:
    """The acting resident's account."""
    return one(select(Account).where(Account.id == policy.account_of(ctx)))


def hold_account(ctx: Context) -> Account:
    """The acting resident's account, locked."""
    return held(select(Account).where(Account.id == policy.account_of(ctx)))


def resident(ctx: Context, resident_id: UUID) -> Resident:
    """A resident the actor may know of; raises `NotFound`."""
    return one(select(Resident).where(Resident.id == resident_id, policy.visible_to(ctx)))


def residents(ctx: Context, ids: Iterable[UUID]) -> Mapping[UUID, Resident]:
    """Those of these residents whom the actor may know of, by id."""
    found = select(Resident).where(Resident.id.in_(list(ids)), policy.visible_to(ctx))
    return {row.id: row for row in db.session.execute(found).scalars()}


def staff(_ctx: Context, ids: Iterable[UUID]) -> Mapping[UUID, Staff]:
    """These members of staff by id; who works where is public."""
    found = select(Staff).where(Staff.id.in_(list(ids)))
    return {row.id: row for row in db.session.execute(found).scalars()}


def working_at(ctx: Context, institution_id: UUID, role: Role) -> Sequence[UUID]:
    """The staff of an institution who have this role and have not left, as they came."""
    here = (Staff.institution_id == institution_id, Staff.role == role, Staff.working(ctx.at))
    return db.session.execute(select(Staff.id).where(*here).order_by(Staff.id)).scalars().all()


def openid_of_resident(resident_id: UUID) -> str | None:
    """Where WeChat messages to a resident go, `None` where there is no account."""
    found = select(Account.openid).where(Account.resident_id == resident_id)
    return db.session.execute(found).scalar_one_or_none()


def openid_of_staff(staff_id: UUID) -> str | None:
    """Where WeChat messages to a member of staff go, `None` where none is bound."""
    found = select(Account.openid).where(Account.staff_id == staff_id)
    return db.session.execute(found).scalar_one_or_none()


def residents_called(openids: str) -> Sequence[UUID]:
    """The residents whose WeChat identity begins with these letters, as a demo names its cast."""
    theirs = select(Account.resident_id).where(Account.openid.startswith(openids, autoescape=True))
    found = db.session.execute(theirs.order_by(Account.id)).scalars()
    return [resident for resident in found if resident is not None]


def consents(account_id: UUID) -> Mapping[Purpose, Consent]:
    """What this account agreed to and has not withdrawn."""
    live = select(Consent).where(Consent.account_id == account_id, Consent.withdrawn_at.is_(None))
    return {row.purpose: row for row in db.session.execute(live).scalars()}


@cache
def consent_text(purpose: Purpose) -> ConsentText:
    """The text in force for a purpose."""
    content = tomllib.loads((ROOT / "config" / "texts" / f"{purpose}_consent.toml").read_text())
    return ConsentText(purpose, **content)
