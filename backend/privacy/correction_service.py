"""更正: a person says what is wrong, staff look and answer, and what was there stays on record."""

from collections.abc import Callable, Mapping
from uuid import UUID

from psycopg import errors as pg
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from backend import contracting, identity, network
from backend.kernel import subjects
from backend.kernel.context import Context
from backend.kernel.database import db
from backend.kernel.errors import Fault, Invalid, NotFound
from backend.kernel.events import record
from backend.kernel.policy import admitted, by_clock, permitted
from backend.kernel.subjects import Cause
from backend.kernel.transaction import attempt
from backend.privacy import policy
from backend.privacy.errors import AlreadyAsked
from backend.privacy.events import CorrectionAsked, CorrectionDecided
from backend.privacy.models import (
    CORRECTION_LIFE,
    Correction,
    CorrectionAct,
    CorrectionState,
    Subject,
)

# With name and phone somebody can be verified as the person online.
WITH_DOCUMENT = frozenset({Subject.NAME, Subject.PHONE})
READ: Mapping[Subject, Callable[[str], str]] = {
    Subject.NAME: identity.person_name,
    Subject.PHONE: identity.mobile_number,
}


@admitted(policy.oneself)
def ask_correction(
    ctx: Context,
    subject: Subject,
    wanted: str,
    because: str,
    *,
    subject_id: UUID | None = None,
    institution_id: UUID | None = None,
) -> Correction:
    """Say what is wrong and why; the house of one's contract looks into it, or the one named.

    Raises `Invalid`, `AlreadyAsked`, `PersonClosed`.
    """
    person = ctx.oneself_or_ward
    _require_open(person)
    asked = Correction(
        resident_id=person,
        institution_id=_house(ctx, person, institution_id),
        account_id=ctx.actor.id,
        subject=subject,
        subject_id=subject_id,
        state=CorrectionState.ASKED,
        asked_at=ctx.at,
    )
    asked.wanted, asked.because = _read(subject, wanted), because
    asked.before = _present(ctx, person, subject, subject_id)
    _insert(asked)
    record(ctx, CorrectionAsked(person, asked.id, subject))
    return asked


@permitted(policy.own)
def withdraw_correction(ctx: Context, correction: Correction) -> Correction:
    """Take the wish back."""
    return _decided(ctx, correction, CorrectionAct.WITHDRAW)


@permitted(policy.house)
def accept_correction(
    ctx: Context, correction: Correction, *, document_seen: bool = False
) -> Correction:
    """Correct it; a name or phone only with the document at the desk. A reading gets a note."""
    CORRECTION_LIFE.after(correction.state, CorrectionAct.ACCEPT)
    _require_open(correction.resident_id)
    if correction.subject in WITH_DOCUMENT and not document_seen:
        raise Invalid(faults=[Fault("/document_seen", "改姓名或手机号须当面核对证件原件")])
    person, wanted = correction.resident_id, correction.wanted or ""
    if correction.subject_id is not None:
        subjects.annotate(ctx, person, correction.subject_id, wanted)
    else:
        identity.correct(ctx, person, correction.subject, wanted)
    correction.decided_by = ctx.actor.id
    return _decided(ctx, correction, CorrectionAct.ACCEPT)


@permitted(policy.house)
def refuse_correction(ctx: Context, correction: Correction, answer: str) -> Correction:
    """Leave it as it is; the person reads why, and where to complain (PIPL 50)."""
    CORRECTION_LIFE.after(correction.state, CorrectionAct.REFUSE)
    correction.answer, correction.decided_by = answer, ctx.actor.id
    return _decided(ctx, correction, CorrectionAct.REFUSE)


@admitted(by_clock)
def close_corrections(ctx: Context, resident_id: UUID, _cause: Cause) -> None:
    """What waits is void: nobody at a desk reads it any more."""
    waiting = (Correction.resident_id == resident_id) & (Correction.state == CorrectionState.ASKED)
    for correction in db.session.execute(select(Correction).where(waiting)).scalars():
        _decided(ctx, correction, CorrectionAct.WITHDRAW)


def _require_open(resident_id: UUID) -> None:
    """Raise `PersonClosed` unless the record is open, and stays so until the commit."""
    if identity.why_closed(resident_id) is not None:
        raise identity.PersonClosed


def _decided(ctx: Context, correction: Correction, act: CorrectionAct) -> Correction:
    correction.state = CORRECTION_LIFE.after(correction.state, act)
    correction.decided_at = ctx.at
    record(ctx, CorrectionDecided(correction.resident_id, correction.id, correction.state))
    return correction


def _house(ctx: Context, person: UUID, named: UUID | None) -> UUID:
    contract = contracting.active(ctx, person)
    if named is None and contract is not None:
        return contract.institution_id
    try:
        return network.find(ctx, named or person).id
    except NotFound:
        fault = Fault("/institution_id", "请选择由哪家社区卫生服务机构办理")
        raise Invalid(faults=[fault]) from None


def _read(subject: Subject, wanted: str) -> str:
    try:
        return READ.get(subject, str)(wanted)
    except identity.Malformed as wrong:
        raise Invalid(faults=[Fault("/wanted", wrong.fault.text)]) from wrong


def _present(ctx: Context, person: UUID, subject: Subject, row: UUID | None) -> str | None:
    if (subject is Subject.READING) != (row is not None):
        raise Invalid(faults=[Fault("/subject_id", "更正测量记录时，请指明是哪一次")])
    if row is None:
        return identity.fact(person, subject)
    found = subjects.described(ctx, person, row)
    if found is None:
        raise Invalid(faults=[Fault("/subject_id", "没有找到这一次测量记录")])
    return found


def _insert(asked: Correction) -> None:
    try:
        with attempt():
            db.session.add(asked)
            db.session.flush()
    except IntegrityError as refused:
        if isinstance(refused.orig, pg.UniqueViolation):
            raise AlreadyAsked from refused
        raise
