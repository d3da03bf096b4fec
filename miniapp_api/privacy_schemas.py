"""What is shown of a person's wishes about their own data, to the person and to staff."""

from marshmallow import Schema, validate

from backend import privacy
from miniapp_api import fields
from miniapp_api.contract import StrictSchema

MANY = 10**9


class ConsequenceSchema(Schema):
    """One thing that ends."""

    subject_id = fields.UUID(required=True)
    text = fields.Text(200, required=True)


class StayingSchema(Schema):
    """What a law keeps."""

    label = fields.Text(50, required=True)
    rows = fields.Whole(1, MANY, required=True)
    basis = fields.Text(200, required=True)
    until = fields.Date(required=True)


class ConsequencesSchema(Schema):
    """What follows, and the digest that an act names."""

    explained = fields.Text(500, required=True)
    ends = fields.List(fields.Nested(ConsequenceSchema), required=True)
    stays = fields.List(fields.Nested(StayingSchema), required=True)
    digest = fields.Text(64, required=True)


class DigestSchema(StrictSchema):
    """Which consequences were read."""

    digest = fields.Text(
        64,
        shortest=64,
        required=True,
        validate=[validate.Regexp("^[0-9a-fA-F]{64}$", error="应为 64 位十六进制数")],
    )


class CorrectionSchema(Schema):
    """A wish to correct something, and what became of it."""

    id = fields.UUID(required=True)
    subject = fields.choice(privacy.Subject, required=True)
    subject_id = fields.UUID(required=True, allow_none=True)
    before = fields.Text(200, required=True, allow_none=True)
    wanted = fields.Text(200, required=True)
    because = fields.Text(500, required=True)
    state = fields.choice(privacy.CorrectionState, required=True)
    answer = fields.Text(500, required=True, allow_none=True)
    asked_at = fields.AwareDateTime(required=True)
    decided_at = fields.AwareDateTime(required=True, allow_none=True)


class DeathSchema(Schema):
    """The report of a death."""

    id = fields.UUID(required=True)
    resident_id = fields.UUID(required=True)
    died_on = fields.Date(required=True)
    source = fields.choice(privacy.DeathSource, required=True)
    state = fields.choice(privacy.DeathState, required=True)
    reported_at = fields.AwareDateTime(required=True)
    confirm_by = fields.AwareDateTime(required=True)
    confirmed_at = fields.AwareDateTime(required=True, allow_none=True)
    objected_at = fields.AwareDateTime(required=True, allow_none=True)
    undone_at = fields.AwareDateTime(required=True, allow_none=True)
