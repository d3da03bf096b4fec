"""What a roster looks like, to whoever arranges it and to whoever sits by it."""

from functools import partial

from marshmallow import Schema, validate

from backend import clinics
from miniapp_api import fields
from miniapp_api.contract import StrictSchema, page_of

clock_time = partial(
    fields.Time, format="%H:%M", metadata={"pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$"}
)
rule = partial(
    fields.Text, 200, metadata={"description": "RFC 5545, as FREQ=WEEKLY;INTERVAL=2;BYDAY=WE,FR"}
)


class QuotasSchema(StrictSchema):
    """How many of the seats are kept for whom."""

    signed = fields.Whole(0, 1000)
    family_doctor = fields.Whole(0, 1000)
    referral = fields.Whole(0, 1000)


class ShiftSchema(StrictSchema):
    """Part of the week: by a rule or each week on one weekday; times of day in Shanghai."""

    specialty = fields.Text(50, required=True)
    service = fields.choice(clinics.Service, required=True)
    room = fields.Text(50, required=True)
    fee = fields.Text(100, load_default=None, allow_none=True)
    weekday = fields.Whole(1, 7, load_default=None, allow_none=True)
    rule = rule(load_default=None, allow_none=True)
    begins = clock_time(required=True)
    ends = clock_time(required=True)
    capacity = fields.Whole(0, 1000, required=True)
    allocation = fields.choice(clinics.Allocation, load_default=clinics.Allocation.FIRST_COME)
    is_scarce = fields.Boolean(load_default=False)
    quotas = fields.Nested(QuotasSchema, load_default=None, allow_none=True)


class PlanSchema(ShiftSchema):
    """A clinic: an expert (and who comes along) or a team, in the own house or the one named."""

    expert_id = fields.UUID(load_default=None, allow_none=True)
    team_id = fields.UUID(load_default=None, allow_none=True)
    crew = fields.List(fields.UUID(), load_default=list, validate=validate.Length(max=20))
    starts_on = fields.Date(required=True)
    ends_on = fields.Date(load_default=None, allow_none=True)
    institution_id = fields.UUID(load_default=None, allow_none=True)


class PostingSchema(StrictSchema):
    """A long stay: one expert in one house between two days, several parts of the week."""

    title = fields.Text(50, required=True)
    expert_id = fields.UUID(required=True)
    starts_on = fields.Date(required=True)
    ends_on = fields.Date(required=True)
    institution_id = fields.UUID(load_default=None, allow_none=True)
    shifts = fields.List(fields.Nested(ShiftSchema), required=True, validate=validate.Length(1, 20))


class RosterSchema(Schema):
    """A roster; people count on it once it is published."""

    id = fields.UUID(required=True)
    institution_id = fields.UUID(required=True)
    expert_id = fields.UUID(required=True)
    expert_name = fields.Text(attribute="expert.name", required=True)
    crew = fields.List(fields.UUID(), required=True)
    team_id = fields.UUID(required=True, allow_none=True)
    specialty = fields.Text(required=True)
    service = fields.choice(clinics.Service, required=True)
    room = fields.Text(required=True)
    fee = fields.Text(required=True, allow_none=True)
    weekday = fields.Whole(1, 7, required=True)
    rule = fields.Text(required=True)
    words = fields.Function(lambda row: clinics.parse(row.rule, row.weekday).words)
    begins = clock_time(required=True)
    ends = clock_time(required=True)
    capacity = fields.Whole(0, 1000, required=True)
    allocation = fields.choice(clinics.Allocation, required=True)
    is_scarce = fields.Boolean(required=True)
    quotas = fields.Nested(QuotasSchema, required=True, allow_none=True)
    starts_on = fields.Date(required=True)
    ends_on = fields.Date(required=True, allow_none=True)
    state = fields.choice(clinics.RosterState, required=True)
    batch_id = fields.UUID(required=True, allow_none=True)
    replaces_id = fields.UUID(required=True, allow_none=True)


RosterPageSchema = page_of(RosterSchema)
