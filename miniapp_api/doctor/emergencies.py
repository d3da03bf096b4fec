"""紧急调阅: reading a stranger's record in an emergency, with a reason, for a few hours."""

from typing import Any
from uuid import UUID

from marshmallow import ValidationError, validates_schema

from backend import auditing
from backend.kernel.context import Context
from backend.kernel.paging import Page, Wanted
from miniapp_api import fields
from miniapp_api.access import Audience
from miniapp_api.contract import Api, PageQuery, StrictSchema, creates, gives, lists, takes
from miniapp_api.emergencies import EmergencyAccessPage, EmergencyAccessSchema
from miniapp_api.pacing import Pace, paced

api = Api("emergencies", Audience.DOCTOR, "/emergency-access")


class EmergencySchema(StrictSchema):
    """For whom (the id, or name and full ID number), what kind it is, and why."""

    resident_id = fields.UUID()
    name = fields.Text(100)
    id_number = fields.Text(40)
    kind = fields.choice(auditing.Emergency, required=True)
    reason = fields.Text(500, shortest=10, required=True)

    @validates_schema
    def _one_way(self, data: dict[str, Any], **_: Any) -> None:
        given = {key for key in ("resident_id", "name", "id_number") if key in data}
        if given not in ({"resident_id"}, {"name", "id_number"}):
            raise ValidationError("请给出居民编号，或姓名和身份证号码", "id_number")


@api.post("")
@takes(EmergencySchema)
@paced(Pace.VERIFICATION)
@creates(EmergencyAccessSchema)
def begin(
    ctx: Context,
    *,
    kind: auditing.Emergency,
    reason: str,
    resident_id: UUID | None = None,
    name: str | None = None,
    id_number: str | None = None,
) -> auditing.EmergencyAccess:
    """紧急调阅 · Needs the second factor anew; the resident is told, another reviews it."""
    return auditing.begin(ctx, auditing.Whom(resident_id, name, id_number), kind, reason)


@api.get("")
@lists(PageQuery)
@gives(EmergencyAccessPage)
def own(ctx: Context, *, wanted: Wanted) -> Page[auditing.EmergencyAccess]:
    """我的紧急调阅 · Newest first, with what the reviewers said."""
    return auditing.accesses(ctx, wanted)
