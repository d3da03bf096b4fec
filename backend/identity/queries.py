"""How accounts and people are found."""

import tomllib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, exists, func, select
from sqlalchemy.orm import aliased

from backend.identity import claims, documents, policy, rules
from backend.identity.claims import Claim
from backend.identity.models import (
    Account,
    Consent,
    ConsentRefusal,
    DeskAct,
    DeskRequest,
    LoginSession,
    Purpose,
    Resident,
    ResidentDocument,
    Staff,
)
from backend.kernel.context import Context, Role
from backend.kernel.crypto import Unreadable, keyring
from backend.kernel.database import db, held, one
from config.settings import ROOT


@dataclass(frozen=True, slots=True)
class ConsentText:
    """The text in force for one purpose."""

    purpose: Purpose
    version: str
    title: str
    body: str


def account(ctx: Context) -> Account:
    """The acting resident's account."""
    return one(select(Account).where(Account.id == policy.account_of(ctx)))


def hold_account(ctx: Context) -> Account:
    """The acting resident's account, locked."""
    return held(select(Account).where(Account.id == policy.account_of(ctx)))


def accounts_in_order(resident_id: UUID) -> Select[Account]:
    """The accounts that stand for a person: first those bound at a desk, the oldest binding first.

    Whoever knew name and number may have been there first online.
    """
    theirs = select(Account).where(Account.resident_id == resident_id)
    return theirs.order_by(Account.seen_at.is_(None), Account.bound_at.nulls_first(), Account.id)


def hold_own_resident(resident_id: UUID) -> Resident:
    """The person for whom an account stands, locked."""
    return held(select(Resident).where(Resident.id == resident_id))


def name_on_file(document_index: bytes) -> str | None:
    """The name of whoever has this document, `None` where nobody has."""
    found = (
        select(Resident.name)
        .join(ResidentDocument, ResidentDocument.resident_id == Resident.id)
        .where(ResidentDocument.number_index == document_index)
    )
    return db.session.execute(found).scalar()


def resident(ctx: Context, resident_id: UUID) -> Resident:
    """A resident the actor may know of; raises `NotFound`."""
    return one(select(Resident).where(Resident.id == resident_id, policy.visible_to(ctx)))


def residents(ctx: Context, ids: Iterable[UUID]) -> Mapping[UUID, Resident]:
    """Those of these residents whom the actor may know of, by id."""
    found = select(Resident).where(Resident.id.in_(list(ids)), policy.visible_to(ctx))
    return {row.id: row for row in db.session.execute(found).scalars()}


def hold_request(ctx: Context, request_id: UUID) -> DeskRequest:
    """What was recorded at this house, locked; raises `NotFound`."""
    return held(select(DeskRequest).where(DeskRequest.id == request_id, policy.recorded_here(ctx)))


def has_lost_phone(resident_id: UUID) -> bool:
    """Whether the person was once freed from every account at a desk."""
    lost = (DeskRequest.act == DeskAct.LOST_PHONE) & DeskRequest.witnessed_at.is_not(None)
    found = select(DeskRequest.id).where(DeskRequest.resident_id == resident_id, lost)
    return db.session.execute(found.limit(1)).first() is not None


def is_closed(resident_id: UUID) -> bool:
    """Whether the person has died or left; one who is not on file has not."""
    closed = Resident.died_on.is_not(None) | Resident.restricted_at.is_not(None)
    found = select(Resident.id).where(Resident.id == resident_id, closed)
    return db.session.execute(found).first() is not None


def staff(_ctx: Context, ids: Iterable[UUID]) -> Mapping[UUID, Staff]:
    """These members of staff by id; who works where is public."""
    found = select(Staff).where(Staff.id.in_(list(ids)))
    return {row.id: row for row in db.session.execute(found).scalars()}


