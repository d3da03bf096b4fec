"""Who may see a prescription, and who may act on it."""

from sqlalchemy import ColumnElement, false, or_, select, true

from backend.kernel.context import CLINICAL, Context, Role
from backend.kernel.relations import Kind, Relation, in_force, is_related, related
from backend.prescriptions.models import Prescription


def visible_to(ctx: Context) -> ColumnElement[bool]:
    """Oneself; the signed team; the pharmacists of the institution, what was issued for it."""
    if ctx.actor.role is Role.RESIDENT:
        return Prescription.resident_id == ctx.person
    if ctx.actor.role in CLINICAL:
        signed = Prescription.resident_id.in_(related(ctx, Kind.SIGNED))
        return or_(signed, _sent_here(ctx))
    return true() if ctx.actor.role is Role.CLOCK else false()


def _sent_here(ctx: Context) -> ColumnElement[bool]:
    if ctx.actor.role is not Role.PHARMACIST:
        return false()
    return Prescription.id.in_(
        select(Relation.source_id).where(
            Relation.party_id.in_(ctx.actor.parties),
            Relation.kind == Kind.PRESCRIBED,
            in_force(ctx),
        )
    )


def own(ctx: Context, prescription: Prescription) -> bool:
    """The resident it is for."""
    return ctx.actor.role is Role.RESIDENT and prescription.resident_id == ctx.person


def own_doctor(ctx: Context, prescription: Prescription) -> bool:
    """A doctor of the team that the resident has signed with."""
    signed = is_related(ctx, prescription.resident_id, Kind.SIGNED)
    return ctx.actor.role is Role.DOCTOR and signed


def dispensing_pharmacist(ctx: Context, prescription: Prescription) -> bool:
    """A pharmacist of the institution where the drugs are collected."""
    here = prescription.institution_id in ctx.actor.parties
    return ctx.actor.role is Role.PHARMACIST and here


def the_clock(ctx: Context, _prescription: Prescription) -> bool:
    """Only what happens by itself."""
    return ctx.actor.role is Role.CLOCK
