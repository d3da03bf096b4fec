"""紧急调阅: reading a stranger's record in an emergency, with a reason, for a few hours."""

from typing import Any

from marshmallow import ValidationError, post_load, validates_schema

from backend import auditing, identity
from backend.kernel.context import Context
from backend.kernel.paging import Page, Wanted
from miniapp_api import fields
from miniapp_api.access import Audience
from miniapp_api.contract import Api, PageQuery, StrictSchema, creates, gives, lists, takes
from miniapp_api.emergencies import EmergencyAccessPage, EmergencyAccessSchema
from miniapp_api.pacing import Pace, paced
from miniapp_api.people import DocumentSchema

api = Api("emergencies", Audience.DOCTOR, "/emergency-access")


class EmergencySchema(StrictSchema):
    """For whom (the id, or name and full number), what kind it is, and why.

    `id_number` is any card with 18 digits; `document` any document the person is on file with.
    """

    resident_id = fields.UUID()
    name = fields.Text(100)
    id_number = fields.Text(40)
    document = fields.Nested(DocumentSchema)
    kind = fields.choice(auditing.Emergency, required=True)
    reason = fields.Text(500, shortest=10, required=True)

    @validates_schema
    def _one_way(self, data: dict[str, Any], **_: Any) -> None:
        given = {key for key in ("resident_id", "name", "id_number", "document") if key in data}
        if given not in ({"resident_id"}, {"name", "id_number"}, {"name", "document"}):
            raise ValidationError("请给出居民编号，或姓名和证件号码", "id_number")

    @post_load
    def _whom(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """The person as the feature looks for them, beside the other fields of the request."""
        given = {key: data.pop(key, None) for key in ("resident_id", "name", "id_number")}
        document = data.pop("document", None) or {"number": given["id_number"]}
        name = given["name"]
        claim = identity.Claim(name, **document) if name is not None else None
        return {**data, "whom": auditing.Whom(given["resident_id"], claim)}


@api.post("")
@takes(EmergencySchema)
@paced(Pace.VERIFICATION)
@creates(EmergencyAccessSchema)
def begin(
    ctx: Context,
    *,
    whom: auditing.Whom,
    kind: auditing.Emergency,
    reason: str,
) -> auditing.EmergencyAccess:
    """紧急调阅 · Needs the second factor anew; the resident is told, another reviews it."""
    return auditing.begin(ctx, whom, kind, reason)


@api.get("")
@lists(PageQuery)
@gives(EmergencyAccessPage)
def own(ctx: Context, *, wanted: Wanted) -> Page[auditing.EmergencyAccess]:
    """我的紧急调阅 · Newest first, with what the reviewers said."""
    return auditing.accesses(ctx, wanted)