def staff_called(ctx: Context, names: Iterable[str]) -> Sequence[Staff]:
    """Who works here under one of these names."""
    called = (Staff.name.in_(list(names)), Staff.working(ctx.at))
    return db.session.execute(select(Staff).where(*called).order_by(Staff.id)).scalars().all()


def working_at(ctx: Context, institution_id: UUID, role: Role) -> Sequence[UUID]:
    """The staff of an institution who have this role and have not left, as they came."""
    here = (Staff.institution_id == institution_id, Staff.role == role, Staff.working(ctx.at))
    return db.session.execute(select(Staff.id).where(*here).order_by(Staff.id)).scalars().all()


def person_called(ctx: Context, name: str, id_number: str) -> UUID | None:
    """Who has this name and this 18-digit number; raises `rules.Malformed`.

    For features that ask for both and answer alike, whatever is found.
    """
    return _named(rules.person_name(name), documents.id_number(id_number, ctx.today))


def person_claimed(ctx: Context, claim: Claim) -> UUID | None:
    """Who has this name and this document, whichever of theirs it is; raises `Invalid`."""
    return _named(*claims.read_name_and_document(claim, ctx.today))


def _named(name: str, document: documents.Document) -> UUID | None:
    """One statement, whoever is on file."""
    index = keyring().index(document.canonical, document.index_purpose)
    theirs = select(Resident.id).join(ResidentDocument, ResidentDocument.resident_id == Resident.id)
    found = theirs.where(ResidentDocument.number_index == index, Resident.name == name)
    return db.session.execute(found).scalar()


def person_reached(_ctx: Context, name: str, phone: str) -> UUID | None:
    """Who has this name and an account with this mobile number; raises `rules.Malformed`."""
    index = keyring().index(rules.mobile_number(phone), "phone")
    theirs = select(Resident.id).join(Account, Account.resident_id == Resident.id)
    found = theirs.where(Account.phone_index == index, Resident.name == rules.person_name(name))
    return db.session.execute(found.order_by(Resident.id).limit(1)).scalar()


def is_open(resident_id: Any) -> ColumnElement[bool]:
    """Whether the record of a person, named by a column, is neither closed nor of the dead."""
    own = (Resident.id == resident_id) & Resident.died_on.is_(None)
    return select(Resident.id).where(own, Resident.restricted_at.is_(None)).exists()


def consent_version(resident_id: UUID) -> str | None:
    """Which text on health data an open person agreed to, where that stands."""
    given = select(Consent.version).where(
        Consent.resident_id == resident_id,
        Consent.purpose == Purpose.HEALTH_DATA,
        Consent.withdrawn_at.is_(None),
        is_open(Consent.resident_id),
    )
    return db.session.execute(given.limit(1)).scalar()


def has_agreed(resident_id: UUID) -> bool:
    """Whether an open person's consent to the use of health data stands."""
    given = select(Consent.id).where(
        Consent.resident_id == resident_id,
        Consent.purpose == Purpose.HEALTH_DATA,
        Consent.withdrawn_at.is_(None),
        is_open(Consent.resident_id),
    )
    return db.session.execute(given.limit(1)).first() is not None


def accounts_by_openid(openids: Iterable[str]) -> Mapping[str, UUID]:
    """The accounts of these WeChat identities, those that there are."""
    found = select(Account.openid, Account.id).where(Account.openid.in_(list(openids)))
    return {row.openid: row.id for row in db.session.execute(found)}


def openid_of_resident(resident_id: UUID) -> str | None:
    """Where WeChat messages to a resident go: the account used last; `None` without one."""
    used = select(func.max(LoginSession.refreshed_at)).where(LoginSession.account_id == Account.id)
    own = select(Account.openid).where(Account.resident_id == resident_id)
    latest = own.order_by(used.scalar_subquery().desc().nulls_last(), Account.id.desc())
    return db.session.execute(latest.limit(1)).scalar()


