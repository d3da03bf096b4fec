"""The sweep of ladders: one message that cannot go on stands in nobody's way."""

import pytest
from followup_builders import a_signed_resident
from ladder_builders import a_failed, channels
from people import a_member_of_staff, a_resident, by_itself
from sqlalchemy import text

from backend.kernel.context import Role
from backend.kernel.database import db
from backend.kernel.ids import new_id
from backend.kernel.relations import Kind, relate
from backend.messaging import Channel, Message, MessageKind
from jobs import messaging as jobs

pytestmark = pytest.mark.usefixtures("app")


def test_a_bad_one_stays_alone() -> None:
    well = a_failed(a_signed_resident().resident)
    ill = a_failed(a_resident(), MessageKind.PRESCRIPTION_STOPPED)
    lost = a_member_of_staff(Role.SPECIALIST, "陆建明", new_id())  # of a house that is none
    assert ill.to_resident_id is not None
    relate(by_itself(), ill.to_resident_id, lost.id, Kind.BOOKED, source_id=ill.subject_id)
    db.session.execute(
        text("UPDATE resident SET phone_sealed = NULL WHERE id = :id"), {"id": ill.to_resident_id}
    )
    db.session.commit()
    ids = well.id, ill.id
    assert jobs.climb() == 1
    first, second = (db.session.get_one(Message, one) for one in ids)
    assert (channels(first), first.climbs) == ([Channel.SMS], False)
    assert (channels(second), second.climbs) == ([], True)
