"""Who may see a prescription, and who may act on it."""

from sqlalchemy import ColumnElement, select

from backend.kernel.context import Context, Scope
from backend.kernel.policy import by_person
from backend.kernel.relations import Kind, Relation, in_force
from backend.kernel.ties import (
    NONE,
    OF_TEAM,
    Sight,
    Tie,
    Ties,
    allows,
    as_person,
    bound,
    by_itself,
    everything,
    of_person,
    possible,
)
from backend.prescriptions.models import Prescription


def ties(ctx: Context, prescription: Prescription) -> Ties:
    """Whom it is for, the team signed now, the pharmacists it was sent to, the clock."""
    person = as_person(ctx, prescription.resident_id, prescription.id)
    team = bound(ctx, prescription.resident_id)
    return person | team | sent_to(ctx, prescription) | by_itself(ctx)


def sent_to(ctx: Context, prescription: Prescription) -> Ties:
    """A pharmacist of the house where the drugs are collected, from the issue until it is over."""
    was_issued = prescription.issued_at is not None and prescription.ended_at is None
    here = was_issued and prescription.institution_id in ctx.actor.parties
    return possible(ctx) & {Tie.PHARMACIST} if here else NONE


def _sent_here(ctx: Context) -> ColumnElement[bool]:
    return Prescription.id.in_(
        select(Relation.source_id).where(
            Relation.party_id.in_(ctx.actor.parties),
            Relation.kind == Kind.PRESCRIBED,
            in_force(ctx),
        )
    )


def _sight(scope: Scope) -> Sight:
    return Sight(
        scopes=(scope,),
        rows={
            **of_person(Prescription.resident_id, scope, subject=Prescription.id),
            Tie.PHARMACIST: _sent_here,
            Tie.CLOCK: everything,
        },
        resident=Prescription.resident_id,
        kinds=OF_TEAM,
    )


visible_to = _sight(Scope.RESULTS)
# Family members who may sign reach what they sign, though they may not read what was found.
held_by = _sight(Scope.SIGN)
to_request = by_person(Scope.SIGN)
own = allows(ties, Tie.SELF, Tie.PROXY, Tie.GUARDIAN, scope=Scope.SIGN)
own_doctor = allows(ties, Tie.SIGNED_DOCTOR)
dispensing_pharmacist = allows(ties, Tie.PHARMACIST)
the_clock = allows(ties, Tie.CLOCK)
