"""Which enrolments and follow-ups are of a sensitive category by today's edition."""

from uuid import UUID

from sqlalchemy import Select, select

from backend import identity
from backend.followups.models import Enrolment, FollowUp, Programme
from backend.kernel import sensitive
from backend.kernel.context import Context
from backend.kernel.policy import admitted, by_clock
from backend.kernel.sensitive import Category


@admitted(by_clock)
def relabel(ctx: Context) -> int:
    """Label some that a new edition tells more of; returns how many."""
    return sensitive.relabel(ctx, _enrolments) + sensitive.relabel(ctx, _visits)


def _enrolments(category: Category) -> Select[UUID, UUID]:
    found = select(Enrolment.id, Enrolment.resident_id)
    return found.where(
        Enrolment.programme.in_(_programmes(category)), identity.is_open(Enrolment.resident_id)
    )


def _visits(category: Category) -> Select[UUID, UUID]:
    found = select(FollowUp.id, FollowUp.resident_id)
    return found.where(
        FollowUp.programme.in_(_programmes(category)), identity.is_open(FollowUp.resident_id)
    )


def _programmes(category: Category) -> list[Programme]:
    """Those that are ours already; a category may name others."""
    return [programme for programme in Programme if programme in category.programmes]
