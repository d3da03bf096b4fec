"""Propose a list, review it, send what was approved; and hear who wants none."""

from collections.abc import Collection, Iterator, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from backend import clinics, messaging, network
from backend.kernel import sensitive
from backend.kernel.calendar import shanghai_date
from backend.kernel.context import Context
from backend.kernel.database import db, held, one
from backend.kernel.errors import Fault, Invalid
from backend.kernel.events import record
from backend.kernel.ids import new_id
from backend.kernel.policy import admitted, by_clock, permitted
from backend.kernel.sensitive import Traits
from backend.messaging import MessageKind, To
from backend.outreach import listing, policy, queries
from backend.outreach.events import (
    ListDecided,
    ListProposed,
    SuggestionsRefused,
    SuggestionsWanted,
)
from backend.outreach.models import (
    PROPOSAL_LIFE,
    SUGGESTION_LIFE,
    Proposal,
    ProposalAct,
    Suggestion,
    SuggestionAct,
    SuggestionRefusal,
)
from backend.outreach.queries import Shown
from backend.outreach.rules import outreach_of, reasons


@admitted(by_clock)
def to_propose(ctx: Context, failed: Collection[UUID]) -> Sequence[UUID]:
    """Sessions of the days to come with seats left, for which nobody was asked yet.

    What is kept from families is suggested to nobody: a suggestion shows on a lock screen.
    """
    rules, kind = outreach_of(ctx.region), clinics.ClinicSession
    known = select(Proposal.id).where(Proposal.session_id == kind.id).exists()
    plain = [
        name
        for name in rules.specialties
        if not sensitive.categories_of(ctx, Traits(specialty=name))
    ]
    found = select(kind.id).where(
        kind.starts_at.between(
            ctx.at + timedelta(days=rules.from_days), ctx.at + timedelta(days=rules.to_days)
        ),
        kind.state == clinics.SessionState.OPEN,
        kind.allocation != clinics.Allocation.LOTTERY,
        kind.releases_at <= ctx.at,
        kind.specialty.in_(plain),
        queries.bookable(ctx) >= rules.least_free,
        kind.id.not_in(failed),
        ~known,
    )
    return db.session.execute(found.order_by(kind.starts_at).limit(queries.AT_ONCE)).scalars().all()


@admitted(by_clock)
def propose(ctx: Context, session_id: UUID) -> int:
    """Put a list to each team nearby that has somebody for it; returns how many lists."""
    session, rules = db.session.get_one(clinics.ClinicSession, session_id), outreach_of(ctx.region)
    lists: dict[UUID, Proposal] = {}
    listed: set[UUID] = set()
    for fit in rules.fitting(session.specialty):
        for row in listing.candidates(ctx, session, fit, rules):
            if row.resident_id in listed:
                continue
            listed.add(row.resident_id)
            of_team = lists.setdefault(row.team_id, _list(ctx, row.team_id, session))
            days = row.seen_at and (session.day - shanghai_date(row.seen_at)).days
            score, words = reasons(fit, rules, days_since=days, age=int(row.age), metres=row.metres)
            told = _suggestion(of_team, session, row.resident_id, score, words)
            db.session.add(told)
            sensitive.mark(ctx, row.resident_id, [told.id], Traits(specialty=session.specialty))
    db.session.add_all(lists.values())
    record(ctx, *(ListProposed(row.id, row.team_id, session_id) for row in lists.values()))
    return len(lists)


def _list(ctx: Context, team_id: UUID, session: clinics.ClinicSession) -> Proposal:
    until = session.starts_at - timedelta(days=1)
    return Proposal(team_id=team_id, session_id=session.id, made_at=ctx.at, answer_by=until)


def _suggestion(
    of: Proposal, session: clinics.ClinicSession, resident_id: UUID, score: int, words: list[str]
) -> Suggestion:
    facts = {"session_id": session.id, "specialty": session.specialty}
    of_list = {"id": new_id(), "list_id": of.id}
    return Suggestion(**of_list, resident_id=resident_id, score=score, reasons=words, **facts)


@permitted(policy.team_doctor)
def approve(ctx: Context, proposal: Proposal, without: Collection[UUID] = ()) -> Shown:
    """Let the people on the list be told, `without` some; raises `IllegalMove`, `Invalid`."""
    people = queries.people_of(proposal)
    if unknown := set(without) - {one.resident_id for one in people}:
        raise Invalid(
            faults=[Fault("/without", f"有 {len(unknown)} 人不在这份名单里，请刷新后再看")]
        )
    _decide(ctx, proposal, ProposalAct.APPROVE)
    for one_of_them in people:
        act = SuggestionAct.REMOVE if one_of_them.resident_id in without else SuggestionAct.APPROVE
        one_of_them.state = SUGGESTION_LIFE.after(one_of_them.state, act)
    record(ctx, ListDecided(proposal.id, len(people) - len(set(without))))
    return queries.find(ctx, proposal.id)


