"""What is sent and shown of waiting lists; the same shapes for every audience."""

from typing import Any

from marshmallow import Schema, post_load, validate, validates_schema
from marshmallow.exceptions import ValidationError

from backend import clinics
from miniapp_api import fields
from miniapp_api.contract import StrictSchema, page_of

CRITERIA = ("specialty", "institution_ids", "until")


class TargetSchema(StrictSchema):
    """One session; or any session of a specialty in some houses, up to a day."""

    session_id = fields.UUID()
    specialty = fields.Text(50)
    institution_ids = fields.List(fields.UUID(), validate=[validate.Length(1, 20)])
    until = fields.Date()

    @validates_schema
    def _one_of_both(self, data: dict[str, Any], **_: Any) -> None:
        given = [name for name in CRITERIA if name in data]
        if "session_id" in data and given:
            raise ValidationError("请只选一场门诊，或只填科室、机构和日期", given[0])
        missing = [name for name in CRITERIA if name not in data]
        if "session_id" not in data and missing:
            words = ["不指定场次时，这一项必须填写"]
            raise ValidationError(dict.fromkeys(missing, words))

    @post_load
    def _target(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """The target as the feature knows it, beside the other fields."""
        given = {name: data.pop(name) for name in ("session_id", *CRITERIA) if name in data}
        return {**data, "target": clinics.Target(**given)}


class NeedSchema(StrictSchema):
    """How urgent it is; more than routine needs a reason."""

    urgency = fields.choice(clinics.Urgency, required=True)
    reason = fields.Text(200)


class WaitingSchema(Schema):
    """A place on a waiting list.

    `ahead` counts everybody before, `ahead_in_class` those of the same urgency; both are empty
    once nobody has to be waited for. `ahead_at_first` is how many it were at the beginning. No
    number promises a seat.
    """

    id = fields.UUID(required=True)
    session_id = fields.UUID(required=True, allow_none=True)
    specialty = fields.Text(required=True)
    institution_ids = fields.List(fields.UUID(), required=True)
    until = fields.Date(required=True)
    starts_at = fields.AwareDateTime(required=True, allow_none=True)
    expert_name = fields.Text(required=True, allow_none=True)
    institution_name = fields.Text(required=True, allow_none=True)
    urgency = fields.choice(clinics.Urgency, required=True)
    reach = fields.choice(clinics.Reach, required=True)
    way = fields.choice(clinics.Way, required=True)
    state = fields.choice(clinics.WaitingState, required=True)
    end_reason = fields.choice(clinics.WaitingEnd, required=True, allow_none=True)
    acts = fields.List(fields.choice(clinics.WaitingAct), required=True)
    ahead = fields.Whole(0, 1_000_000, required=True, allow_none=True)
    ahead_in_class = fields.Whole(0, 1_000_000, required=True, allow_none=True)
    ahead_at_first = fields.Whole(0, 1_000_000, required=True)
    usually_given_back = fields.Float(
        required=True,
        allow_none=True,
        metadata={"description": "Seats that came back per session lately; empty if too few."},
    )
    booking_id = fields.UUID(
        required=True,
        allow_none=True,
        metadata={"description": "The offered seat, to be confirmed or refused as a booking."},
    )
    offered_until = fields.AwareDateTime(required=True, allow_none=True)
    passed_over = fields.Text(
        required=True,
        allow_none=True,
        metadata={"description": "Why a seat last went to somebody behind, and what helps."},
    )
    joined_at = fields.AwareDateTime(required=True)
    ended_at = fields.AwareDateTime(required=True, allow_none=True)
    done_by = fields.done_by()
    ended_by = fields.done_by("ended_by_kinship")


class KnownWaitingSchema(WaitingSchema):
    """As staff see it: whose place it is."""

    resident_id = fields.UUID(required=True)


WaitingPage = page_of(WaitingSchema)
KnownWaitingPage = page_of(KnownWaitingSchema)
