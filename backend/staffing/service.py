"""What can be done about posts: invite, accept, give a role, belong to a team for some time."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from backend import identity, network, teams
from backend.kernel.context import MANAGING, Context, Role
from backend.kernel.database import db
from backend.kernel.errors import Fault, Forbidden, Invalid, NotFound
from backend.kernel.events import record
from backend.kernel.forgetting import forget
from backend.kernel.ids import new_id
from backend.kernel.policy import (
    admitted,
    by_anyone,
    by_clock,
    by_manager,
    permitted,
    require_step_up,
)
from backend.kernel.relations import Belonging, Membership
from backend.kernel.transaction import attempt, outside
from backend.staffing import codes, policy, queries
from backend.staffing.errors import (
    AlreadyLeft,
    AlreadyMember,
    AuditorStandsAlone,
    NotYoursToGrant,
)
from backend.staffing.events import (
    InvitationRevoked,
    MembershipBegun,
    MembershipEnded,
    RoleChanged,
    StaffInvited,
)
from backend.staffing.joining import join
from backend.staffing.models import LIFE, Invitation, InvitationAct, InvitationState
from backend.staffing.rules import may_appoint, may_become


@dataclass(frozen=True, slots=True)
class Post:
    """What somebody is invited to be."""

    name: str
    role: Role
    title: str
    institution_id: UUID
    specialty: str | None = None


@dataclass(frozen=True, slots=True)
class Offer:
    """An invitation and its two codes, which are told once and kept nowhere."""

    invitation: Invitation
    link_code: str
    code: str


@admitted(by_manager)
def invite(ctx: Context, post: Post) -> Offer:
    """Offer a post in an own house; raises `StepUpNeeded`, `NotYoursToGrant`, `NotFound`."""
    require_step_up(ctx)
    if post.institution_id not in ctx.actor.houses:
        raise NotFound
    _require_appointment(ctx, post.role)
    return _offer(ctx, post)


@admitted(by_clock)
def invite_first(ctx: Context, post: Post) -> Offer:
    """Offer an auditor's post, or a manager's where nobody has it, for the operator's command."""
    network.find(ctx, post.institution_id)
    if not may_appoint(ctx.actor.role, post.role):
        raise NotYoursToGrant
    if post.role in MANAGING and queries.has_manager(ctx, post.institution_id, post.role):
        raise Forbidden("这个机构已有管理员（或未过期的邀请），请由其邀请其他人员。")
    return _offer(ctx, post)


@permitted(policy.decides_about)
def invite_again(ctx: Context, person: identity.Staff) -> Offer:
    """Let somebody who works here bind another WeChat account; the old one ends with it."""
    require_step_up(ctx)
    if not person.works(ctx.at):
        raise AlreadyLeft
    post = Post(person.name, person.role, person.title, person.institution_id, person.specialty)
    return _offer(ctx, post, for_staff_id=person.id)


@permitted(policy.appoints_by_invitation)
def revoke(ctx: Context, invitation: Invitation) -> Invitation:
    """Take an invitation back before anybody accepts it."""
    invitation.state = LIFE.after(invitation.state, InvitationAct.REVOKE)
    invitation.revoked_at = ctx.at
    record(ctx, InvitationRevoked(invitation.id))
    return invitation


@admitted(by_clock)
def forget_invitations(_ctx: Context, before: datetime) -> int:
    """Drop some that ran out before then and nobody accepted; returns how many."""
    nobody_came = Invitation.state != InvitationState.ACCEPTED
    return forget(Invitation.__table__, nobody_came & (Invitation.expires_at < before))


@admitted(by_anyone)
def accept(
    ctx: Context, code: str, login_code: str, device: str | None = None
) -> identity.LoggedIn:
    """Bind the WeChat account of `login_code` to the post of `code`, and begin a session.

    Raises `InvitationUnknown`, `TooSoon`, `BoundElsewhere`, `CodeExpired`.
    """
    with outside():
        found = identity.wechat().identity(login_code)
    person = join(ctx, code, found.openid)
    return identity.begin_session(ctx, identity.Holder.STAFF, person.id, device=device)


@permitted(policy.decides_about)
def give_role(
    ctx: Context, person: identity.Staff, role: Role, title: str, specialty: str | None = None
) -> identity.Staff:
    """Give another role from the next request on; who will manage is a guest nowhere any more.

    Raises `StepUpNeeded`, `NotYoursToGrant`, `AuditorStandsAlone`, `AlreadyLeft`.
    """
    _require_appointment(ctx, role)
    before = person.role
    if before is not role and not may_become(before, role):
        raise AuditorStandsAlone(clause="职责分离")
    if not person.works(ctx.at):
        raise AlreadyLeft

    if role in MANAGING:
        _end_guest_posts(ctx, person.id)
    person.role, person.title, person.specialty = role, title, specialty
    identity.end_all_sessions(ctx, identity.Ending.ROLE_CHANGED, staff_id=person.id)
    record(ctx, RoleChanged(person.id, before, role))
    return person


