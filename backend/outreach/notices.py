"""What we tell the team; and what is taken back once somebody has a seat."""

from sqlalchemy import select

from backend import clinics, identity, messaging
from backend.kernel.context import Context, Role
from backend.kernel.database import db
from backend.kernel.relations import Belonging, Membership
from backend.messaging import MessageKind, To
from backend.outreach.events import ListProposed
from backend.outreach.models import Proposal, ProposalState, Suggestion


def ask_doctors(ctx: Context, event: ListProposed) -> None:
    """A list waits: the doctors of the team hear of it."""
    proposal = db.session.get_one(Proposal, event.list_id)
    if proposal.state is not ProposalState.PROPOSED:
        return
    kind, values = MessageKind.SUGGESTION_TO_APPROVE, {"time": messaging.as_time(ctx.at)}
    of_team = (Membership.party_id == event.team_id) & Membership.valid_until.is_(None)
    belongs = of_team & Membership.kind.in_([Belonging.TEAM, Belonging.TEAM_LEAD])
    found = db.session.execute(select(Membership.staff_id).where(belongs).distinct()).scalars()
    for staff_id, person in identity.staff(ctx, found).items():
        if person.role is Role.DOCTOR and person.works(ctx.at):
            to = To.staff(staff_id)
            messaging.queue(ctx, kind, to, proposal.id, occasion=kind, values=values)


def forget_suggested(ctx: Context, event: clinics.BookingMade) -> None:
    """Nobody hears of a session in which they have a seat."""
    theirs = Suggestion.resident_id == event.resident_id
    found = select(Suggestion.id).where(theirs, Suggestion.session_id == event.session_id)
    for suggestion_id in db.session.execute(found).scalars():
        messaging.withdraw(ctx, suggestion_id)
