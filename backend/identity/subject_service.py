"""What identity holds of a person: itself, accounts, consents, devices; and how it is forgotten."""

import json
import os
from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import delete, select, update

from backend.identity import standing
from backend.identity.models import (
    Account,
    Consent,
    ConsentRefusal,
    DeskCode,
    DeskRequest,
    Ending,
    LoginSession,
    RefreshToken,
    Resident,
    ResidentDocument,
)
from backend.identity.session_service import end_all
from backend.kernel import relations
from backend.kernel.context import Context
from backend.kernel.database import db
from backend.kernel.idempotency import forget
from backend.kernel.policy import admitted, by_clock
from backend.kernel.subjects import Cause, Records, rows_of, told

GONE = "（已注销）"
NO_BIRTH = date(1900, 1, 1)


@admitted(by_clock)
def export(_ctx: Context, resident_id: UUID) -> Records:
    """The person, the accounts that stand for them, what was agreed to, every login."""
    accounts = _accounts(resident_id)
    ids = [account.id for account in accounts]
    return {
        "resident": told([db.session.get_one(Resident, resident_id)]),
        "resident_document": told(
            rows_of(ResidentDocument, ResidentDocument.resident_id == resident_id)
        ),
        "account": told(accounts),
        "desk_request": told(rows_of(DeskRequest, DeskRequest.resident_id == resident_id)),
        "consent": told(rows_of(Consent, Consent.resident_id == resident_id)),
        "consent_refusal": told(rows_of(ConsentRefusal, ConsentRefusal.account_id.in_(ids))),
        "session": told(rows_of(LoginSession, LoginSession.account_id.in_(ids))),
    }


@admitted(by_clock)
def close(ctx: Context, resident_id: UUID, cause: Cause) -> None:
    """A withdrawal ends no login; who died or is forgotten is logged in nowhere."""
    if cause is Cause.WITHDRAWN:
        return
    why = Ending.DIED if cause is Cause.DIED else Ending.ERASED
    for account in _accounts(resident_id):
        end_all(ctx, why, account_id=account.id)
    relations.part_from(ctx, resident_id)
    relations.part_of_party(ctx, resident_id)


@admitted(by_clock)
def erase(ctx: Context, resident_id: UUID) -> None:
    """Nothing that tells who it was remains: neither name nor number, nor whose phone it was."""
    accounts = [account.id for account in _accounts(resident_id)]
    person = standing.hold(resident_id)
    person.name, person.id_number, person.phone = GONE, "", None
    person.id_number_index = os.urandom(32)
    person.birth_date, person.community = NO_BIRTH, None
    person.latitude = person.longitude = None
    theirs = update(Consent).where(Consent.resident_id == resident_id)
    db.session.execute(theirs.where(Consent.withdrawn_at.is_(None)).values(withdrawn_at=ctx.at))
    db.session.execute(theirs.values(account_id=None))
    db.session.execute(delete(ConsentRefusal).where(ConsentRefusal.account_id.in_(accounts)))
    more = ResidentDocument.id != resident_id
    theirs_too = delete(ResidentDocument).where(ResidentDocument.resident_id == resident_id, more)
    db.session.execute(theirs_too)
    db.session.execute(delete(DeskRequest).where(DeskRequest.resident_id == resident_id))
    _unbind(accounts)
    relations.forget(resident_id)
    forget(resident_id)


def _unbind(accounts: Sequence[UUID]) -> None:
    """The WeChat identity stands for nobody: a login with it begins as a stranger's."""
    for account_id in accounts:
        account = db.session.get_one(Account, account_id)
        account.phone_sealed = account.phone_index = account.phone_given_at = None
        account.resident_id = None
        forget(account_id)
        if account.staff_id is None:
            account.openid = f"erased:{account_id}"
    db.session.execute(delete(DeskCode).where(DeskCode.account_id.in_(accounts)))
    own = select(LoginSession.id).where(LoginSession.account_id.in_(accounts))
    db.session.execute(delete(RefreshToken).where(RefreshToken.session_id.in_(own)))
    db.session.execute(delete(LoginSession).where(LoginSession.account_id.in_(accounts)))


def identity_of(resident_id: UUID) -> str:
    """Who a record that must be kept is about, to be sealed beside it."""
    person = db.session.get_one(Resident, resident_id)
    told_of = {
        "name": person.name,
        "id_number": person.id_number,
        "birth_date": person.birth_date.isoformat(),
        "sex": person.sex,
    }
    return json.dumps(told_of, ensure_ascii=False)


def _accounts(resident_id: UUID) -> Sequence[Account]:
    found = select(Account).where(Account.resident_id == resident_id).order_by(Account.id)
    return db.session.execute(found).scalars().all()
