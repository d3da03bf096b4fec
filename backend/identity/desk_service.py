"""窗口办理: a member of staff sees the person with the original document, and is the witness.

A short-lived code on the resident's phone says which account it is about. Times of codes and of
missed tries are real time.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Interval, delete, func, literal, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError

from backend.identity import binding, claims, policy, queries
from backend.identity.claims import Claim, Person
from backend.identity.consent_service import agreed_on_paper
from backend.identity.errors import (
    AlreadyVerified,
    CodeUnknown,
    DocumentTaken,
    NameDiffers,
    NobodyFound,
    OwnAccount,
    PersonClosed,
)
from backend.identity.events import DocumentAdded, SeenAtDesk
from backend.identity.models import (
    Account,
    DeskAct,
    DeskCode,
    DeskMiss,
    DeskRequest,
    Purpose,
    Resident,
    ResidentDocument,
    Staff,
)
from backend.identity.verification_service import require_consent
from backend.identity.witness_service import propose
from backend.kernel.context import Context
from backend.kernel.crypto import keyring
from backend.kernel.database import db, held
from backend.kernel.errors import ConsentNeeded, Fault, Invalid, TooMany, Unavailable
from backend.kernel.events import record
from backend.kernel.forgetting import forget
from backend.kernel.ids import new_id
from backend.kernel.policy import admitted, by_clock
from backend.kernel.transaction import attempt

CODE_LASTS = timedelta(minutes=10)
CODE_DIGITS = 8
MISSES, MISSES_WITHIN = 10, timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class ShownCode:
    """A code for the resident's screen, and for how many seconds it is good."""

    code: str
    expires_in: int


@dataclass(frozen=True, slots=True)
class Served:
    """Who stood at the desk, and what waits for a colleague, if anything does."""

    resident: Resident
    waiting: DeskRequest | None


@admitted(policy.own_account)
def make_desk_code(ctx: Context) -> ShownCode:
    """A code that names this account at a desk, once; an earlier one is void.

    Raises `AlreadyVerified`, `ConsentNeeded`, and `Unavailable` where the code is just in use.
    """
    account = queries.hold_account(ctx)
    if account.resident_id is not None:
        raise AlreadyVerified
    require_consent(account)
    code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"
    index = _code_index(code)
    gone = (DeskCode.code_index == index) & (DeskCode.expires_at <= func.now())
    db.session.execute(delete(DeskCode).where(gone))
    kept = {"code_index": index, "expires_at": func.now() + _span(CODE_LASTS)}
    new = insert(DeskCode).values(id=new_id(), account_id=account.id, **kept)
    try:
        with attempt():
            db.session.execute(new.on_conflict_do_update(index_elements=["account_id"], set_=kept))
    except IntegrityError as taken:
        raise Unavailable from taken
    return ShownCode(code, int(CODE_LASTS.total_seconds()))


@admitted(policy.at_desk)
def verify_at_desk(
    ctx: Context, claim: Claim, code: str | None = None, agreed_version: str | None = None
) -> Served:
    """Verify a person whose original document was seen, and bind the account that shows `code`.

    Who has or had an account gets another one only once a colleague confirms it.
    Without a code the person is registered alone, as who has no phone is; `agreed_version` is the
    text on health data that was agreed to on paper. Raises `Invalid`, `NameDiffers`,
    `CodeUnknown`, `TooMany`, `AlreadyVerified`, `OwnAccount`, `PersonClosed`, `ConsentNeeded`,
    `TextChanged`.
    """
    _require_patience(ctx)
    person = claims.read(claim, ctx.today)
    _require_name_on_file(ctx, person)
    account = _account_showing(ctx, code) if code is not None else None
    waiting = None
    resident, is_new = binding.holder_or_new(ctx, person)
    if resident.name != person.name:  # registered or renamed by somebody else at this moment
        raise NameDiffers
    if resident.is_closed:
        raise PersonClosed
    if account is not None:
        waiting = _bound_or_proposed(ctx, account, resident)
    if agreed_version is not None:
        agreed_on_paper(ctx, resident.id, Purpose.HEALTH_DATA, agreed_version)
    elif is_new and account is None:
        raise ConsentNeeded
    if waiting is None:
        which = account.id if account else None
        record(ctx, SeenAtDesk(resident.id, which, ctx.actor.institution))
    return Served(resident, waiting)