@admitted(by_manager)
def begin_membership(
    ctx: Context,
    person: identity.Staff,
    party_id: UUID,
    belonging: Belonging,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Membership:
    """Let somebody belong to an own team or house, from now or later; takes effect by the date.

    A manager who belongs to a house manages it: that asks what an appointment asks. Raises
    `NotFound` for a party of another house, `Invalid`, `AuditorStandsAlone`, `AlreadyMember`,
    `StepUpNeeded`, `NotYoursToGrant`.
    """
    _own_party(ctx, party_id, belonging)
    if belonging is Belonging.INSTITUTION and person.role in MANAGING:
        _require_appointment(ctx, person.role)
    if person.role is Role.AUDITOR:
        raise AuditorStandsAlone(clause="职责分离")
    if not person.works(since or ctx.at):
        raise AlreadyLeft
    begins = _beginning(ctx, since, until)
    row = Membership(
        staff_id=person.id, party_id=party_id, kind=belonging, valid_from=begins, valid_until=until
    )
    try:
        with attempt():
            db.session.add(row)
    except IntegrityError as overlap:
        raise AlreadyMember from overlap
    record(ctx, MembershipBegun(person.id, row.id, party_id, belonging))
    return row


@permitted(policy.ends_membership)
def end_membership(ctx: Context, membership: Membership, at: datetime | None = None) -> Membership:
    """End it now or at a later instant, and with it a deputy's; what has ended stays as it was."""
    end = at or ctx.at
    if membership.valid_until is not None and membership.valid_until <= ctx.at:
        raise Invalid(faults=[Fault("/until", "这段任职已经结束")])
    if end < ctx.at:
        raise Invalid(faults=[Fault("/until", "结束时间不能早于现在")])
    _end(ctx, membership, end)
    teams.stop_standing_in(membership.staff_id, membership.party_id, membership.valid_until or end)
    return membership


def _require_appointment(ctx: Context, role: Role) -> None:
    require_step_up(ctx)
    if not may_appoint(ctx.actor.role, role):
        raise NotYoursToGrant


def _end_guest_posts(ctx: Context, staff_id: UUID) -> None:
    """No house that took somebody in for other work is managed by a promotion elsewhere."""
    for row in queries.hold_guest_posts(ctx, staff_id):
        _end(ctx, row, ctx.at)


def _end(ctx: Context, row: Membership, end: datetime) -> None:
    row.valid_until = max(end, row.valid_from)
    record(ctx, MembershipEnded(row.staff_id, row.id, row.party_id, row.valid_until))


def _offer(ctx: Context, post: Post, for_staff_id: UUID | None = None) -> Offer:
    link, short = codes.link_code(), codes.short_code()
    days = queries.policy_of(ctx).invitation_days
    invitation = Invitation(
        id=new_id(),
        institution_id=post.institution_id,
        name=_name(post.name),
        role=post.role,
        title=post.title,
        specialty=post.specialty,
        link_digest=codes.digest(link, queries.INVITATION),
        code_digest=codes.digest(short, queries.INVITATION),
        invited_by=None if by_clock(ctx) else ctx.actor.id,
        invited_at=ctx.at,
        expires_at=ctx.at + timedelta(days=days),
        state=InvitationState.PENDING,
        for_staff_id=for_staff_id,
    )
    db.session.add(invitation)
    record(ctx, StaffInvited(invitation.id, post.institution_id, post.role, for_staff_id))
    return Offer(invitation, link, short)


def _name(text: str) -> str:
    try:
        return identity.person_name(text)
    except identity.Malformed as wrong:
        raise Invalid(faults=[Fault("/name", wrong.fault.text)]) from wrong


def _own_party(ctx: Context, party_id: UUID, belonging: Belonging) -> None:
    if belonging is Belonging.DEPUTY:
        raise Invalid(faults=[Fault("/belonging", "代班请通过请假登记")])
    is_house = belonging is Belonging.INSTITUTION
    house = party_id if is_house else teams.find(ctx, party_id).institution_id
    if house not in ctx.actor.houses:
        raise NotFound


def _beginning(ctx: Context, since: datetime | None, until: datetime | None) -> datetime:
    begins = since or ctx.at
    if begins < ctx.at:
        raise Invalid(faults=[Fault("/since", "开始时间不能早于现在")])
    if until is not None and until <= begins:
        raise Invalid(faults=[Fault("/until", "结束时间应晚于开始时间")])
    return begins
