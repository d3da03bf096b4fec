"""Finding or keeping a person by a document, and letting a WeChat account stand for one."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from backend.identity import queries
from backend.identity.claims import Person
from backend.identity.consent_service import carry_over
from backend.identity.documents import Document
from backend.identity.events import AccountAdded, AccountsFreed, ResidentVerified
from backend.identity.models import Account, Ending, Resident, ResidentDocument
from backend.identity.session_service import end_all
from backend.kernel.context import Context
from backend.kernel.crypto import keyring
from backend.kernel.database import db
from backend.kernel.events import record
from backend.kernel.transaction import attempt


def document_index(document: Document) -> bytes:
    """By which a document is found; the same for each of its spellings."""
    return keyring().index(document.canonical, document.index_purpose)


def holder(document: Document) -> Resident | None:
    """The person who has this document, locked."""
    found = (
        select(Resident)
        .join(ResidentDocument, ResidentDocument.resident_id == Resident.id)
        .where(ResidentDocument.number_index == document_index(document))
        .with_for_update(of=Resident)
        .execution_options(populate_existing=True)
    )
    return db.session.execute(found).scalar()


def holder_or_new(ctx: Context, person: Person) -> tuple[Resident, bool]:
    """The person who has the document, locked, and whether they were registered just now."""
    known = holder(person.document)
    if known is not None:
        return known, False
    try:
        with attempt():
            return _registered(ctx, person), True
    except IntegrityError:
        # Somebody registered the same person at this moment, and has committed by now.
        known = holder(person.document)
        if known is None:
            raise
        return known, False


def _registered(ctx: Context, person: Person) -> Resident:
    resident = Resident(
        name=person.name,
        id_number_index=document_index(person.document),
        birth_date=person.birth_date,
        sex=person.sex,
        verified_at=ctx.at,
    )
    resident.id_number = person.document.canonical
    db.session.add(resident)
    db.session.flush()
    return resident


def accounts_of(resident_id: UUID) -> Sequence[Account]:
    """The accounts that stand for a person, locked, in the order of `accounts_in_order`."""
    theirs = queries.accounts_in_order(resident_id).with_for_update()
    return db.session.execute(theirs.execution_options(populate_existing=True)).scalars().all()


def bind(ctx: Context, account: Account, resident: Resident, *, is_seen: bool = False) -> None:
    """Let the account stand for the person; those that do already are told.

    The phone of who was seen at a desk is the phone on file; online only where there is none.
    """
    others = tuple(other.id for other in accounts_of(resident.id))
    account.resident_id, account.bound_at, account.freed_at = resident.id, ctx.at, None
    account.seen_at = ctx.at if is_seen else None
    known, given = resident.phone, account.phone
    resident.phone = (given or known) if is_seen else (known or given)
    db.session.flush()
    carry_over(ctx, account)
    record(ctx, ResidentVerified(resident.id, account.id))
    if others:
        record(ctx, AccountAdded(resident.id, account.id, others, is_seen))


def free(ctx: Context, resident_id: UUID, accounts: Sequence[Account], why: Ending) -> None:
    """Let accounts stand for nobody, log them out, and keep nothing of the person in them.

    Such an account is never verified online again as somebody on file: whoever holds the phone
    may know name and number as well.
    """
    for account in accounts:
        account.resident_id, account.bound_at, account.freed_at = None, None, ctx.at
        account.seen_at = None
        account.phone, account.phone_index, account.phone_given_at = None, None, None
        end_all(ctx, why, account_id=account.id)
    record(ctx, AccountsFreed(resident_id, tuple(account.id for account in accounts), why))
