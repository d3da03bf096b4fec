"""The booking route without its database: the same server, token, validation and answer.

`python -m bench.bare` serves it as `manage.py api` serves the product.
"""

import os
import sys
from datetime import UTC, datetime

from flask import Flask, Response, request

from backend import clinics
from backend.assembly import assemble, release
from backend.clinics.timetable import Share
from backend.identity.tokens import read
from backend.kernel.ids import new_id
from backend.kernel.paging import Page
from backend.kernel.process import die_with_parent
from backend.kernel.signing import signing_keys
from config.settings import Settings
from miniapp_api import prepared
from miniapp_api.contract import Api, page_of
from miniapp_api.open.clinics import OfferedSchema
from miniapp_api.resident.clinics import AppointmentSchema, BookingSchema
from miniapp_api.serving import Answer
from tools import serve

ASKED = BookingSchema()
READ, WRITE = prepared.reading(ASKED), prepared.writing(AppointmentSchema())


class KeyAtStart:
    """The key that signed when the server began; no database is asked later."""

    def __init__(self, settings: Settings) -> None:
        app = assemble(settings)
        with app.app_context():
            self._key = signing_keys().signer()
        release(app)

    def named(self, kid: str) -> bytes | None:
        """That key."""
        return self._key.secret if kid == self._key.kid else None


def create_app() -> Flask:
    """One route."""
    app = Flask("bare")
    app.extensions["signing_keys"] = KeyAtStart(Settings.from_env(os.environ))
    app.add_url_rule("/api/v1/resident/bookings", view_func=book, methods=["POST"])
    app.add_url_rule("/api/v1/open/clinics/sessions", view_func=timetable)
    app.add_url_rule("/healthz", view_func=lambda: "ok")
    return app


def book() -> Response:
    """Know the token, read the body, answer as if a seat had been taken."""
    person = read(request.headers["Authorization"].removeprefix("Bearer ")).subject
    wanted = READ(Api.ARGUMENTS_PARSER.load_json(request, ASKED))
    assert wanted is not None
    now = datetime.now(UTC)
    made = clinics.Appointment(
        id=new_id(),
        session_id=wanted["session_id"],
        resident_id=person,
        seat_number=1,
        day=now.date(),
        starts_at=now,
        ends_at=now,
        expert_id=person,
        institution_id=person,
        specialty="心内科",
        room="3诊室",
        state=clinics.BookingState.BOOKED,
        acts=[clinics.BookingAct.CANCEL],
        booked_at=now,
        ended_at=None,
    )
    return Answer(WRITE(made), 201)


def timetable() -> Response:
    """Two weeks of a centre, always the same: known since the server began."""
    return Response(TIMETABLE, mimetype="application/json")


def two_weeks() -> bytes:
    """Twenty sessions as the product shows them."""
    now, house, expert = datetime.now(UTC), new_id(), new_id()
    quotas = [Share(quota, 5, 5) for quota in clinics.Quota]
    some = clinics.PublicSession(
        id=new_id(), institution_id=house, institution_name="示例街道社区卫生服务中心",
        expert_id=expert, expert_name="陆建明", expert_title="主任医师（示例）",
        specialty="心内科", service=clinics.Service.OUTPATIENT, room="二楼3诊室",
        fee="按社区标准收费（示例）", day=now.date(), starts_at=now, ends_at=now, releases_at=now,
        capacity=20, state=clinics.SessionState.OPEN, reason=None,
        allocation=clinics.Allocation.FIRST_COME, standing=clinics.Standing.BOOKABLE, free=5,
        next_release_at=now, quotas=quotas,
    )  # fmt: skip
    return prepared.writing(page_of(OfferedSchema)())(Page([some] * 20, None))


TIMETABLE = two_weeks()

if __name__ == "__main__":
    sys.exit(serve.become("granian", [*serve.granian(), "bench.bare:app"]))

if "DATABASE_URL" in os.environ:
    die_with_parent()
    app = create_app()
