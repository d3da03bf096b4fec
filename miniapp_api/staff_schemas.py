"""What is shown of members of staff and of where they belong."""

from marshmallow import Schema

from backend.kernel.context import Role
from backend.kernel.relations import Belonging
from miniapp_api import fields


class StaffSchema(Schema):
    """A member of staff."""

    id = fields.UUID(required=True)
    name = fields.Text(50, required=True)
    role = fields.choice(Role, required=True)
    title = fields.Text(50, required=True)
    specialty = fields.Text(50, required=True, allow_none=True)
    institution_id = fields.UUID(required=True)
    left_at = fields.AwareDateTime(required=True, allow_none=True)


class MembershipSchema(Schema):
    """Where somebody belongs, from when, until when; `null` is until further notice."""

    id = fields.UUID(required=True)
    party_id = fields.UUID(required=True)
    belonging = fields.choice(Belonging, required=True, attribute="kind")
    since = fields.AwareDateTime(required=True, attribute="valid_from")
    until = fields.AwareDateTime(required=True, allow_none=True, attribute="valid_until")
