"""What doctors, managers and auditors are shown of an emergency access; the same shape for all."""

from marshmallow import Schema

from backend.auditing import Act, Emergency, State, Verdict
from miniapp_api import fields
from miniapp_api.contract import PageQuery, page_of


class EmergencyAccessSchema(Schema):
    """One emergency access and how its review stands."""

    id = fields.UUID(required=True)
    resident_id = fields.UUID(required=True)
    staff_id = fields.UUID(required=True)
    institution_id = fields.UUID(required=True)
    kind = fields.choice(Emergency, required=True)
    reason = fields.Text(500, required=True)
    begun_at = fields.AwareDateTime(required=True)
    ends_at = fields.AwareDateTime(required=True)
    review_by = fields.AwareDateTime(required=True)
    state = fields.choice(State, required=True)
    to_call = fields.Boolean(required=True)
    called_at = fields.AwareDateTime(required=True, allow_none=True)
    reviewed_at = fields.AwareDateTime(required=True, allow_none=True)
    reviewed_by = fields.UUID(required=True, allow_none=True)
    verdict = fields.choice(Verdict, required=True, allow_none=True)
    note = fields.Text(500, required=True, allow_none=True)
    escalated_at = fields.AwareDateTime(required=True, allow_none=True)


EmergencyAccessPage = page_of(EmergencyAccessSchema)


class ReviewableAccessSchema(EmergencyAccessSchema):
    """With what the reader may do now."""

    acts = fields.List(fields.choice(Act), required=True)


class AccessesQuery(PageQuery):
    """Which emergency accesses."""

    state = fields.choice(State)
