"""窗口见证: what would give a person's record to another phone needs two members of staff."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select

from backend.identity import binding, policy
from backend.identity.errors import AlreadyVerified, ColleagueNeeded, PersonClosed, RequestOver
from backend.identity.events import DeskRequested, SeenAtDesk
from backend.identity.models import Account, DeskAct, DeskRequest, Ending, Resident
from backend.kernel.context import Context
from backend.kernel.database import db, held
from backend.kernel.errors import NotFound
from backend.kernel.events import record
from backend.kernel.paging import Page, Wanted, page
from backend.kernel.policy import admitted, permitted

WITNESSED_WITHIN = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class ToWitness:
    """What a colleague recorded, and until when it can be confirmed; the name is masked."""

    id: UUID
    resident_id: UUID
    name: str
    act: DeskAct
    made_at: datetime
    expires_at: datetime


@admitted(policy.at_desk)
def propose(
    ctx: Context, resident: Resident, act: DeskAct, account: Account | None = None
) -> DeskRequest:
    """Write down what waits for a colleague; every account of the person is told at once."""
    if ctx.actor.institution is None:
        raise NotFound
    proposed = DeskRequest(
        resident_id=resident.id,
        act=act,
        account_id=account.id if account else None,
        institution_id=ctx.actor.institution,
        recorded_by=ctx.actor.id,
        made_at=ctx.at,
        expires_at=ctx.at + WITNESSED_WITHIN,
    )
    db.session.add(proposed)
    theirs = tuple(one.id for one in binding.accounts_of(resident.id))
    record(ctx, DeskRequested(resident.id, proposed.id, act, theirs))
    return proposed


@admitted(policy.at_desk)
def to_witness(ctx: Context, wanted: Wanted) -> Page[ToWitness]:
    """What was recorded at this house and waits for a colleague, the newest first."""
    waiting = DeskRequest.witnessed_at.is_(None) & (DeskRequest.expires_at > ctx.at)
    rows = select(DeskRequest).where(policy.recorded_here(ctx), waiting)
    found = page(rows, [DeskRequest.id], wanted, newest_first=True)
    names = _names([row.resident_id for row in found.items])
    return Page([_shown(row, names) for row in found.items], found.next)


@permitted(policy.at_same_desk)
def witness(ctx: Context, request: DeskRequest) -> ToWitness:
    """Confirm, as another than who recorded it, that the person was there: now it is done.

    Raises `RequestOver`, `ColleagueNeeded`, `PersonClosed`, `AlreadyVerified`.
    """
    if request.witnessed_at is not None or request.expires_at <= ctx.at:
        raise RequestOver
    if ctx.actor.id == request.recorded_by:
        raise ColleagueNeeded
    account = _account(ctx, request)
    resident = held(select(Resident).where(Resident.id == request.resident_id))
    if resident.is_closed:
        raise PersonClosed
    request.phone = resident.phone
    request.witnessed_by, request.witnessed_at = ctx.actor.id, ctx.at
    if account is not None:
        binding.bind(ctx, account, resident, is_seen=True)
    else:
        binding.free(ctx, resident.id, binding.accounts_of(resident.id), Ending.PHONE_LOST)
        resident.phone = None
    record(ctx, SeenAtDesk(resident.id, request.account_id, request.institution_id))
    return _shown(request, {resident.id: resident.name})


def _account(ctx: Context, request: DeskRequest) -> Account | None:
    """The account to bind, locked; never that of a witness."""
    if request.account_id is None:
        return None
    account = held(select(Account).where(Account.id == request.account_id))
    if account.staff_id in {ctx.actor.id, request.recorded_by}:
        raise ColleagueNeeded
    if account.resident_id is not None:
        raise AlreadyVerified
    return account


def _names(ids: list[UUID]) -> Mapping[UUID, str]:
    found = select(Resident.id, Resident.name).where(Resident.id.in_(ids))
    return {row.id: row.name for row in db.session.execute(found)}


def _shown(row: DeskRequest, names: Mapping[UUID, str]) -> ToWitness:
    whole = names[row.resident_id]
    name = whole[:1] + "*" * (len(whole) - 1)
    return ToWitness(row.id, row.resident_id, name, row.act, row.made_at, row.expires_at)
