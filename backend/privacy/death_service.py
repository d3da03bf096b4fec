"""死亡登记: everything stops at once; a mistake is undone, and both stay on record."""

from datetime import date
from typing import Protocol
from uuid import UUID

from backend import identity
from backend.kernel.context import Context
from backend.kernel.database import db
from backend.kernel.errors import Fault, Invalid
from backend.kernel.events import record
from backend.kernel.policy import admitted, by_clock, permitted
from backend.privacy import policy
from backend.privacy.errors import AlreadyReported
from backend.privacy.events import DeathUndone, ResidentDied
from backend.privacy.models import (
    DEATH_LIFE,
    DeathAct,
    DeathReport,
    DeathSource,
    DeathState,
)


class FoundDead(Protocol):
    """What a follow-up that found a person dead tells."""

    @property
    def resident_id(self) -> UUID:
        """Who it is."""

    @property
    def staff_id(self) -> UUID:
        """Who was told so."""

    @property
    def institution_id(self) -> UUID:
        """For which house."""

    @property
    def known_on(self) -> date:
        """Since when it is known."""


@permitted(policy.signed_staff)
def report_death(
    ctx: Context, resident: identity.Resident, died_on: date, proof: str
) -> DeathReport:
    """Write down that a signed resident died, and by what one knows it.

    Raises `Invalid`, `AlreadyReported`.
    """
    if not resident.birth_date <= died_on <= ctx.today:
        raise Invalid(faults=[Fault("/died_on", "死亡日期应在出生之后、今天或以前")])
    if identity.hold_person(resident.id).died_on is not None:
        raise AlreadyReported
    report = DeathReport(
        resident_id=resident.id,
        institution_id=ctx.actor.institution,
        died_on=died_on,
        source=DeathSource.STAFF,
        reported_by=ctx.actor.id,
    )
    report.proof = proof
    return _reported(ctx, report)


@admitted(by_clock)
def note_death(ctx: Context, found: FoundDead) -> None:
    """A follow-up ended because the person has died: known since that day at the latest."""
    if identity.hold_person(found.resident_id).died_on is not None:
        return
    report = DeathReport(
        resident_id=found.resident_id,
        institution_id=found.institution_id,
        died_on=found.known_on,
        source=DeathSource.FOLLOW_UP,
        reported_by=found.staff_id,
    )
    _reported(ctx, report)


@permitted(policy.manager_of_house)
def undo_death(ctx: Context, report: DeathReport, because: str) -> DeathReport:
    """The person lives: they act again from now on; what was ended stays ended."""
    state = DEATH_LIFE.after(report.state, DeathAct.UNDO)
    identity.revive(ctx, report.resident_id)
    report.state, report.undone_at, report.undone_by = state, ctx.at, ctx.actor.id
    report.because = because
    record(ctx, DeathUndone(report.resident_id, report.id))
    return report


def _reported(ctx: Context, report: DeathReport) -> DeathReport:
    report.state, report.reported_at = DeathState.REPORTED, ctx.at
    db.session.add(report)
    identity.die(ctx, report.resident_id, report.died_on)
    record(ctx, ResidentDied(report.resident_id, report.id, report.died_on))
    return report
