"""Calendars at their secret addresses: when and where experts sit, of residents nothing."""

from flask import Response, request

from backend import clinics
from backend.kernel.context import Context
from miniapp_api.access import Audience
from miniapp_api.contract import Api, gives_file

api = Api("calendars", Audience.OPEN, "/calendars")


@api.get("/<token>")
@gives_file("text/calendar")
def calendar(ctx: Context, token: str) -> Response:
    """坐诊日历（iCalendar） · Whoever knows the address reads it; cancelled sessions say so."""
    found = clinics.read_feed(ctx, token)
    known = request.if_none_match.contains_weak(found.etag)
    answer = Response(None if known else found.content, 304 if known else 200)
    answer.mimetype = "text/calendar"
    answer.set_etag(found.etag)
    answer.headers["Cache-Control"] = "private, max-age=300"
    return answer
