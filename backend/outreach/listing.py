"""Who of the teams nearby would profit from a session: one statement, whoever many they are."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, case, func, literal, select

from backend import clinics, followups, identity, network, teams
from backend.kernel.context import Context
from backend.kernel.database import db
from backend.kernel.relations import Kind, Relation, in_force
from backend.outreach import queries
from backend.outreach.models import Proposal, Suggestion
from backend.outreach.rules import Fit, OutreachPolicy

BEEN = ("booked", "arrived", "seen", "unrecorded")


def candidates(
    ctx: Context, session: clinics.ClinicSession, fit: Fit, policy: OutreachPolicy
) -> Sequence[Any]:
    """The best of each team, with what speaks for them.

    Of people under contract in the programme: not booked, waiting or drawn there, not seen lately
    by this specialty, nothing against it, and not told of too much in the last month.
    """
    scored = _scored(ctx, session, fit, policy).subquery()
    found = select(scored).where(scored.c.place <= policy.most_listed)
    return db.session.execute(found.order_by(scored.c.team_id, scored.c.place)).all()


def _scored(
    ctx: Context, session: clinics.ClinicSession, fit: Fit, policy: OutreachPolicy
) -> Select[Any]:
    person, site = (
        identity.Resident,
        db.session.get_one(network.Institution, session.institution_id),
    )
    seen, age, metres = (
        _last_seen(session, fit),
        _age(session),
        network.distance_m(site.latitude, site.longitude, person),
    )
    points = policy.points
    score = (
        case((seen.is_(None), points.never_seen), else_=points.long_ago)
        + case((age >= policy.old_from, points.old), else_=0)
        + case((metres <= policy.near_m, points.near), else_=0)
    )
    place = func.row_number().over(
        partition_by=Relation.party_id, order_by=(score.desc(), person.id)
    )
    return (
        select(
            Relation.party_id.label("team_id"),
            person.id.label("resident_id"),
            seen.label("seen_at"),
            age.label("age"),
            metres.label("metres"),
            place.label("place"),
        )
        .select_from(Relation)
        .join(person, person.id == Relation.resident_id)
        .join(followups.Enrolment, followups.Enrolment.resident_id == person.id)
        .where(
            *_fitting(ctx, session, fit),
            Relation.party_id.in_(_teams_near(site, policy)),
            ~queries.has_place(person.id, session.id),
            ~queries.is_refused(person.id, session.specialty),
            queries.sent_since(person.id, ctx.at - policy.month).scalar_subquery()
            < policy.most_per_month,
        )
    )


def _fitting(
    ctx: Context, session: clinics.ClinicSession, fit: Fit
) -> Sequence[ColumnElement[bool]]:
    """Of a person, a relation and an enrolment: all that may be otherwise a day later."""
    person, enrolment = identity.Resident, followups.Enrolment
    again = session.starts_at - timedelta(days=fit.again_after_days)
    return (
        Relation.kind == Kind.SIGNED,
        in_force(ctx),
        enrolment.programme == fit.programme,
        enrolment.state == followups.EnrolmentState.ACTIVE,
        person.died_on.is_(None),
        person.restricted_at.is_(None),
        func.coalesce(_last_seen(session, fit) < again, True),
    )


def fits_still(
    ctx: Context, session: clinics.ClinicSession, row: Suggestion, policy: OutreachPolicy
) -> bool:
    """Whether somebody listed would be found again: contract, programme, not seen since."""
    team_id = db.session.get_one(Proposal, row.list_id).team_id
    person, enrolment = identity.Resident, followups.Enrolment
    theirs = (
        select(person.id)
        .join(Relation, Relation.resident_id == person.id)
        .join(enrolment, enrolment.resident_id == person.id)
        .where(person.id == row.resident_id, Relation.party_id == team_id)
    )
    found = (theirs.where(*_fitting(ctx, session, fit)) for fit in policy.fitting(row.specialty))
    return any(db.session.execute(each.limit(1)).first() is not None for each in found)


def _teams_near(site: network.Institution, policy: OutreachPolicy) -> Select[UUID]:
    near = network.distance_m(site.latitude, site.longitude) <= policy.reach_m
    found = select(teams.Team.id).join(
        network.Institution, network.Institution.id == teams.Team.institution_id
    )
    return found.where(near)


def _last_seen(session: clinics.ClinicSession, fit: Fit) -> ColumnElement[Any]:
    """When the person was last with such a specialist, or will be next."""
    visited = select(func.max(clinics.Booking.starts_at)).join(
        clinics.ClinicSession, clinics.ClinicSession.id == clinics.Booking.session_id
    )
    own = clinics.Booking.resident_id == identity.Resident.id
    return (
        visited.where(own, clinics.Booking.ended_at.is_(None))
        .where(clinics.Booking.state.in_(BEEN), clinics.Booking.session_id != session.id)
        .where(clinics.ClinicSession.specialty.in_(fit.specialties))
        .correlate(identity.Resident)
        .scalar_subquery()
    )


def _age(session: clinics.ClinicSession) -> ColumnElement[int]:
    born = identity.Resident.birth_date
    return func.date_part("year", func.age(literal(session.day), born))
