"""死亡登记: by two hands everything stops; a mistake is undone, and both stay on record.

Until the second hand reminders to the person are paused, and the person can object.
"""

from datetime import date
from typing import Protocol
from uuid import UUID

from backend import contracting, identity
from backend.kernel.context import Context
from backend.kernel.database import db
from backend.kernel.errors import Fault, Invalid, NotFound
from backend.kernel.events import record
from backend.kernel.policy import admitted, by_clock, permitted
from backend.privacy import policy, queries
from backend.privacy.errors import AlreadyReported, ReportLapsed, SecondHandNeeded
from backend.privacy.events import DeathObjected, DeathReported, DeathUndone, ResidentDied
from backend.privacy.models import (
    DEATH_LIFE,
    DeathAct,
    DeathReport,
    DeathSource,
    DeathState,
)
from backend.privacy.rules import policy_of

OBJECTED = "本人说明：这是误报"


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
    """Write down that a signed resident died, and by what one knows it; a second hand confirms it.

    Raises `Invalid`, `AlreadyReported`.
    """
    if not resident.birth_date <= died_on <= ctx.today:
        raise Invalid(faults=[Fault("/died_on", "死亡日期应在出生之后、今天或以前")])
    if _is_on_record(ctx, resident.id):
        raise AlreadyReported
    report = DeathReport(
        resident_id=resident.id,
        institution_id=_house(ctx, resident.id) or ctx.actor.institution,
        died_on=died_on,
        source=DeathSource.STAFF,
        reported_by=ctx.actor.id,
    )
    report.proof = proof
    return _reported(ctx, report)


@admitted(by_clock)
def note_death(ctx: Context, found: FoundDead) -> None:
    """A follow-up ended because the person has died: known since that day at the latest."""
    if _is_on_record(ctx, found.resident_id):
        return
    report = DeathReport(
        resident_id=found.resident_id,
        institution_id=_house(ctx, found.resident_id) or found.institution_id,
        died_on=found.known_on,
        source=DeathSource.FOLLOW_UP,
        reported_by=found.staff_id,
    )
    _reported(ctx, report)


@permitted(policy.second_hand)
def confirm_death(ctx: Context, report: DeathReport) -> DeathReport:
    """Say, as another of the house than who reported it, that it is so: everything stops.

    Raises `SecondHandNeeded`, `ReportLapsed`.
    """
    state = DEATH_LIFE.after(report.state, DeathAct.CONFIRM)
    if report.reported_by == ctx.actor.id:
        raise SecondHandNeeded
    if report.confirm_by <= ctx.at:
        raise ReportLapsed
    report.state, report.confirmed_at, report.confirmed_by = state, ctx.at, ctx.actor.id
    identity.die(ctx, report.resident_id, report.died_on)
    record(ctx, ResidentDied(report.resident_id, report.id, report.died_on))
    return report


@admitted(policy.oneself)
def object_to_death(ctx: Context) -> DeathReport:
    """ "I am alive": a report that waits is void; of one that took effect the house is told.

    Whoever holds a dead person's phone opens no record: that does a manager of the house.
    Raises `NotFound`.
    """
    report = queries.standing_report(ctx.oneself_or_ward)
    if report is None:
        raise NotFound
    report.objected_at = report.objected_at or ctx.at
    record(ctx, DeathObjected(report.resident_id, report.id))
    if report.state is DeathState.REPORTED:
        _undo(ctx, report, OBJECTED)
    return report


@permitted(policy.manager_of_house)
def undo_death(ctx: Context, report: DeathReport, because: str) -> DeathReport:
    """The person lives: they act again from now on; what was ended stays ended."""
    return _undo(ctx, report, because)


def _undo(ctx: Context, report: DeathReport, because: str) -> DeathReport:
    state = DEATH_LIFE.after(report.state, DeathAct.UNDO)
    identity.revive(ctx, report.resident_id)
    report.state, report.undone_at, report.undone_by = state, ctx.at, ctx.actor.id
    report.because = because
    record(ctx, DeathUndone(report.resident_id, report.id))
    return report


def _house(ctx: Context, resident_id: UUID) -> UUID | None:
    contract = contracting.active(ctx, resident_id)
    return contract.institution_id if contract is not None else None


def _is_on_record(ctx: Context, resident_id: UUID) -> bool:
    """Whether a report stands; one that nobody confirmed in time stands no more."""
    if identity.hold_person(resident_id).died_on is not None:
        return True
    report = queries.standing_report(resident_id)
    if report is None or report.confirm_by > ctx.at:
        return report is not None
    report.state = DEATH_LIFE.after(report.state, DeathAct.LAPSE)
    db.session.flush()
    return False


def _reported(ctx: Context, report: DeathReport) -> DeathReport:
    report.state, report.reported_at = DeathState.REPORTED, ctx.at
    report.confirm_by = ctx.at + policy_of(ctx.region).second_hand
    db.session.add(report)
    identity.pause_reminders(ctx, report.resident_id, report.confirm_by)
    record(ctx, DeathReported(report.resident_id, report.id))
    return report
