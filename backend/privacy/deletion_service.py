"""注销: asked for, taken back while it can be, then carried out as far as the law lets it."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from psycopg import errors as pg
from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError

from backend import identity
from backend.kernel import subjects
from backend.kernel.context import Context
from backend.kernel.database import db
from backend.kernel.events import record
from backend.kernel.lifecycle import IllegalMove
from backend.kernel.policy import admitted, by_clock, permitted
from backend.kernel.retention import Category
from backend.kernel.subjects import Cause, Kept
from backend.kernel.transaction import attempt
from backend.privacy import policy, queries
from backend.privacy.errors import AlreadyAsked, ConsequencesChanged
from backend.privacy.events import DeletionAsked, DeletionEnded
from backend.privacy.models import (
    DELETION_LIFE,
    DeletionAct,
    DeletionRequest,
    DeletionState,
    KeptRecord,
)
from backend.privacy.rules import policy_of

DAY = timedelta(days=1)
WITHOUT_NAME = frozenset({Category.DISCLOSURE})  # what is kept of these names ids alone


@admitted(policy.oneself)
def ask_deletion(ctx: Context, digest: str) -> DeletionRequest:
    """Ask to be forgotten once the cool-off is over; `digest` names what was read.

    Raises `ConsequencesChanged`, `AlreadyAsked`.
    """
    person = ctx.oneself_or_ward
    if queries.of_deletion(ctx).digest != digest.lower():
        raise ConsequencesChanged
    wanted = DeletionRequest(
        resident_id=person,
        account_id=ctx.actor.id,
        state=DeletionState.ASKED,
        asked_at=ctx.at,
        due_at=ctx.at + policy_of(ctx.region).cool_off,
    )
    _insert(wanted)
    record(ctx, DeletionAsked(person, wanted.id))
    return wanted


@permitted(policy.own)
def cancel_deletion(ctx: Context, request: DeletionRequest) -> DeletionRequest:
    """Stay; raises `IllegalMove` once it was carried out."""
    request.state = DELETION_LIFE.after(request.state, DeletionAct.CANCEL)
    request.ended_at = ctx.at
    record(ctx, DeletionEnded(request.resident_id, request.id, request.state))
    return request


@admitted(by_clock)
def carry_out(ctx: Context, request: DeletionRequest) -> DeletionRequest:
    """End everything, seal what a law keeps, erase the rest; raises `IllegalMove` before its time.

    After it nobody can tell from the database who it was, but for what is sealed beside the kept.
    """
    DELETION_LIFE.after(request.state, DeletionAct.ERASE)
    if request.due_at > ctx.at:
        raise IllegalMove
    person = request.resident_id
    identity.hold_person(person)
    who = identity.identity_of(person)

    subjects.close(ctx, person, Cause.ERASED)
    identity.forget_person(ctx, person)
    kept = subjects.kept(ctx, person)
    _note(person, kept)
    subjects.erase(ctx, person)
    request.account_id = None
    _settle(ctx, request, kept, who)
    return request


@admitted(by_clock)
def look_again(ctx: Context, request: DeletionRequest) -> DeletionRequest:
    """Erase what need not be kept any more; with the last of it, who it was."""
    DELETION_LIFE.after(request.state, DeletionAct.ERASE)
    person, who = request.resident_id, request.identity or ""
    kept = subjects.kept(ctx, person)
    _note(person, kept)
    subjects.erase(ctx, person)
    _settle(ctx, request, kept, who)
    return request


def _settle(ctx: Context, request: DeletionRequest, kept: Sequence[Kept], who: str) -> None:
    named = [row.until for row in kept if row.category not in WITHOUT_NAME]
    request.identity = who if named else None
    request.look_again_on = min(named) + DAY if named else None
    request.state = DeletionState.RESTRICTED if named else DeletionState.ERASED
    request.ended_at = ctx.at
    record(ctx, DeletionEnded(request.resident_id, request.id, request.state))


def _note(person: UUID, kept: Sequence[Kept]) -> None:
    db.session.execute(delete(KeptRecord).where(KeptRecord.resident_id == person))
    db.session.add_all(
        KeptRecord(resident_id=person, category=row.category, rows=row.rows, kept_until=row.until)
        for row in kept
    )
    db.session.flush()


def _insert(wanted: DeletionRequest) -> None:
    try:
        with attempt():
            db.session.add(wanted)
            db.session.flush()
    except IntegrityError as refused:
        if isinstance(refused.orig, pg.UniqueViolation):
            raise AlreadyAsked from refused
        raise
