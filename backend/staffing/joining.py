"""Accepting an invitation: the post and the WeChat account come together, once."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from backend import identity
from backend.kernel.context import Context
from backend.kernel.database import db
from backend.kernel.events import record
from backend.kernel.ids import new_id
from backend.staffing import queries
from backend.staffing.errors import BoundElsewhere, InvitationUnknown, TooSoon
from backend.staffing.events import StaffJoined, StaffRebound
from backend.staffing.models import LIFE, Invitation, InvitationAct, InvitationState


def join(ctx: Context, code: str, openid: str) -> identity.Staff:
    """Bind this WeChat account to the post.

    Raises `InvitationUnknown`, `TooSoon`, `BoundElsewhere`.
    """
    invitation = _open_one(ctx, code)
    account = _account(ctx, openid)
    person = _person(ctx, invitation, account)
    account.staff_id = person.id
    invitation.state = LIFE.after(invitation.state, InvitationAct.ACCEPT)
    invitation.accepted_at, invitation.staff_id = ctx.at, person.id
    db.session.flush()
    record(ctx, StaffJoined(invitation.id, person.id, person.role))
    return person


def _open_one(ctx: Context, code: str) -> Invitation:
    found = queries.hold_offered(code)
    if found is None or found.state is not InvitationState.PENDING or found.expires_at <= ctx.at:
        raise InvitationUnknown
    return found


def _account(ctx: Context, openid: str) -> identity.Account:
    """The account, locked; who has left stands in nobody's way."""
    new = insert(identity.Account).values(id=new_id(), openid=openid, created_at=ctx.at)
    db.session.execute(new.on_conflict_do_nothing(index_elements=["openid"]))
    found = select(identity.Account).where(identity.Account.openid == openid).with_for_update()
    account = db.session.execute(found).scalar_one()
    if account.staff_id is not None:
        before = identity.staff(ctx, [account.staff_id])[account.staff_id]
        if before.works(ctx.at):
            raise BoundElsewhere
    return account


def _person(ctx: Context, invitation: Invitation, account: identity.Account) -> identity.Staff:
    if invitation.for_staff_id is not None:
        return _rebound(ctx, invitation, invitation.for_staff_id, account)
    person = identity.Staff(
        name=invitation.name,
        role=invitation.role,
        title=invitation.title,
        specialty=invitation.specialty,
        institution_id=invitation.institution_id,
        left_at=None,
    )
    db.session.add(person)
    db.session.flush()
    return person


def _rebound(
    ctx: Context, invitation: Invitation, staff_id: UUID, account: identity.Account
) -> identity.Staff:
    """Somebody with another phone: the old account stands for nobody of the staff any more.

    What a manager asked for is good some hours later, so that nobody is impersonated in a minute.
    """
    hours = timedelta(hours=queries.policy_of(ctx).rebinding_hours)
    if invitation.invited_by is not None and ctx.at < invitation.invited_at + hours:
        raise TooSoon
    person = identity.staff(ctx, [staff_id])[staff_id]
    if not person.works(ctx.at):
        raise InvitationUnknown
    old = update(identity.Account).where(identity.Account.staff_id == staff_id)
    before = db.session.execute(old.values(staff_id=None).returning(identity.Account.id)).scalar()
    record(ctx, StaffRebound(invitation.id, staff_id, account.id, before))
    identity.end_all_sessions(ctx, identity.Ending.PHONE_LOST, staff_id=staff_id)
    return person
