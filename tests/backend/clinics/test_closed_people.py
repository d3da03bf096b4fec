"""A request that was under way when a record closed enters nobody anywhere."""

from collections.abc import Callable

import pytest
from clinic_builders import a_session
from conftest import FixedClock
from lottery_builders import a_lottery, joined, opened
from people import a_resident, by_itself
from sqlalchemy.exc import DBAPIError
from waiting_builders import a_full_session, waits

from backend import identity
from backend.clinics.attendance_models import PaperCard
from backend.kernel.database import db

Enters = Callable[[identity.Resident], object]


def on_a_list(clock: FixedClock) -> Enters:
    session, _ = a_full_session()
    return lambda person: waits(session, person)


def into_a_draw(clock: FixedClock) -> Enters:
    draw = opened(clock, a_lottery())
    return lambda person: joined(draw, person)


def with_a_card(clock: FixedClock) -> Enters:
    house = a_session().institution_id

    def issued(person: identity.Resident) -> None:
        facts = {"institution_id": house, "handed_at": by_itself().at, "handed_by": house}
        db.session.add(PaperCard(resident_id=person.id, code_index=person.id.bytes, **facts))
        db.session.flush()

    return issued


@pytest.mark.parametrize("happens", ["died_on", "restricted_at"])
@pytest.mark.parametrize("way", [on_a_list, into_a_draw, with_a_card], ids=lambda way: way.__name__)
def test_nobody_whose_record_closed_enters(
    app: object, clock: FixedClock, way: Callable[[FixedClock], Enters], happens: str
) -> None:
    enters, person = way(clock), a_resident()
    enters(a_resident("周还在"))
    closed_at = by_itself().today if happens == "died_on" else by_itself().at
    setattr(person, happens, closed_at)
    db.session.flush()
    with pytest.raises(DBAPIError, match="is closed"), db.session.begin_nested():
        enters(person)
