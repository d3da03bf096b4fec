"""The rosters of the own houses as an Excel file, there and back."""

import base64
import binascii
from typing import Any

from flask import Response
from marshmallow import Schema

from backend import clinics
from backend.kernel.context import Context
from miniapp_api import fields
from miniapp_api.access import Audience
from miniapp_api.contract import Api, StrictSchema, creates, gives_file, takes
from miniapp_api.roster_schemas import RosterSchema

api = Api("roster-sheets", Audience.MANAGER, "/clinics/roster-sheets")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
LONGEST = 940_000  # of a file of 700 KB


class File(fields.Text):
    """A file's bytes in base64."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **options: Any) -> Any:
        text = super()._deserialize(value, attr, data, **options)
        try:
            return base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError) as wrong:
            raise self.make_error("invalid") from wrong


class SheetSchema(StrictSchema):
    """An Excel file (.xlsx) in base64, and what to call it."""

    title = fields.Text(50, required=True)
    file = File(LONGEST, required=True, metadata={"format": "byte"})


class ImportedSchema(Schema):
    """The drafts of it, none where it says nothing new; rows that are as they were."""

    batch_id = fields.UUID(required=True, allow_none=True)
    rosters = fields.List(fields.Nested(RosterSchema), required=True)
    unchanged = fields.Whole(0, 10_000, required=True)


@api.get("")
@gives_file(XLSX)
def export_sheet(ctx: Context) -> Response:
    """导出排班 · What is published and not over, and drafts."""
    answer = Response(clinics.export_sheet(ctx), mimetype=XLSX)
    answer.headers["Content-Disposition"] = 'attachment; filename="rosters.xlsx"'
    return answer


@api.post("")
@takes(SheetSchema)
@creates(ImportedSchema)
def import_sheet(ctx: Context, *, file: bytes, title: str) -> clinics.Imported:
    """导入排班（草稿） · All of it or nothing; wrong rows are named with their columns."""
    return clinics.import_sheet(ctx, file, title)
