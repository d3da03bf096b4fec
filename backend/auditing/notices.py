"""What we tell whom about emergency access."""

from datetime import timedelta
from uuid import UUID

from backend import identity, messaging, network
from backend.auditing import queries, service
from backend.auditing.events import (
    EmergencyAccessBegun,
    EmergencyAccessEscalated,
    EmergencyAccessReviewed,
)
from backend.auditing.models import State
from backend.kernel.context import Context, Role
from backend.kernel.relations import Kind, parties
from backend.messaging import MessageKind, To

FRONT_PAGE = "pages/index/index"
TOLD_WITHIN = timedelta(minutes=4)  # of the five; then somebody must call


def tell_resident(ctx: Context, begun: EmergencyAccessBegun) -> None:
    """The person is told at whatever hour, and of a child each guardian; else the house calls.

    A child without a WeChat account is told by the guardians, once each.
    """
    concerned = begun.resident_id, *parties(ctx, begun.resident_id, Kind.GUARDIAN)
    reached = [one for one in concerned if identity.openid_of_resident(one) is not None]
    for person in reached or concerned[:1]:
        _tell_of_access(ctx, begun, person)
    if not reached:
        service.plan_call(ctx, queries.hold_access(ctx, begun.access_id))


def _tell_of_access(ctx: Context, begun: EmergencyAccessBegun, person: UUID) -> None:
    is_own = person == begun.resident_id
    words = {"whose": messaging.OWN_RECORD if is_own else messaging.CHILDS_RECORD}
    page = None if is_own else FRONT_PAGE  # the log of accesses is the child's own
    to, kind = To.resident(person), MessageKind.EMERGENCY_ACCESS
    messaging.queue(ctx, kind, to, begun.access_id, "begun", words, page)


def ask_reviewers(ctx: Context, begun: EmergencyAccessBegun) -> None:
    """The managers of the house are asked to look at it."""
    if queries.access(ctx, begun.access_id).state is not State.AWAITING:
        return
    to = To.on_duty(begun.institution_id, Role.MANAGER)
    messaging.queue(ctx, MessageKind.EMERGENCY_REVIEW, to, begun.access_id, "begun", {})


def tell_consortium(ctx: Context, late: EmergencyAccessEscalated) -> None:
    """Nobody looked at it in time: those who manage the consortium are told."""
    own = network.by_ids(ctx, [late.institution_id]).get(late.institution_id)
    houses = network.consortium(ctx, own.consortium_id) if own and own.consortium_id else []
    for house in {late.institution_id, *houses}:
        for manager in identity.working_at(ctx, house, Role.CONSORTIUM_MANAGER):
            to = To.staff(manager)
            kind = MessageKind.EMERGENCY_ESCALATED
            messaging.queue(ctx, kind, to, late.access_id, "escalated", {})


def stop_asking_reviewers(ctx: Context, reviewed: EmergencyAccessReviewed) -> None:
    """It was looked at."""
    kinds = MessageKind.EMERGENCY_REVIEW, MessageKind.EMERGENCY_ESCALATED
    messaging.withdraw(ctx, reviewed.access_id, *kinds)
