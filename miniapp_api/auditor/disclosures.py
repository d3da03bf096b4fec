"""查阅日志: who was shown whose record, and how the chain over it stands."""

from datetime import date
from uuid import UUID

from flask import Response
from marshmallow import Schema

from backend import auditing
from backend.kernel.context import Context
from backend.kernel.paging import Page, Wanted
from miniapp_api import fields, log_lines
from miniapp_api.access import Audience
from miniapp_api.contract import Api, PageQuery, StrictSchema, gives, gives_file, lists, page_of
from miniapp_api.pacing import Pace, paced

api = Api("disclosures", Audience.AUDITOR)


class DisclosureSchema(Schema):
    """One line of the log; residents by id alone."""

    id = fields.UUID(required=True, attribute="row.id")
    at = fields.AwareDateTime(required=True, attribute="row.at")
    recorded_at = fields.AwareDateTime(required=True, attribute="row.recorded_at")
    actor_id = fields.UUID(required=True, attribute="row.actor_id")
    actor_role = fields.Text(40, required=True, attribute="row.actor_role")
    actor_name = fields.Text(required=True, allow_none=True)
    session_id = fields.UUID(required=True, allow_none=True, attribute="row.session_id")
    institution_id = fields.UUID(required=True, allow_none=True, attribute="row.institution_id")
    institution_name = fields.Text(required=True, allow_none=True)
    operation = fields.Text(100, required=True, attribute="row.operation")
    refusal = fields.Text(100, required=True, allow_none=True, attribute="row.refusal")
    resident_ids = fields.List(fields.UUID(), required=True, attribute="row.resident_ids")
    reasons = fields.List(fields.Text(), required=True, attribute="row.reasons")
    what = fields.Text(100, required=True)
    why = fields.Text(600, required=True)


class DisclosuresQuery(PageQuery):
    """Which lines; days are Shanghai's, the last one included."""

    resident_id = fields.UUID()
    actor_id = fields.UUID()
    institution_id = fields.UUID()
    operation = fields.Text(100)
    first = fields.Date()
    last = fields.Date()


class EvidenceQuery(StrictSchema):
    """Which days, the last one included; whose record, where it is about one person."""

    first = fields.Date()
    last = fields.Date()
    resident_id = fields.UUID()


class ChainSchema(Schema):
    """The newest seal, and what waits for the next one."""

    number = fields.Whole(0, 10**12, required=True)
    root = fields.Function(lambda chain: chain.root.hex(), metadata={"type": "string"})
    sealed_at = fields.AwareDateTime(required=True, allow_none=True)
    waiting = fields.Whole(0, 10**12, required=True)
    lag_s = fields.Float(required=True)


@api.get("/disclosures")
@lists(DisclosuresQuery)
@gives(page_of(DisclosureSchema))
def disclosures(
    ctx: Context,
    *,
    wanted: Wanted,
    resident_id: UUID | None = None,
    actor_id: UUID | None = None,
    institution_id: UUID | None = None,
    operation: str | None = None,
    first: date | None = None,
    last: date | None = None,
) -> Page[log_lines.Line]:
    """查阅日志 · Newest first; reading it is written down as well."""
    sought = auditing.Sought(
        resident_id=resident_id,
        actor_id=actor_id,
        institution_id=institution_id,
        operation=operation,
        first=first,
        last=last,
    )
    found = auditing.disclosures(ctx, wanted, sought)
    return Page(log_lines.lines(ctx, found.items), found.next)


@api.get("/disclosures/evidence")
@lists(EvidenceQuery)
@paced(Pace.EXPORT)
@gives_file("text/csv")
def evidence(
    ctx: Context,
    *,
    first: date | None = None,
    last: date | None = None,
    resident_id: UUID | None = None,
) -> Response:
    """导出查阅日志 · With the second factor; at most 10,000 lines, the oldest first."""
    sought = auditing.Sought(resident_id=resident_id, first=first, last=last)
    return log_lines.as_csv(log_lines.lines(ctx, auditing.gather_evidence(ctx, sought)))


@api.get("/chain")
@gives(ChainSchema)
def chain(ctx: Context) -> auditing.Chain:
    """封存状态 · Note the root elsewhere: `audit verify --expect` finds it again."""
    return auditing.chain(ctx)