def phones_of(residents: Collection[UUID], staff: Collection[UUID]) -> Mapping[UUID, str]:
    """The mobile phones on file of these people, eleven digits; for who has to write to them.

    What is no mainland mobile number, or cannot be opened, is left out.
    """
    on_file = select(Resident).where(Resident.id.in_(residents))
    theirs = select(Account).where(Account.staff_id.in_(staff))
    numbers = {person.id: _mobile(person) for person in db.session.execute(on_file).scalars()}
    for account in db.session.execute(theirs).scalars():
        numbers |= {account.staff_id: _mobile(account)} if account.staff_id else {}
    return {person: number for person, number in numbers.items() if number is not None}


def _mobile(person: Resident | Account) -> str | None:
    try:
        return rules.mobile_number(person.phone) if person.phone else None
    except (rules.Malformed, Unreadable):
        return None


def openid_of_staff(staff_id: UUID) -> str | None:
    """Where WeChat messages to a member of staff go, `None` where none is bound."""
    found = select(Account.openid).where(Account.staff_id == staff_id)
    return db.session.execute(found).scalar_one_or_none()


def residents_called(openids: str) -> Sequence[UUID]:
    """The residents whose WeChat identity begins with these letters, as a demo names its cast."""
    theirs = select(Account.resident_id).where(Account.openid.startswith(openids, autoescape=True))
    found = db.session.execute(theirs.order_by(Account.id)).scalars()
    return [resident for resident in found if resident is not None]


def consents(account: Account) -> Mapping[Purpose, Consent]:
    """What this account, or the person it is of, agreed to and has not withdrawn."""
    whose = Consent.account_id == account.id
    if account.resident_id is not None:
        whose = Consent.resident_id == account.resident_id
    return {row.purpose: row for row in live_consents(whose)}


def consents_of(ctx: Context) -> Mapping[Purpose, Consent]:
    """The same of the person acted for, a guardian's child among them."""
    if ctx.proxy is not None:
        return {row.purpose: row for row in live_consents(Consent.resident_id == ctx.resident)}
    return consents(account(ctx))


def last_refusals(account: Account) -> Mapping[Purpose, datetime]:
    """When this account, or the person it is of, last said no, or took a consent back."""
    whose = Consent.account_id == account.id
    if account.resident_id is not None:
        whose = Consent.resident_id == account.resident_id
    back = select(Consent.purpose, Consent.withdrawn_at).where(whose, _not_renewed())
    no = select(ConsentRefusal.purpose, ConsentRefusal.refused_at)
    rows = [
        *db.session.execute(no.where(ConsentRefusal.account_id == account.id)),
        *db.session.execute(back),
    ]
    last: dict[Purpose, datetime] = {}
    for purpose, at in rows:
        if at is not None:
            last[purpose] = max(at, last.get(purpose, at))
    return last


def _not_renewed() -> ColumnElement[bool]:
    """Taken back, rather than replaced by a newer version at the same instant."""
    newer = aliased(Consent)
    whose = func.coalesce(newer.resident_id, newer.account_id)
    same = (newer.purpose == Consent.purpose) & (newer.given_at == Consent.withdrawn_at)
    same &= newer.id != Consent.id
    theirs = whose == func.coalesce(Consent.resident_id, Consent.account_id)
    return Consent.withdrawn_at.is_not(None) & ~exists().where(same, theirs)


def live_consents(whose: ColumnElement[bool]) -> Sequence[Consent]:
    """The consents that were given and not withdrawn."""
    live = select(Consent).where(whose, Consent.withdrawn_at.is_(None))
    return db.session.execute(live).scalars().all()


@cache
def consent_text(purpose: Purpose) -> ConsentText:
    """The text in force for a purpose."""
    content = tomllib.loads((ROOT / "config" / "texts" / f"{purpose}_consent.toml").read_text())
    return ConsentText(purpose, **content)


def is_in_force(version: str) -> bool:
    """Whether the text on health data that was agreed to is still the one in force (PIPL 14)."""
    return version == consent_text(Purpose.HEALTH_DATA).version
