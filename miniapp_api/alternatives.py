"""What can be chosen instead of a seat that was lost, for its person and for the desk."""

from marshmallow import Schema

from backend import clinics
from miniapp_api import fields
from miniapp_api.contract import StrictSchema
from miniapp_api.open.clinics import ClinicSessionSchema
from miniapp_api.resident.clinics import NamedAppointmentSchema


class AlternativesSchema(Schema):
    """What was lost, what is kept instead, and the equivalent sessions that have a seat left.

    The nearest after the old hour come first.
    """

    state = fields.choice(clinics.cascade.DisplacementState, required=True)
    lost = fields.Nested(NamedAppointmentSchema, required=True)
    offer = fields.Nested(NamedAppointmentSchema, required=True, allow_none=True)
    call_wanted_at = fields.AwareDateTime(required=True, allow_none=True)
    sessions = fields.List(fields.Nested(ClinicSessionSchema), required=True)


class SeatChoiceSchema(StrictSchema):
    """Which of the sessions; which seat of it, if it matters."""

    session_id = fields.UUID(required=True)
    seat_number = fields.Whole(1, 100_000)
