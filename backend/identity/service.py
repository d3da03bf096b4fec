"""From a WeChat code to a resident we know: phone, separate consent, verified identity."""

from dataclasses import replace
from typing import cast

from flask import current_app
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError

from backend.identity import documents, policy, queries, rules
from backend.identity.consent_service import carry_over
from backend.identity.errors import (
    AlreadyVerified,
    HeldElsewhere,
    IdentityMismatch,
    NotStaff,
)
from backend.identity.events import ResidentVerified
from backend.identity.gateway import RealName, Verdict, WeChat
from backend.identity.models import Account, Purpose, Resident
from backend.identity.session_service import LoggedIn, begin
from backend.identity.tokens import Holder
from backend.kernel.context import Context
from backend.kernel.crypto import keyring
from backend.kernel.database import db
from backend.kernel.errors import ConsentNeeded, Fault, Invalid, PhoneNeeded
from backend.kernel.events import record
from backend.kernel.ids import new_id
from backend.kernel.policy import admitted, by_anyone
from backend.kernel.transaction import attempt, outside


def wechat() -> WeChat:
    """The WeChat gateway of the running app."""
    return cast(WeChat, current_app.extensions["wechat"])


def realname() -> RealName:
    """The real-name gateway of the running app."""
    return cast(RealName, current_app.extensions["realname"])


@admitted(by_anyone)
def log_in(ctx: Context, code: str, device: str | None = None) -> LoggedIn:
    """Log a resident in by WeChat's code; a first login makes an account."""
    with outside():
        found = wechat().identity(code)
    new = insert(Account).values(id=new_id(), openid=found.openid, created_at=ctx.at)
    db.session.execute(new.on_conflict_do_nothing(index_elements=["openid"]))
    account = db.session.execute(select(Account).filter_by(openid=found.openid)).scalar_one()
    return replace(begin(ctx, Holder.RESIDENT, account.id, device=device), account=account)


@admitted(by_anyone)
def log_in_staff(ctx: Context, code: str, device: str | None = None) -> LoggedIn:
    """Log a member of staff in by WeChat's code; raises `NotStaff`."""
    with outside():
        found = wechat().identity(code)
    account = db.session.execute(
        select(Account).filter_by(openid=found.openid)
    ).scalar_one_or_none()
    if account is None or account.staff_id is None:
        raise NotStaff
    if not queries.staff(ctx, [account.staff_id])[account.staff_id].works(ctx.at):
        raise NotStaff
    return replace(begin(ctx, Holder.STAFF, account.staff_id, device=device), account=account)


@admitted(policy.own_account)
def give_phone(ctx: Context, code: str) -> Account:
    """Keep the phone number that WeChat vouches for; raises `Invalid` for one from elsewhere."""
    with outside():
        number = wechat().phone(code)
    try:
        mobile = rules.mobile_number(number)
    except rules.Malformed as wrong:
        raise Invalid(faults=[Fault("/code", wrong.fault.text)]) from wrong
    account = queries.hold_account(ctx)
    account.phone, account.phone_given_at = mobile, ctx.at
    account.phone_index = keyring().index(mobile, "phone")
    return account


@admitted(policy.own_account)
def verify(ctx: Context, name: str, id_number: str) -> Account:
    """Verify who holds the phone by name and 18-digit ID number (GB 11643).

    Raises `PhoneNeeded`, `ConsentNeeded`, `Invalid` with pointers, `AlreadyVerified`,
    `IdentityMismatch`, `HeldElsewhere`, `Unavailable`.
    """
    _ready(queries.account(ctx))
    person, number = _read(ctx, name, id_number)
    with outside():
        verdict = realname().verify(person, number.number)
    if verdict is not Verdict.MATCH:
        raise IdentityMismatch
    account = queries.hold_account(ctx)
    _ready(account)
    resident = _claimed(ctx, account, person, number)
    account.resident_id = resident.id
    carry_over(ctx, account)
    record(ctx, ResidentVerified(resident.id, account.id))
    return account


def _ready(account: Account) -> None:
    if account.resident_id is not None:
        raise AlreadyVerified
    if account.phone_sealed is None:
        raise PhoneNeeded
    given = queries.consents(account).get(Purpose.HEALTH_DATA)
    if given is None or given.version != queries.consent_text(Purpose.HEALTH_DATA).version:
        raise ConsentNeeded


def _read(ctx: Context, name: str, id_number: str) -> tuple[str, documents.Document]:
    faults = []
    try:
        name = rules.person_name(name)
    except rules.Malformed as wrong:
        faults.append(Fault("/name", wrong.fault.text))
    try:
        number = documents.id_number(id_number, ctx.today)
    except rules.Malformed as wrong:
        faults.append(Fault("/id_number", wrong.fault.text))
    if faults:
        raise Invalid(faults=faults)
    return name, number


def _claimed(ctx: Context, account: Account, name: str, number: documents.Document) -> Resident:
    """The resident with this number: new, or on file with this phone and without an account."""
    index = keyring().index(number.number, "id_number")
    known = select(Resident).where(Resident.id_number_index == index)
    resident = db.session.execute(known.with_for_update()).scalar_one_or_none()
    if resident is None:
        return _registered(ctx, account, name, number, index)
    taken = select(Account.id).where(Account.resident_id == resident.id)
    if db.session.execute(taken).first() is not None or resident.phone not in {None, account.phone}:
        raise HeldElsewhere
    return resident


def _registered(
    ctx: Context, account: Account, name: str, number: documents.Document, index: bytes
) -> Resident:
    resident = Resident(
        name=name,
        id_number_index=index,
        birth_date=number.born_on,
        sex=number.sex,
        verified_at=ctx.at,
    )
    resident.id_number, resident.phone = number.number, account.phone
    try:
        with attempt():
            db.session.add(resident)
            db.session.flush()
    except IntegrityError:
        raise HeldElsewhere from None
    return resident
