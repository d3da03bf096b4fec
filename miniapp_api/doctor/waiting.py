"""候补与轻重缓急: a family doctor puts a resident on the list and says how urgent it is."""

from uuid import UUID

from backend import clinics, identity
from backend.kernel.context import Context
from backend.kernel.paging import Page, Wanted
from miniapp_api import fields
from miniapp_api.access import Audience
from miniapp_api.contract import Api, PageQuery, creates, gives, lists, takes
from miniapp_api.waiting_schemas import (
    KnownWaitingPage,
    KnownWaitingSchema,
    NeedSchema,
    TargetSchema,
)

api = Api("waiting", Audience.DOCTOR)


class ReferredTargetSchema(TargetSchema):
    """For what, how urgent, and how the person is reached (found out where it is not said)."""

    urgency = fields.choice(clinics.Urgency, load_default=clinics.Urgency.ROUTINE)
    reason = fields.Text(200, load_default=None)
    reach = fields.choice(clinics.Reach, load_default=None)


class WaitingResidentsQuery(PageQuery):
    """Still waiting alone, unless all are asked for."""

    is_live = fields.Boolean(load_default=True)


@api.post("/residents/<uuid:resident_id>/waiting")
@takes(ReferredTargetSchema)
@creates(KnownWaitingSchema)
def join(
    ctx: Context,
    resident_id: UUID,
    *,
    target: clinics.Target,
    urgency: clinics.Urgency,
    reason: str | None,
    reach: clinics.Reach | None,
) -> clinics.Place:
    """为签约居民加入候补 · More than routine needs a reason."""
    need = clinics.Need(urgency=urgency, reason=reason)
    return clinics.join_for(ctx, identity.resident(ctx, resident_id), target, need, reach)


@api.get("/waiting")
@lists(WaitingResidentsQuery)
@gives(KnownWaitingPage)
def waiting(ctx: Context, *, wanted: Wanted, is_live: bool) -> Page[clinics.Place]:
    """居民的候补 · Of residents signed with the doctor, or who are with the specialist."""
    return clinics.waiting(ctx, wanted, is_live=is_live)


@api.post("/waiting/<uuid:waiting_id>/urgency")
@takes(NeedSchema)
@gives(KnownWaitingSchema)
def set_urgency(
    ctx: Context, waiting_id: UUID, *, urgency: clinics.Urgency, reason: str | None = None
) -> clinics.Place:
    """评定轻重缓急 · By the family doctor or the specialist who knows the person."""
    need = clinics.Need(urgency=urgency, reason=reason)
    return clinics.set_urgency(ctx, clinics.waiting_entry(ctx, waiting_id), need)
