"""Who may see follow-ups, and who may act on them."""

from uuid import UUID

from sqlalchemy.orm import InstrumentedAttribute

from backend import identity, teams
from backend.followups.models import Enrolment, FollowUp, Measurement
from backend.kernel.context import Context, Role, Scope
from backend.kernel.ties import (
    OF_TEAM,
    Grant,
    Sight,
    Tie,
    Ties,
    allows,
    as_person,
    bound,
    by_itself,
    decide,
    everything,
    of_person,
)

WHO_VISITS = frozenset({Role.DOCTOR, Role.NURSE, Role.PUBLIC_HEALTH})


def ties(ctx: Context, row: FollowUp | Enrolment | Measurement) -> Ties:
    """Whose record it is, the team signed now, the clock."""
    about = row.followup_id if isinstance(row, Measurement) else row.id
    return as_person(ctx, row.resident_id, about) | bound(ctx, row.resident_id) | by_itself(ctx)


def ties_of_lead(ctx: Context, visit: FollowUp) -> Ties:
    """As `ties`, and whoever leads that team, whatever their profession."""
    held = ties(ctx, visit)
    if Tie.SAME_TEAM not in held or ctx.actor.role in WHO_VISITS:
        return held
    return held | {Tie.TEAM_LEAD} if teams.lead_of(ctx, visit.team_id) == ctx.actor.id else held


def ties_to_resident(ctx: Context, resident: identity.Resident) -> Ties:
    """The team that the resident is signed with now."""
    return bound(ctx, resident.id)


def may_read(ctx: Context, resident: identity.Resident) -> bool:
    """Whether the actor, who knows of the resident, may read what was measured."""
    return decide(ties_to_resident(ctx, resident), readings_visible_to.ties)


def _sight(
    resident: InstrumentedAttribute[UUID], about: InstrumentedAttribute[UUID], *scopes: Scope
) -> Sight:
    return Sight(
        scopes=scopes,
        rows={**of_person(resident, *scopes, subject=about), Tie.CLOCK: everything},
        resident=resident,
        kinds=OF_TEAM,
    )


visible_to = _sight(FollowUp.resident_id, FollowUp.id, Scope.RESULTS)
# Which days are due, for family members who receive reminders too: what was found is not shown.
due_days_visible_to = _sight(FollowUp.resident_id, FollowUp.id, Scope.REMINDERS, Scope.RESULTS)
enrolments_visible_to = _sight(Enrolment.resident_id, Enrolment.id, Scope.RESULTS)
readings_visible_to = _sight(Measurement.resident_id, Measurement.followup_id, Scope.RESULTS)
own: Grant[FollowUp] = allows(ties, Tie.SELF, Tie.PROXY, Tie.GUARDIAN, scope=Scope.RESULTS)
team: Grant[FollowUp] = allows(ties, Tie.SAME_TEAM, only={Tie.SAME_TEAM: WHO_VISITS})
team_or_lead = allows(ties_of_lead, Tie.SAME_TEAM, Tie.TEAM_LEAD, only={Tie.SAME_TEAM: WHO_VISITS})
signed_doctor = allows(ties_to_resident, Tie.SIGNED_DOCTOR)
by_itself_alone: Grant[FollowUp] = allows(ties, Tie.CLOCK)
