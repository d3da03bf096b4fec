"""A copy of everything about a person: asked for, made by itself, fetched by the person alone."""

import base64
import json
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select, update

from backend import identity
from backend.kernel import sensitive, subjects
from backend.kernel.calendar import SHANGHAI
from backend.kernel.context import Context
from backend.kernel.database import db
from backend.kernel.events import record
from backend.kernel.policy import admitted, by_clock, permitted
from backend.privacy import policy, portrait, queries
from backend.privacy.errors import FreshLoginNeeded, NotReady, TooManyExports
from backend.privacy.events import ExportAsked, ExportFetched, ExportReady
from backend.privacy.models import EXPORT_LIFE, DataExport, ExportAct, ExportState
from backend.privacy.rules import for_guardian, policy_of

FRESH = timedelta(hours=24)
AT_ONCE = 500


@admitted(policy.oneself)
def ask_export(ctx: Context) -> DataExport:
    """Ask for a copy; raises `FreshLoginNeeded`, `TooManyExports`."""
    _require_fresh_login(ctx)
    person = ctx.oneself_or_ward
    identity.hold_person(person)  # two at once are counted one after the other
    if queries.asked_today(ctx, person) >= policy_of(ctx.region).exports_per_day:
        raise TooManyExports
    wanted = DataExport(
        resident_id=person,
        account_id=ctx.actor.id,
        is_for_guardian=ctx.proxy is not None,
        state=ExportState.ASKED,
        asked_at=ctx.at,
    )
    db.session.add(wanted)
    record(ctx, ExportAsked(person, wanted.id))
    return wanted


@admitted(by_clock)
def make_export(ctx: Context, export_id: UUID) -> None:
    """Gather everything, write it as JSON and as a document, and seal both."""
    export = queries.hold_export(export_id)
    state = EXPORT_LIFE.after(export.state, ExportAct.MAKE)
    records = _records(ctx, export)
    made_at = ctx.at.astimezone(SHANGHAI).isoformat(timespec="seconds")
    told = {"made_at": made_at, "resident_id": str(export.resident_id), "records": records}

    export.state, export.ready_at = state, ctx.at
    export.expires_at = ctx.at + policy_of(ctx.region).export_kept
    export.content = json.dumps(told, ensure_ascii=False, indent=1)
    export.document = base64.b64encode(portrait.draw(records, made_at)).decode()
    record(ctx, ExportReady(export.resident_id, export.id))


def _records(ctx: Context, export: DataExport) -> subjects.Records:
    records = subjects.everything(ctx, export.resident_id)
    if not export.is_for_guardian:
        return records
    return for_guardian(records, sensitive.kept_from_guardians(export.resident_id))


@permitted(policy.own_copy)
def fetch(ctx: Context, export: DataExport) -> str:
    """The copy as JSON; raises `FreshLoginNeeded`, `NotReady`."""
    _require_ready(ctx, export)
    return export.content or ""


@permitted(policy.own_copy)
def fetch_document(ctx: Context, export: DataExport) -> bytes:
    """The copy as PDF; raises `FreshLoginNeeded`, `NotReady`."""
    _require_ready(ctx, export)
    return base64.b64decode(export.document or "")


@admitted(by_clock)
def expire_exports(ctx: Context, limit: int = AT_ONCE) -> int:
    """Drop the content of copies whose days are over; returns how many."""
    over = select(DataExport.id).where(
        DataExport.state == ExportState.READY, DataExport.expires_at <= ctx.at
    )
    some = over.order_by(DataExport.expires_at).limit(limit).with_for_update(skip_locked=True)
    gone = {"state": ExportState.EXPIRED, "content_sealed": None, "document_sealed": None}
    ended = update(DataExport).where(DataExport.id.in_(some.scalar_subquery())).values(**gone)
    quietly = ended.returning(DataExport.id).execution_options(synchronize_session=False)
    return len(db.session.execute(quietly).all())


def _require_ready(ctx: Context, export: DataExport) -> None:
    _require_fresh_login(ctx)
    if export.state is not ExportState.READY or (export.expires_at or ctx.at) <= ctx.at:
        raise NotReady
    if export.is_for_guardian and _is_outdated(export):
        raise NotReady
    record(ctx, ExportFetched(export.resident_id, export.id))


def _is_outdated(export: DataExport) -> bool:
    """Whether the child hid something since the copy was made."""
    made_at = export.ready_at or export.asked_at
    return sensitive.has_hidden_since(export.resident_id, made_at)


def _require_fresh_login(ctx: Context) -> None:
    """Everything about a person leaves only by a device that was logged in of late."""
    if identity.age_of_session(ctx) > FRESH:
        raise FreshLoginNeeded