def _bound_or_proposed(ctx: Context, account: Account, resident: Resident) -> DeskRequest | None:
    """A first phone is bound at once; a further one waits for a colleague."""
    if binding.accounts_of(resident.id) or queries.has_lost_phone(resident.id):
        return propose(ctx, resident, DeskAct.BINDING, account)
    binding.bind(ctx, account, resident, is_seen=True)
    return None


@admitted(policy.at_desk)
def add_document(ctx: Context, known: Claim, further: Claim) -> Resident:
    """Keep a further document of a person, as a foreigner's new card beside the old one.

    Raises `Invalid`, `NobodyFound`, `DocumentTaken`, `TooMany`.
    """
    resident = present(ctx, known)
    faults: list[Fault] = []
    document = claims.read_document(further, ctx.today, faults)
    if document is None:
        raise Invalid(faults=[Fault(f"/further{f.pointer}", f.detail) for f in faults])
    owner = binding.holder(document)
    if owner is not None and owner.id == resident.id:
        return resident
    kept = ResidentDocument(
        resident_id=resident.id,
        number_index=binding.document_index(document),
        added_at=ctx.at,
        seen_by=ctx.actor.id,
    )
    kept.number = document.canonical
    try:
        with attempt():
            db.session.add(kept)
            db.session.flush()
    except IntegrityError:
        raise DocumentTaken from None
    record(ctx, DocumentAdded(resident.id, kept.id))
    return resident


@admitted(policy.at_desk)
def report_lost_phone(ctx: Context, claim: Claim) -> Served:
    """Ask that a person who is present be freed from every account: a colleague confirms it.

    Raises `Invalid`, `NobodyFound`, `TooMany`.
    """
    resident = present(ctx, claim)
    return Served(resident, propose(ctx, resident, DeskAct.LOST_PHONE))


@admitted(policy.at_desk)
def present(ctx: Context, claim: Claim) -> Resident:
    """The person on file who stands at the desk, locked.

    Raises `Invalid`, `NobodyFound`, and `TooMany` after too many misses.
    """
    _require_patience(ctx)
    person = claims.read(claim, ctx.today)
    resident = binding.holder(person.document)
    if resident is None or resident.name != person.name:
        _note_miss(ctx)
        raise NobodyFound
    return resident


@admitted(by_clock)
def forget_desk_codes(_ctx: Context) -> int:
    """Drop some of the codes that ran out; returns how many."""
    return forget(DeskCode.__table__, DeskCode.expires_at <= func.now())


@admitted(by_clock)
def forget_desk_misses(_ctx: Context, before: datetime) -> int:
    """Drop some of the tries before an instant (real time); returns how many."""
    return forget(DeskMiss.__table__, DeskMiss.at < before)


def _require_name_on_file(ctx: Context, person: Person) -> None:
    name = queries.name_on_file(binding.document_index(person.document))
    if name not in {None, person.name}:
        _note_miss(ctx)
        raise NameDiffers


def _account_showing(ctx: Context, code: str) -> Account:
    """The account whose code this is, locked; the code is used up."""
    good = (DeskCode.code_index == _code_index(code)) & (DeskCode.expires_at > func.now())
    used = delete(DeskCode).where(good).returning(DeskCode.account_id)
    account_id: UUID | None = db.session.execute(used).scalar()
    if account_id is None:
        _note_miss(ctx)
        raise CodeUnknown
    account = held(select(Account).where(Account.id == account_id))
    if account.resident_id is not None:
        raise AlreadyVerified
    if account.staff_id == ctx.actor.id:
        raise OwnAccount
    return account


def _require_patience(ctx: Context) -> None:
    """Raise `TooMany` after too many misses; the tries of one member of staff come in turn."""
    db.session.execute(
        select(Staff.id).where(Staff.id == ctx.actor.id).with_for_update(key_share=True)
    )
    recent = DeskMiss.at > func.now() - _span(MISSES_WITHIN)
    missed = select(func.count()).where(DeskMiss.staff_id == ctx.actor.id, recent)
    if db.session.execute(missed).scalar_one() >= MISSES:
        raise TooMany("核对失败的次数太多，请过十五分钟再办理。")


def _note_miss(ctx: Context) -> None:
    db.session.add(DeskMiss(staff_id=ctx.actor.id))
    db.session.flush()


def _code_index(code: str) -> bytes:
    return keyring().index(code, "desk_code")


def _span(span: timedelta) -> ColumnElement[timedelta]:
    return literal(span, Interval())
