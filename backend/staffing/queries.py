"""How staff, invitations and credentials are found."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from backend import identity
from backend.kernel.context import Context, Role
from backend.kernel.database import db, held, one
from backend.kernel.paging import Page, Wanted, page
from backend.kernel.relations import Belonging, Membership
from backend.staffing import codes, policy
from backend.staffing.models import (
    Credential,
    Invitation,
    InvitationState,
    RecoveryCode,
)
from backend.staffing.rules import StaffPolicy

INVITATION = "staff-invitation"
RECOVERY = "recovery-code"


def policy_of(ctx: Context) -> StaffPolicy:
    """What the region asks."""
    return ctx.region.section("staffing", StaffPolicy)


def staff(ctx: Context, wanted: Wanted, *, left: bool = False) -> Page[identity.Staff]:
    """Who works in the actor's houses now, or who has left them, by name."""
    gone = identity.Staff.left_at <= ctx.at
    there = select(identity.Staff).where(
        policy.visible_to(ctx), gone if left else identity.Staff.working(ctx.at)
    )
    return page(there, [identity.Staff.name, identity.Staff.id], wanted)


def member(ctx: Context, staff_id: UUID) -> identity.Staff:
    """A member of staff the actor may see; raises `NotFound`."""
    return one(_seen(ctx, staff_id))


def hold_member(ctx: Context, staff_id: UUID) -> identity.Staff:
    """As `member`, locked."""
    return held(_seen(ctx, staff_id))


def hold_colleague(ctx: Context, staff_id: UUID) -> identity.Staff:
    """Anybody who works in the region, for taking them in as what they are; `NotFound`."""
    person = select(identity.Staff).where(identity.Staff.id == staff_id)
    return held(person.where(identity.Staff.working(ctx.at)))


def hold_guest_posts(ctx: Context, staff_id: UUID) -> Sequence[Membership]:
    """The belongings to whole houses, now and later, locked."""
    theirs = (Membership.staff_id == staff_id) & (Membership.kind == Belonging.INSTITUTION)
    found = select(Membership).where(theirs, open_ones(ctx)).order_by(Membership.id)
    return db.session.execute(found.with_for_update()).scalars().all()


def memberships(ctx: Context, staff_id: UUID) -> Sequence[Membership]:
    """Where this person belonged, belongs and will belong, as far as the actor may see."""
    theirs = select(Membership).where(Membership.staff_id == staff_id)
    seen = theirs.where(policy.memberships_visible_to(ctx))
    return db.session.execute(seen.order_by(Membership.valid_from, Membership.id)).scalars().all()


def hold_membership(ctx: Context, staff_id: UUID, membership_id: UUID) -> Membership:
    """A membership of this person that the actor may see, locked; raises `NotFound`."""
    theirs = Membership.staff_id == staff_id
    wanted = select(Membership).where(Membership.id == membership_id, theirs)
    return held(wanted.where(policy.memberships_visible_to(ctx)))


def open_ones(ctx: Context) -> ColumnElement[bool]:
    """Memberships that have not ended."""
    return or_(Membership.valid_until.is_(None), Membership.valid_until > ctx.at)


def invitations(ctx: Context, wanted: Wanted) -> Page[Invitation]:
    """The invitations of the actor's houses, the newest first."""
    seen = select(Invitation).where(policy.invitations_visible_to(ctx))
    return page(seen, [Invitation.id], wanted, newest_first=True)


def hold_invitation(ctx: Context, invitation_id: UUID) -> Invitation:
    """An invitation of the actor's houses, locked; raises `NotFound`."""
    wanted = select(Invitation).where(Invitation.id == invitation_id)
    return held(wanted.where(policy.invitations_visible_to(ctx)))


def hold_offered(code: str) -> Invitation | None:
    """The invitation with this code, locked and as it is now: of two who accept, one waits."""
    fresh = _offered(code).with_for_update().execution_options(populate_existing=True)
    return db.session.execute(fresh).scalar_one_or_none()


def _offered(code: str) -> Select[Invitation]:
    kept = codes.digest(code, INVITATION)
    return select(Invitation).where(
        or_(Invitation.link_digest == kept, Invitation.code_digest == kept)
    )


def has_manager(ctx: Context, institution_id: UUID, role: Role) -> bool:
    """Whether somebody with this role works in the house, or was invited to."""
    post = (identity.Staff.institution_id == institution_id, identity.Staff.role == role)
    there = select(identity.Staff.id).where(*post, identity.Staff.working(ctx.at))
    asked = select(Invitation.id).where(
        Invitation.institution_id == institution_id,
        Invitation.role == role,
        Invitation.state == InvitationState.PENDING,
        Invitation.expires_at > ctx.at,
    )
    found = there.union(asked)
    return db.session.execute(found.limit(1)).first() is not None


def credential(ctx: Context) -> Credential | None:
    """The actor's own web access."""
    return credential_of(ctx.actor.id)


def credential_of(staff_id: UUID) -> Credential | None:
    """Somebody's web access, `None` where it was not set up."""
    return _credential(Credential.staff_id, staff_id)


def credential_called(login: str) -> Credential | None:
    """The web access with this login name."""
    return _credential(Credential.login, login)


def _credential(
    key: InstrumentedAttribute[UUID] | InstrumentedAttribute[str], value: object
) -> Credential | None:
    return db.session.execute(select(Credential).where(key == value)).scalar_one_or_none()


def hold_credential(credential_id: UUID) -> Credential:
    """Locked and as it is now."""
    return held(select(Credential).where(Credential.id == credential_id))


def recovery_codes_left(credential_id: UUID) -> int:
    """How many were not used."""
    unused = select(func.count()).select_from(RecoveryCode)
    left = unused.where(RecoveryCode.credential_id == credential_id, RecoveryCode.used_at.is_(None))
    return db.session.execute(left).scalar_one()


def _seen(ctx: Context, staff_id: UUID) -> Select[identity.Staff]:
    return select(identity.Staff).where(identity.Staff.id == staff_id, policy.visible_to(ctx))
