"""What we tell people of their wishes and of reports on them: never what was said."""

from uuid import UUID

from backend import identity, messaging
from backend.kernel.context import Context
from backend.kernel.relations import Kind, parties
from backend.messaging import MessageKind, To
from backend.privacy.events import CorrectionDecided, DeathReported, ExportReady
from backend.privacy.models import CorrectionState


def tell_export_ready(ctx: Context, ready: ExportReady) -> None:
    """The copy can be fetched; where that is, a fresh login is asked for."""
    _tell(ctx, MessageKind.EXPORT_READY, ready.resident_id, ready.export_id)


def tell_answered(ctx: Context, decided: CorrectionDecided) -> None:
    """Corrected or refused; who took the wish back knows it."""
    if decided.state in {CorrectionState.CORRECTED, CorrectionState.REFUSED}:
        _tell(ctx, MessageKind.CORRECTION_ANSWERED, decided.resident_id, decided.correction_id)


def tell_reported(ctx: Context, reported: DeathReported) -> None:
    """Each account of the person, and guardians, may say that it is wrong; not told is of what."""
    person, report = reported.resident_id, reported.report_id
    theirs = [To.account(person, account.id) for account in identity.accounts_of(person)]
    guardians = map(To.resident, parties(ctx, person, Kind.GUARDIAN))
    for number, to in enumerate([*theirs, *guardians]):
        messaging.queue(ctx, MessageKind.DEATH_REPORTED, to, report, f"reported {number}", {})


def _tell(ctx: Context, kind: MessageKind, person: UUID, subject: UUID) -> None:
    """The person; for a child without a WeChat account the guardians, who asked for it."""
    has_account = identity.openid_of_resident(person) is not None
    whom = [person] if has_account else [person, *parties(ctx, person, Kind.GUARDIAN)]
    for one in whom:
        messaging.queue(ctx, kind, To.resident(one), subject, "answered", {})
