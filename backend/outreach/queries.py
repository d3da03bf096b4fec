"""How lists, suggestions and refusals are found."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, or_, select

from backend import clinics, identity
from backend.kernel.context import Context, Scope
from backend.kernel.database import db, held, one
from backend.kernel.paging import Page, Wanted, page
from backend.outreach import policy
from backend.outreach.models import (
    Proposal,
    ProposalAct,
    ProposalState,
    Suggestion,
    SuggestionRefusal,
    SuggestionState,
)

AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a list, counted: booked are those who had been told before they booked."""

    listed: int
    removed: int
    sent: int
    dropped: int
    booked: int


@dataclass(frozen=True, slots=True)
class Listed:
    """One person on a list; the name while the actor may know the person."""

    resident_id: UUID
    resident_name: str | None
    score: int
    reasons: Sequence[str]
    state: SuggestionState
    dropped: str | None


@dataclass(frozen=True, slots=True)
class Shown:
    """A list as the team sees it."""

    id: UUID
    session_id: UUID
    state: ProposalState
    made_at: datetime
    answer_by: datetime
    specialty: str
    starts_at: datetime
    acts: Sequence[ProposalAct]
    outcome: Outcome
    people: Sequence[Listed] = ()


def lists(ctx: Context, wanted: Wanted) -> Page[Shown]:
    """The lists of the actor's teams, the newest first."""
    found = page(
        select(Proposal).where(policy.lists_visible_to(ctx)),
        [Proposal.id],
        wanted,
        newest_first=True,
    )
    return Page([_shown(row) for row in found.items], found.next)


def find(ctx: Context, list_id: UUID) -> Shown:
    """One list with its people, the highest score first; raises `NotFound`."""
    row = one(select(Proposal).where(policy.lists_visible_to(ctx), Proposal.id == list_id))
    best = select(Suggestion).where(Suggestion.list_id == list_id)
    order = (Suggestion.score.desc(), Suggestion.id)
    people = db.session.execute(best.order_by(*order)).scalars().all()
    known = identity.residents(ctx, [each.resident_id for each in people])
    return _shown(row, [_listed(each, known.get(each.resident_id)) for each in people])


def hold(ctx: Context, list_id: UUID) -> Proposal:
    """One list, locked; raises `NotFound`."""
    return held(select(Proposal).where(policy.lists_visible_to(ctx), Proposal.id == list_id))


def people_of(proposal: Proposal) -> Sequence[Suggestion]:
    """Everybody on a list, locked."""
    found = select(Suggestion).where(Suggestion.list_id == proposal.id).order_by(Suggestion.id)
    return db.session.execute(found.with_for_update()).scalars().all()


def own(ctx: Context, wanted: Wanted) -> Page[Suggestion]:
    """What was suggested to the person acted for, the newest first."""
    sent = select(Suggestion).where(policy.own_visible_to(ctx), Suggestion.sent_at.is_not(None))
    return page(sent, [Suggestion.id], wanted, newest_first=True)


def refusals(ctx: Context) -> Sequence[SuggestionRefusal]:
    """What the person acted for wants no suggestions of."""
    person = ctx.person_for(Scope.REMINDERS)
    found = select(SuggestionRefusal).where(SuggestionRefusal.resident_id == person)
    return db.session.execute(found.order_by(SuggestionRefusal.specialty)).scalars().all()


def is_refused(resident: object, specialty: str) -> ColumnElement[bool]:
    """Whether a person wants none of this specialty."""
    found = select(SuggestionRefusal.id).where(
        SuggestionRefusal.resident_id == resident, SuggestionRefusal.specialty.in_(["", specialty])
    )
    return found.exists()


def to_send(_ctx: Context, failed: Collection[UUID]) -> Sequence[UUID]:
    """Approved suggestions that are not sent yet."""
    waiting = Suggestion.state == SuggestionState.TO_SEND
    found = select(Suggestion.id).where(waiting, Suggestion.id.not_in(failed))
    return db.session.execute(found.order_by(Suggestion.id).limit(AT_ONCE)).scalars().all()


def to_lapse(ctx: Context, failed: Collection[UUID]) -> Sequence[UUID]:
    """Lists that nobody answered in time."""
    late = (Proposal.state == ProposalState.PROPOSED) & (Proposal.answer_by <= ctx.at)
    found = select(Proposal.id).where(late, Proposal.id.not_in(failed))
    return db.session.execute(found.limit(AT_ONCE)).scalars().all()


def has_place(resident: object, session_id: object) -> ColumnElement[bool]:
    """Whether a person is booked there, was offered a seat, or waits or is drawn for one."""
    ways = (
        (clinics.Booking, clinics.Booking.ended_at),
        (clinics.WaitingEntry, clinics.WaitingEntry.ended_at),
        (clinics.LotteryEntry, clinics.LotteryEntry.left_at),
    )
    return or_(
        *(
            select(kind.id)
            .where(kind.resident_id == resident, kind.session_id == session_id, ended.is_(None))
            .exists()
            for kind, ended in ways
        )
    )


def bookable(ctx: Context) -> ColumnElement[int]:
    """How many seats of a session somebody under contract may book now: none that is kept."""
    session, seat = clinics.ClinicSession, clinics.Seat
    theirs = seat.quota.in_([clinics.Quota.OPEN, clinics.Quota.SIGNED])
    return (
        select(func.count())
        .where(seat.session_id == session.id, seat.is_free, seat.removed_at.is_(None))
        .where(func.coalesce(seat.releases_at, session.releases_at) <= ctx.at)
        .where(or_(theirs, func.coalesce(seat.flows_at <= ctx.at, False)))
        .correlate(session)
        .scalar_subquery()
    )


def sent_since(resident: object, since: datetime) -> Select[int]:
    """How many suggestions a person had since an instant."""
    return select(func.count()).where(
        Suggestion.resident_id == resident, Suggestion.sent_at > since
    )


def _shown(row: Proposal, people: Sequence[Listed] = ()) -> Shown:
    session = db.session.get_one(clinics.ClinicSession, row.session_id)
    return Shown(
        id=row.id,
        session_id=row.session_id,
        state=row.state,
        made_at=row.made_at,
        answer_by=row.answer_by,
        specialty=session.specialty,
        starts_at=session.starts_at,
        acts=row.acts,
        outcome=_outcome(row.id),
        people=people,
    )


def _listed(row: Suggestion, person: identity.Resident | None) -> Listed:
    name = person.name if person else None
    return Listed(row.resident_id, name, row.score, row.reasons, row.state, row.dropped)


def _outcome(list_id: UUID) -> Outcome:
    booked = select(clinics.Booking.id).where(
        clinics.Booking.resident_id == Suggestion.resident_id,
        clinics.Booking.session_id == Suggestion.session_id,
        clinics.Booking.booked_at > Suggestion.sent_at,
        clinics.Booking.ended_at.is_(None),
    )
    state = Suggestion.state
    counted = select(
        func.count().label("listed"),
        func.count().filter(state == SuggestionState.REMOVED).label("removed"),
        func.count().filter(state == SuggestionState.SENT).label("sent"),
        func.count().filter(state == SuggestionState.DROPPED).label("dropped"),
        func.count().filter(booked.exists()).label("booked"),
    ).where(Suggestion.list_id == list_id)
    return Outcome(**db.session.execute(counted).one()._asdict())
