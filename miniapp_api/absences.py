"""What staff and managers see of absences; the same shapes for both."""

from marshmallow import Schema

from miniapp_api import fields
from miniapp_api.contract import StrictSchema


class AbsenceSchema(Schema):
    """The days somebody is away, the last one included, and who answers meanwhile."""

    id = fields.UUID(required=True)
    staff_id = fields.UUID(required=True)
    deputy_id = fields.UUID(required=True)
    first_on = fields.Date(required=True)
    last_on = fields.Date(required=True)
    ended_at = fields.AwareDateTime(required=True, allow_none=True)


class LeaveSchema(StrictSchema):
    """From which day to which, and the deputy."""

    deputy_id = fields.UUID(required=True)
    first_on = fields.Date(required=True)
    last_on = fields.Date(required=True)
