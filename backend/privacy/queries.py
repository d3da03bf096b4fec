"""How wishes are found, and what would follow from them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Protocol
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, select

from backend import identity
from backend.identity import Purpose
from backend.kernel import subjects
from backend.kernel.calendar import SHANGHAI, add_months, shanghai_date
from backend.kernel.context import Context
from backend.kernel.database import db, held, one
from backend.kernel.paging import Page, Wanted, page
from backend.kernel.retention import RETENTION
from backend.kernel.subjects import Cause
from backend.privacy import policy
from backend.privacy.models import (
    STANDING,
    Correction,
    CorrectionState,
    DataExport,
    DeathReport,
    DeathState,
    DeletionRequest,
    DeletionState,
    ExportState,
    KeptRecord,
)
from backend.privacy.rules import Consequences, Staying, ask_again_from, policy_of

AT_ONCE = 500
HEALTH = (
    "撤回以后，我们立即停止使用您的健康信息，医务人员也不能再查看。"
    "以后可以重新同意，但已经结束的不会自动恢复。"
)
REMINDERS = "撤回以后，不再提醒您随访和用药的日期。签约、预约、开药都不受影响，办事通知照常发送。"
DELETION = (
    "到期以后，您的姓名、证件、手机号和微信绑定都会删除，不能恢复。"
    "法律要求保留的记录加密封存，谁也不能使用，到期再删。"
)


class AboutSomebody(Protocol):
    """An event that may name a person."""

    @property
    def resident_id(self) -> UUID | None:
        """Whose record was closed."""


@dataclass(frozen=True, slots=True)
class Asking:
    """A consent to ask for: new, or renewed because its text changed; not before a day."""

    purpose: Purpose
    version: str
    is_renewal: bool
    ask_again_from: date | None


@dataclass(frozen=True, slots=True)
class WaitingDeath:
    """A report and whom it is about, for whoever is asked to confirm it."""

    report: DeathReport
    name: str

    @property
    def resident_id(self) -> UUID:
        """Whose record this is."""
        return self.report.resident_id


def to_agree(ctx: Context) -> Sequence[Asking]:
    """What the person has not agreed to in its present version."""
    account = identity.account(ctx)
    given = identity.consents(account)
    refused = identity.last_refusals(account)
    return [
        Asking(
            purpose,
            text.version,
            purpose in given,
            ask_again_from(refused.get(purpose), ctx.at, policy_of(ctx.region)),
        )
        for purpose in Purpose
        if (text := identity.consent_text(purpose))
        and (purpose not in given or given[purpose].version != text.version)
    ]


def of_withdrawal(ctx: Context, purpose: Purpose) -> Consequences:
    """What follows if this consent is taken back now; for oneself or one's ward alone."""
    if ctx.proxy is not None:
        _ = ctx.oneself_or_ward
    if purpose is Purpose.REMINDERS:
        return Consequences([], [], REMINDERS)
    if ctx.resident is None:
        return Consequences([], [], HEALTH)
    return Consequences(subjects.foreseen(ctx, ctx.resident), _staying(ctx, ctx.resident), HEALTH)


def of_deletion(ctx: Context) -> Consequences:
    """What follows when the person is forgotten."""
    person = ctx.oneself_or_ward
    return Consequences(subjects.foreseen(ctx, person), _staying(ctx, person), DELETION)


def _staying(ctx: Context, resident_id: UUID) -> Sequence[Staying]:
    std = RETENTION.on(ctx.today)
    return [
        Staying(std.term(row.category).label, row.rows, std.term(row.category).basis, row.until)
        for row in subjects.kept(ctx, resident_id)
        if ctx.proxy is None or row.category not in policy.LOG
    ]


def exports(ctx: Context) -> Sequence[DataExport]:
    """The copies that the actor may fetch, the newest first."""
    own = select(DataExport).where(policy.own_copies(ctx))
    return db.session.execute(own.order_by(DataExport.id.desc()).limit(50)).scalars().all()


def export(ctx: Context, export_id: UUID) -> DataExport:
    """One of those copies; raises `NotFound`."""
    return one(select(DataExport).where(DataExport.id == export_id, policy.own_copies(ctx)))


def hold_export(export_id: UUID) -> DataExport:
    """A copy to be made, locked."""
    return held(select(DataExport).where(DataExport.id == export_id))


def asked_today(ctx: Context, resident_id: UUID) -> int:
    """How many copies were asked for since midnight in Shanghai."""
    midnight = datetime.combine(ctx.today, time(), SHANGHAI)
    asked = select(func.count()).select_from(DataExport)
    theirs = (DataExport.resident_id == resident_id) & (DataExport.asked_at >= midnight)
    return db.session.execute(asked.where(theirs)).scalar_one()


def asked_exports(but: Collection[UUID] = ()) -> Sequence[UUID]:
    """The copies to be made, the longest waiting first."""
    waiting = (DataExport.state == ExportState.ASKED) & DataExport.id.not_in(but)
    return _ids(select(DataExport.id).where(waiting).order_by(DataExport.asked_at))


def corrections(ctx: Context) -> Sequence[Correction]:
    """What the person wanted corrected, the newest first."""
    own = select(Correction).where(Correction.resident_id == ctx.oneself_or_ward)
    return db.session.execute(own.order_by(Correction.id.desc()).limit(100)).scalars().all()


