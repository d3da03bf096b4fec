"""Reminding of a visit before its day, and what follows from the answer; run by the relay."""

from sqlalchemy import select

from backend import identity, messaging
from backend.clinics import queries
from backend.clinics.displacement_notices import DESK
from backend.clinics.displacement_rules import cascade_of
from backend.clinics.events import BookingMade
from backend.clinics.models import Booking, BookingState, ClinicSession
from backend.clinics.service import cancel
from backend.kernel.context import Actor, Context, Proxy, Role, Scope
from backend.kernel.database import held, one
from backend.kernel.errors import Refusal
from backend.kernel.transaction import attempt
from backend.messaging import Answer, MessageAnswered, MessageKind, To


def plan_visit(ctx: Context, event: BookingMade) -> None:
    """Remind of a visit the evening before or that morning; of one that is too near, never."""
    booking = held(select(Booking).where(Booking.id == event.booking_id))
    policy = messaging.ladder_of(ctx.region)
    due = messaging.visit_reminder_at(booking.starts_at, ctx.at, policy)
    if due is None or booking.state is not BookingState.BOOKED:
        return
    session = select(ClinicSession).where(ClinicSession.id == booking.session_id)
    place = one(session.options(*queries.SHOWN)).institution.name
    to, kind = To.resident(booking.resident_id), MessageKind.VISIT_NEAR
    values = {"time": messaging.as_time(booking.starts_at), "place": place}
    begins = booking.starts_at
    messaging.queue(ctx, kind, to, booking.id, kind, values, due=due, expires=begins)


def take_answer(ctx: Context, event: MessageAnswered) -> None:
    """Who cannot come gives the seat back, as by a tap; where that may not be the desk is told.

    A family member does so within what the person allowed.
    """
    if event.kind is not MessageKind.VISIT_NEAR or not _stands(ctx, event):
        return
    if event.answer is not Answer.CANNOT_COME:
        messaging.withdraw(ctx, event.subject_id, MessageKind.CANNOT_COME)
        return
    booking = one(select(Booking).where(Booking.id == event.subject_id))
    is_free = _cancelled(ctx, event)
    near = booking.starts_at - cascade_of(ctx.region).tell_desk <= ctx.at
    if not (is_free and near):  # of a seat given back so near its hour the desk hears anyhow
        _tell_desk(ctx, booking, event)


def _stands(ctx: Context, event: MessageAnswered) -> bool:
    """Whether nothing else was said since; the seat is locked first, the message last.

    Who says so a moment later waits, and finds the seat given back.
    """
    queries.lock(event.subject_id)
    return messaging.answer_stands(ctx, event)


def _cancelled(ctx: Context, event: MessageAnswered) -> bool:
    try:
        with attempt():
            theirs = _as_person(ctx, event)
            cancel(theirs, queries.hold(theirs, event.subject_id))
            messaging.withdraw(ctx, event.subject_id, MessageKind.VISIT_NEAR)
    except Refusal:
        return False
    return True


def _as_person(ctx: Context, event: MessageAnswered) -> Context:
    """Who answered, with what the person allows a family member, at this instant."""
    proxy = None
    if event.proxy_id is not None and event.kinship is not None:
        scopes = frozenset(Scope(name) for name in event.scopes)
        proxy = Proxy(event.proxy_id, event.kinship, scopes, event.is_guardian)
    actor = Actor(event.account_id or event.resident_id, Role.RESIDENT)
    consent = identity.consent_version(event.resident_id)
    return Context(actor, ctx.at, ctx.region, event.resident_id, ctx.request_id, proxy, consent)


def _tell_desk(ctx: Context, booking: Booking, event: MessageAnswered) -> None:
    session = one(select(ClinicSession).where(ClinicSession.id == booking.session_id))
    to, kind = To.on_duty(session.institution_id, *DESK), MessageKind.CANNOT_COME
    page = f"pages/work/clinic?id={session.id}"
    values = {"time": messaging.as_time(booking.starts_at)}
    messaging.queue(ctx, kind, to, booking.id, event.at.isoformat(), values, page=page)
