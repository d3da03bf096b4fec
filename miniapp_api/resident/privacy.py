"""我的信息权利: a copy of everything, and being forgotten."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Response
from marshmallow import Schema

from backend import privacy
from backend.kernel.context import Context
from miniapp_api import fields
from miniapp_api.access import Audience
from miniapp_api.contract import Api, creates, gives, gives_file, takes
from miniapp_api.pacing import Pace, paced
from miniapp_api.privacy_schemas import ConsequencesSchema, DigestSchema

api = Api("privacy", Audience.RESIDENT, "/me", is_about_account=True)


class ExportSchema(Schema):
    """A copy of everything: asked for, ready until a day, or expired."""

    id = fields.UUID(required=True)
    state = fields.choice(privacy.ExportState, required=True)
    asked_at = fields.AwareDateTime(required=True)
    ready_at = fields.AwareDateTime(required=True, allow_none=True)
    expires_at = fields.AwareDateTime(required=True, allow_none=True)


class ExportsSchema(Schema):
    """The copies, the newest first."""

    items = fields.List(fields.Nested(ExportSchema), required=True)


class DeletionSchema(Schema):
    """A wish to be forgotten; until `due_at` it can be taken back."""

    id = fields.UUID(required=True)
    state = fields.choice(privacy.DeletionState, required=True)
    asked_at = fields.AwareDateTime(required=True)
    due_at = fields.AwareDateTime(required=True)


class WaitingDeletionSchema(Schema):
    """The wish that waits, if there is one."""

    request = fields.Nested(DeletionSchema, required=True, allow_none=True)


@api.post("/exports")
@paced(Pace.EXPORT)
@creates(ExportSchema)
def ask_export(ctx: Context) -> privacy.DataExport:
    """申请我的全部信息 · Made in the background; needs a login of the last day."""
    return privacy.ask_export(ctx)


@api.get("/exports")
@gives(ExportsSchema)
def exports(ctx: Context) -> Mapping[str, Any]:
    """我申请过的副本 · The newest first."""
    return {"items": privacy.exports(ctx)}


@api.get("/exports/<uuid:export_id>/content")
@paced(Pace.EXPORT)
@gives_file("application/json")
def content(ctx: Context, export_id: UUID) -> Response:
    """下载数据文件 · JSON, for machines; by the person alone."""
    text = privacy.fetch(ctx, privacy.find_export(ctx, export_id))
    return _attached(text.encode(), "application/json", "json")


@api.get("/exports/<uuid:export_id>/document")
@paced(Pace.EXPORT)
@gives_file("application/pdf")
def document(ctx: Context, export_id: UUID) -> Response:
    """下载可读文件 · PDF, for people; by the person alone."""
    page = privacy.fetch_document(ctx, privacy.find_export(ctx, export_id))
    return _attached(page, "application/pdf", "pdf")


@api.get("/deletion")
@gives(WaitingDeletionSchema)
def deletion(ctx: Context) -> Mapping[str, Any]:
    """我的注销申请 · The one that waits."""
    return {"request": privacy.deletion(ctx)}


@api.get("/deletion/consequences")
@gives(ConsequencesSchema)
def deletion_consequences(ctx: Context) -> privacy.Consequences:
    """注销前先看后果 · What ends, what a law keeps; the wish names the digest."""
    return privacy.of_deletion(ctx)


@api.post("/deletion")
@takes(DigestSchema)
@gives(DeletionSchema, 201)
def ask_deletion(ctx: Context, *, digest: str) -> privacy.DeletionRequest:
    """申请注销 · Carried out after the region's days of thinking it over."""
    return privacy.ask_deletion(ctx, digest)


@api.delete("/deletion")
@gives(DeletionSchema)
def cancel_deletion(ctx: Context) -> privacy.DeletionRequest:
    """撤销注销申请 · Everything stays as it is."""
    return privacy.cancel_deletion(ctx, privacy.hold_deletion(ctx))


def _attached(content: bytes, kind: str, ending: str) -> Response:
    answer = Response(content, mimetype=kind)
    answer.headers["Content-Disposition"] = f'attachment; filename="my-data.{ending}"'
    return answer
