"""From a WeChat code to an account we know, and the phone that WeChat vouches for."""

from dataclasses import replace
from typing import cast

from flask import current_app
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from backend.identity import policy, queries, rules
from backend.identity.errors import (
    NotStaff,
)
from backend.identity.gateway import WeChat
from backend.identity.models import Account
from backend.identity.session_service import LoggedIn, begin
from backend.identity.tokens import Holder
from backend.kernel.context import Context
from backend.kernel.crypto import keyring
from backend.kernel.database import db
from backend.kernel.errors import Fault, Invalid
from backend.kernel.ids import new_id
from backend.kernel.policy import admitted, by_anyone
from backend.kernel.transaction import outside


def wechat() -> WeChat:
    """The WeChat gateway of the running app."""
    return cast(WeChat, current_app.extensions["wechat"])


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
    """Keep the phone number that WeChat vouches for; raises `Invalid` for one from elsewhere.

    The number on file of the person for whom the account stands follows it.
    """
    with outside():
        number = wechat().phone(code)
    try:
        mobile = rules.mobile_number(number)
    except rules.Malformed as wrong:
        raise Invalid(faults=[Fault("/code", wrong.fault.text)]) from wrong
    account = queries.hold_account(ctx)
    account.phone, account.phone_given_at = mobile, ctx.at
    account.phone_index = keyring().index(mobile, "phone")
    if account.resident_id is not None:
        queries.hold_own_resident(account.resident_id).phone = mobile
    return account
