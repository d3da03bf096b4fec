"""The secret address of a calendar."""

from marshmallow import Schema

from miniapp_api import fields


class FeedSchema(Schema):
    """Where a calendar program reads; told once, and over when another is asked for."""

    path = fields.Function(lambda told: f"/api/v1/open/calendars/{told['token']}")