def answered_by(ctx: Context, correction: Correction) -> date:
    """The day by which staff answer."""
    days = policy_of(ctx.region).correction_answered_within_days
    return shanghai_date(correction.asked_at) + timedelta(days=days)


def hold_own_correction(ctx: Context, correction_id: UUID) -> Correction:
    """One of the person's wishes, locked; raises `NotFound`."""
    own = Correction.resident_id == ctx.oneself_or_ward
    return held(select(Correction).where(Correction.id == correction_id, own))


def corrections_of_house(
    ctx: Context, wanted: Wanted, state: CorrectionState | None = None
) -> Page[Correction]:
    """What the actor's house was asked, the oldest first; of one state where it is given."""
    found = select(Correction).where(policy.of_house(ctx))
    if state is not None:
        found = found.where(Correction.state == state)
    return page(found, [Correction.id], wanted)


def hold_correction(ctx: Context, correction_id: UUID) -> Correction:
    """One of those, locked; raises `NotFound`."""
    return held(select(Correction).where(Correction.id == correction_id, policy.of_house(ctx)))


def deaths(ctx: Context, wanted: Wanted) -> Page[DeathReport]:
    """The deaths reported from the houses that the actor manages, the newest first."""
    found = select(DeathReport).where(policy.reports_of_house(ctx))
    return page(found, [DeathReport.id], wanted, newest_first=True)


def hold_death(ctx: Context, report_id: UUID) -> DeathReport:
    """One of those, locked; raises `NotFound`."""
    found = select(DeathReport).where(DeathReport.id == report_id)
    return held(found.where(policy.reports_of_house(ctx)))


def to_confirm(ctx: Context, wanted: Wanted) -> Page[WaitingDeath]:
    """The reports that wait for a second hand in the actor's house, the oldest first."""
    waiting = (DeathReport.state == DeathState.REPORTED) & (DeathReport.confirm_by > ctx.at)
    found = select(DeathReport).where(policy.waiting_in_house(ctx), waiting)
    rows = page(found, [DeathReport.id], wanted)
    return Page([confirmable(row) for row in rows.items], rows.next)


def confirmable(report: DeathReport) -> WaitingDeath:
    """A report with the name of whom it is about."""
    person = one(select(identity.Resident).where(identity.Resident.id == report.resident_id))
    return WaitingDeath(report, person.name)


def hold_waiting(ctx: Context, report_id: UUID) -> DeathReport:
    """A report of the actor's house, locked; raises `NotFound`."""
    found = select(DeathReport).where(DeathReport.id == report_id)
    return held(found.where(policy.waiting_in_house(ctx)))


def standing_report(resident_id: UUID) -> DeathReport | None:
    """The report on a person that waits or took effect, locked."""
    theirs = (DeathReport.resident_id == resident_id) & DeathReport.state.in_(STANDING)
    fresh = select(DeathReport).where(theirs).with_for_update()
    return db.session.execute(fresh).scalar_one_or_none()


def deletion(ctx: Context) -> DeletionRequest | None:
    """The person's wish to be forgotten, if it waits."""
    return db.session.execute(_asked(ctx)).scalar_one_or_none()


def hold_deletion(ctx: Context) -> DeletionRequest:
    """The same, locked; raises `NotFound`."""
    return held(_asked(ctx))


def hold_request(request_id: UUID) -> DeletionRequest:
    """A wish that is due, locked."""
    return held(select(DeletionRequest).where(DeletionRequest.id == request_id))


def due(ctx: Context, but: Collection[UUID] = ()) -> Sequence[UUID]:
    """The deletions whose cool-off is over."""
    over = (DeletionRequest.state == DeletionState.ASKED) & (DeletionRequest.due_at <= ctx.at)
    return _requests(over, but)


def to_look_at(ctx: Context, but: Collection[UUID] = ()) -> Sequence[UUID]:
    """The restricted records of which something need not be kept any more."""
    over = DeletionRequest.look_again_on <= ctx.today
    return _requests((DeletionRequest.state == DeletionState.RESTRICTED) & over, but)


def messages_kept_since(ctx: Context) -> datetime:
    """The instant before which old messages are dropped."""
    day = add_months(ctx.today, -policy_of(ctx.region).message_kept_months)
    return datetime.combine(day, time(), SHANGHAI)


def kept_of(resident_id: UUID) -> Sequence[KeptRecord]:
    """What outlives a deletion."""
    found = select(KeptRecord).where(KeptRecord.resident_id == resident_id)
    return db.session.execute(found.order_by(KeptRecord.category)).scalars().all()


def still_closed(_ctx: Context, event: AboutSomebody) -> tuple[UUID, Cause] | None:
    """Whose record the event closed and why, unless it has been opened again."""
    if event.resident_id is None:
        return None
    cause = identity.why_closed(event.resident_id)
    return (event.resident_id, cause) if cause else None


def _asked(ctx: Context) -> Select[DeletionRequest]:
    own = DeletionRequest.resident_id == ctx.oneself_or_ward
    return select(DeletionRequest).where(own, DeletionRequest.state == DeletionState.ASKED)


def _requests(over: ColumnElement[bool], but: Collection[UUID]) -> Sequence[UUID]:
    found = select(DeletionRequest.id).where(over, DeletionRequest.id.not_in(but))
    return _ids(found.order_by(DeletionRequest.due_at))


def _ids(found: Select[UUID]) -> Sequence[UUID]:
    return db.session.execute(found.limit(AT_ONCE)).scalars().all()