@permitted(policy.team_doctor)
def decline(ctx: Context, proposal: Proposal) -> Shown:
    """Nobody on the list is told; raises `IllegalMove`."""
    _decide(ctx, proposal, ProposalAct.DECLINE)
    _drop_all(proposal, "declined")
    record(ctx, ListDecided(proposal.id, 0))
    return queries.find(ctx, proposal.id)


@admitted(by_clock)
def lapse(ctx: Context, list_id: UUID) -> None:
    """Nobody answered in time, so nobody is told; raises `IllegalMove`."""
    proposal = queries.hold(ctx, list_id)
    proposal.state = PROPOSAL_LIFE.after(proposal.state, ProposalAct.LAPSE)
    _drop_all(proposal, "unanswered")
    messaging.withdraw(ctx, list_id)


def _decide(ctx: Context, proposal: Proposal, act: ProposalAct) -> None:
    proposal.state = PROPOSAL_LIFE.after(proposal.state, act)
    proposal.decided_at, proposal.decided_by = ctx.at, ctx.actor.id
    messaging.withdraw(ctx, proposal.id)


def _drop_all(proposal: Proposal, why: str) -> None:
    for row in queries.people_of(proposal):
        _drop(row, why)


def _drop(row: Suggestion, why: str) -> None:
    row.state, row.dropped = SUGGESTION_LIFE.after(row.state, SuggestionAct.DROP), why


@admitted(by_clock)
def send(ctx: Context, suggestion_id: UUID) -> bool:
    """Tell one person, if it still is right now; whether it was.

    While it is judged the person's bookings wait; one that is made later takes the message back.
    """
    found = select(Suggestion).where(Suggestion.id == suggestion_id)
    clinics.take_turn(one(found).resident_id)
    row = held(found)
    state = SUGGESTION_LIFE.after(row.state, SuggestionAct.SEND)
    session = db.session.get_one(clinics.ClinicSession, row.session_id)
    if why := next(_against(ctx, row, session), None):
        _drop(row, why)
        return False
    row.state, row.sent_at = state, ctx.at
    house = network.find(ctx, session.institution_id)
    values = {"time": messaging.as_time(session.starts_at), "place": house.name}
    kind, page = MessageKind.CLINIC_SUGGESTED, f"pages/clinics/session?id={session.id}"
    to = To.resident(row.resident_id)
    messaging.queue(ctx, kind, to, row.id, occasion=kind, values=values, page=page)
    return True


def _against(ctx: Context, row: Suggestion, session: clinics.ClinicSession) -> Iterator[str]:
    """What speaks against telling the person now, as codes."""
    rules = outreach_of(ctx.region)
    if session.state is not clinics.SessionState.OPEN or session.starts_at <= ctx.at:
        yield "not-held"
    seats = select(queries.bookable(ctx)).where(clinics.ClinicSession.id == session.id)
    if db.session.execute(seats).scalar_one() < 1:
        yield "full"
    if sensitive.categories_of(ctx, Traits(specialty=row.specialty)):
        yield "kept"
    if not listing.fits_still(ctx, session, row, rules):
        yield "fits-no-more"
    if _holds(queries.has_place(row.resident_id, session.id)):
        yield "has-place"
    if _holds(queries.is_refused(row.resident_id, row.specialty)):
        yield "refused"
    many = queries.sent_since(row.resident_id, ctx.at - rules.month)
    if db.session.execute(many).scalar_one() >= rules.most_per_month:
        yield "told-enough"


def _holds(condition: Any) -> bool:
    return bool(db.session.execute(select(condition)).scalar_one())


@admitted(policy.by_addressee)
def refuse(ctx: Context, specialty: str = "") -> Sequence[SuggestionRefusal]:
    """别再推荐: nothing of this specialty any more, or nothing at all; again is no change."""
    row = {"specialty": specialty, "said_at": ctx.at, "by_kinship": ctx.by_kinship}
    new = insert(SuggestionRefusal).values(id=new_id(), resident_id=ctx.person, **row)
    db.session.execute(new.on_conflict_do_nothing())
    record(ctx, SuggestionsRefused(ctx.person))
    return queries.refusals(ctx)


@admitted(policy.by_addressee)
def want_again(ctx: Context, specialty: str = "") -> Sequence[SuggestionRefusal]:
    """Take back what was refused; again is no change."""
    own = (SuggestionRefusal.resident_id == ctx.person) & (SuggestionRefusal.specialty == specialty)
    db.session.execute(delete(SuggestionRefusal).where(own))
    record(ctx, SuggestionsWanted(ctx.person))
    return queries.refusals(ctx)
