"""What is kept of a person who lost a seat: told, ended and erased with the rest."""

from cascade_builders import Cascade, follow, load
from family_builders import a_guardian, acting_for
from people import by_itself
from sqlalchemy import func, select

from backend import clinics
from backend.clinics import cascade
from backend.kernel.database import db
from backend.kernel.paging import Wanted
from backend.kernel.subjects import Cause


def test_nobody_asks_a_person_who_has_left(app: object) -> None:
    story = Cascade()
    soon = story.another(2)
    story.close()
    clinics.close(by_itself(), story.person.id, Cause.WITHDRAWN)
    assert story.row().state == "not_asked"
    assert load(soon) == (0, 0, 0)
    assert cascade.displaced(story.desk, Wanted()).items == []
    follow()
    assert cascade.due(by_itself()) == []


def test_a_person_who_died_meanwhile_is_offered_nothing(app: object) -> None:
    story = Cascade()
    soon = story.another(2)
    story.close(relayed=False)
    story.person.died_on = by_itself().today
    follow()
    assert story.row().state == "not_asked"
    assert load(soon) == (0, 0, 0)


def test_the_copy_tells_of_it_and_erasing_leaves_nothing(app: object) -> None:
    story = Cascade()
    story.close()
    (told,) = clinics.export(by_itself(), story.person.id)["displacement"]
    assert (told["booking_id"], told["state"]) == (str(story.booked.id), "awaited")
    clinics.erase(by_itself(), story.person.id)
    assert db.session.execute(select(func.count(cascade.Displacement.id))).scalar_one() == 0


def test_a_guardian_answers_for_the_child(app: object) -> None:
    story = Cascade()
    story.another(2)
    story.close()
    mother = acting_for(a_guardian(story.person), story.person)
    held = cascade.hold_displacement(mother, story.booked.id)
    assert cascade.do_without(mother, held).state == "did_without"
