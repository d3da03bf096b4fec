"""Sessions held another time, elsewhere or by somebody else; several closed at once."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from cascade_builders import DAY, Cascade, follow, load, messages
from clinic_builders import a_roster, a_session, a_ward_round, an_expert
from conftest import FixedClock
from contract_builders import a_centre
from people import a_resident, by, by_itself
from sqlalchemy import select, update

from backend import clinics, identity, messaging
from backend.clinics import cascade, making
from backend.clinics.cascade import Instead
from backend.kernel import entry
from backend.kernel.database import db
from backend.kernel.errors import Forbidden, Invalid, Refusal
from backend.kernel.lifecycle import IllegalMove

HOUR = timedelta(hours=1)


def moved(story: Cascade, **instead: Any) -> clinics.ClinicSession:
    told = Instead(reason="专家改期", **instead)
    new = cascade.move_session(story.manager, story.old, told)
    follow()
    return new


def test_the_same_number_is_kept_in_the_session_that_stands_in(app: object) -> None:
    story = Cascade()
    clinics.cancel(story.me, clinics.hold(story.me, story.booked.id))
    story.booked = clinics.book(story.me, story.old.id, clinics.Wish(7))
    new = moved(story, starts_at=story.old.starts_at + 3 * DAY)
    assert (new.roster_id, story.old.moved_to, story.old.state) == (None, new.id, "cancelled")
    assert new.ends_at - new.starts_at == timedelta(hours=2)
    kept = story.offer()
    assert kept is not None
    assert (kept.session_id, kept.seat_number, kept.state) == (new.id, 7, "held")
    assert (load(story.old)[:2], load(new)) == ((0, 0), (1, 1, 1))
    assert messages(messaging.MessageKind.SESSION_CHANGED) == {"session_changed": 1}
    taken = clinics.confirm(story.me, clinics.hold(story.me, kept.id))
    assert (taken.state, story.row().state) == ("booked", "took_offer")


def test_a_stand_in_expert_may_sit_at_the_same_hour(app: object) -> None:
    story, other = Cascade(), an_expert("沈立")
    new = moved(story, expert_id=other.id)
    assert (new.expert_id, new.starts_at) == (other.id, story.old.starts_at)
    assert story.offer() is not None


def test_quotas_go_along_and_flow_as_long_before(app: object) -> None:
    story = Cascade()
    of = clinics.Seat.session_id == story.old.id
    flows = story.old.starts_at - DAY
    kept = {"quota": clinics.Quota.SIGNED, "flows_at": flows}
    db.session.execute(update(clinics.Seat).where(of).values(**kept))
    new = moved(story, starts_at=story.old.starts_at + 2 * DAY)
    seats = clinics.seats(by_itself(), new.id)
    assert {(seat.quota, seat.flows_at) for seat in seats} == {("signed", flows + 2 * DAY)}


def releases(session: clinics.ClinicSession, *instants: datetime | None) -> None:
    """Let the session's seats be released so, by number."""
    for seat, opens in zip(clinics.seats(by_itself(), session.id), instants, strict=True):
        seat.releases_at = opens
    db.session.flush()


def test_held_earlier_it_can_be_booked_at_once(app: object) -> None:
    story = Cascade(capacity=3)
    story.old = story.another(20)
    promised = entry.moment() + DAY
    story.old.releases_at = promised + 12 * DAY
    releases(story.old, None, promised + 11 * DAY, promised)
    new = moved(story, starts_at=story.old.starts_at - 18 * DAY)
    seats = clinics.seats(by_itself(), new.id)
    assert (new.releases_at, seats[2].releases_at) == (entry.moment(), promised)
    taken = [clinics.book(by(a_resident()), new.id).seat_number for _ in range(2)]
    assert taken == [1, 2]
    with pytest.raises(Refusal, match="not-released"):
        clinics.book(by(a_resident()), new.id)


@pytest.mark.parametrize("days", [-1, 2])
def test_what_is_drawn_waits_for_its_draw_at_the_new_hour(app: object, days: int) -> None:
    story = Cascade(capacity=2)
    story.old = story.another(20)
    story.old.allocation = clinics.Allocation.LOTTERY
    releases(story.old, story.old.starts_at, story.old.starts_at)
    new = moved(story, starts_at=story.old.starts_at + days * DAY)
    seats = clinics.seats(by_itself(), new.id)
    assert {seat.releases_at for seat in seats} == {new.starts_at}


def test_who_has_something_else_at_that_hour_is_offered_another(app: object) -> None:
    story = Cascade()
    later = story.old.starts_at + DAY
    clash = a_session(a_roster(specialty="眼科"), starts_at=later, hours=4, capacity=1)
    clinics.book(story.me, clash.id)
    elsewhere = story.another(4)
    moved(story, starts_at=later, ends_at=later + HOUR)
    kept = story.offer()
    assert kept is not None
    assert kept.session_id == elsewhere.id


def test_another_room_costs_nobody_a_seat(app: object) -> None:
    story = Cascade()
    clinics.tell_booked(
        by_itself(), clinics.BookingMade(story.person.id, story.booked.id, story.old.id)
    )
    for room in ("三楼1诊室", "三楼2诊室"):
        same = moved(story, room=room)
        assert (same.id, same.room, same.state) == (story.old.id, room, "open")
    assert clinics.find(story.me, story.booked.id).state == "booked"
    assert messages(messaging.MessageKind.SESSION_CHANGED) == {"session_changed": 1}


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"starts_at": timedelta(days=-2)}, "/starts_at"),
        ({"ends_at": timedelta(minutes=19)}, "/ends_at"),
        ({"institution_id": None}, "/institution_id"),
        ({"expert_id": None}, "/expert_id"),
    ],
)
def test_what_cannot_be_is_pointed_at(app: object, wrong: dict[str, Any], pointer: str) -> None:
    story = Cascade()
    told: dict[str, Any] = {
        name: story.old.starts_at + by if by is not None else a_resident().id
        for name, by in wrong.items()
    }
    with pytest.raises(Invalid) as refused:
        moved(story, **told)
    assert [fault.pointer for fault in refused.value.faults][:1] == [pointer]


def test_nothing_new_is_no_move(app: object) -> None:
    story = Cascade()
    with pytest.raises(Refusal, match="no-change"):
        moved(story, room=story.old.room)


def test_an_expert_is_not_called_to_two_places(app: object) -> None:
    story, other = Cascade(), an_expert("沈立")
    a_session(a_roster(expert=other), starts_at=story.old.starts_at + HOUR)
    with pytest.raises(Refusal, match="expert-elsewhere"), db.session.begin_nested():
        moved(story, expert_id=other.id)
    db.session.refresh(story.old)
    assert story.old.state == "open"


def test_a_stand_in_needs_time_for_the_way_between_two_houses(app: object) -> None:
    story, expert = Cascade(), an_expert("沈立")
    far = a_roster(a_centre(at=(39.9, 116.4)), expert)
    there = a_session(far, starts_at=story.old.starts_at + DAY)
    with pytest.raises(Invalid) as refused:
        moved(story, expert_id=expert.id, starts_at=there.ends_at)
    assert [fault.pointer for fault in refused.value.faults] == ["/starts_at"]
    assert moved(story, expert_id=expert.id).expert_id == expert.id


def test_a_room_in_which_others_sit_is_not_taken(app: object) -> None:
    story = Cascade()
    other = story.another(0, room="三楼5诊室")
    promised = story.another(1, room="三楼6诊室")
    making.unmake(promised)
    for room, later in (("三楼 5诊室", HOUR), ("三楼5诊室", 0 * DAY), ("三楼6诊室", DAY)):
        with pytest.raises(Invalid) as refused:
            moved(story, room=room, starts_at=story.old.starts_at + later)
        assert [fault.pointer for fault in refused.value.faults] == ["/room"]
    clinics.cancel_session(story.manager, other, "专家外出")
    assert moved(story, room="三楼5诊室").room == "三楼5诊室"


def test_colleagues_come_along_unless_they_sit_elsewhere(app: object) -> None:
    story, colleague = Cascade(), an_expert("沈立")
    story.old.crew = [colleague.id]
    busy = a_session(a_roster(expert=colleague), starts_at=story.old.starts_at + DAY)
    with pytest.raises(Refusal, match="expert-elsewhere"):
        moved(story, starts_at=busy.starts_at)
    later = moved(story, starts_at=story.old.starts_at + 3 * DAY)
    assert later.crew == [colleague.id]
    story.old = later
    assert moved(story, expert_id=colleague.id).crew == []


@pytest.mark.parametrize("told", [{"room": "病房"}, {"starts_at": 2 * DAY}])
def test_a_ward_round_is_held_otherwise_as_well(app: object, told: dict[str, Any]) -> None:
    story = Cascade()
    story.old = a_ward_round(story.house)
    told = {name: story.old.starts_at + to if name != "room" else to for name, to in told.items()}
    same = moved(story, **told)
    assert {name: getattr(same, name) for name in told} == told
    days = clinics.Span(same.day, same.day)
    closed = cascade.close_sessions(story.manager, same.expert_id, days, "外出学习")
    assert [session.id for session in closed] == [same.id]
    follow()


def test_a_lecture_is_held_for_everybody_at_once(app: object) -> None:
    story = Cascade()
    lecture = story.another(3, service=clinics.Service.LECTURE, capacity=90)
    story.old = lecture
    new = moved(story, starts_at=lecture.starts_at + DAY, ends_at=lecture.starts_at + DAY + HOUR)
    seats = clinics.seats(by_itself(), new.id)
    assert {(seat.starts_at, seat.ends_at) for seat in seats} == {(new.starts_at, new.ends_at)}
    assert len(seats) == 90


def test_it_moves_once_and_not_when_it_has_begun(app: object, clock: FixedClock) -> None:
    story, other = Cascade(), Cascade()
    clock.at = other.old.starts_at
    with pytest.raises(Refusal, match="past"):
        moved(other, starts_at=other.old.starts_at + 2 * DAY)
    clock.at = entry.moment() - DAY
    moved(story, starts_at=story.old.starts_at + 2 * DAY)
    with pytest.raises(IllegalMove):
        moved(story, starts_at=story.old.starts_at + 3 * DAY)


def test_near_its_hour_the_desk_calls_instead(app: object, clock: FixedClock) -> None:
    story = Cascade()
    clock.at = story.old.starts_at - timedelta(minutes=40)
    moved(story, starts_at=story.old.starts_at + timedelta(minutes=10))
    assert story.offer() is None
    assert messages()["displaced_waiting"] == 1


def test_strangers_move_and_resize_nothing(app: object) -> None:
    story, stranger = Cascade(), Cascade()
    told = Instead(reason="无", starts_at=story.old.starts_at + DAY)
    with pytest.raises(Forbidden):
        cascade.move_session(stranger.manager, story.old, told)
    with pytest.raises(Forbidden):
        cascade.resize(stranger.manager, story.old, 5)


def test_leave_closes_what_the_expert_holds_with_everybody_booked(app: object) -> None:
    story = Cascade()
    expert = story.old.expert_id
    roster = db.session.get_one(clinics.Roster, story.old.roster_id)
    second = a_session(roster, starts_at=story.old.starts_at + 2 * DAY)
    after = a_session(roster, starts_at=story.old.starts_at + 7 * DAY)
    other = story.another(2)
    elsewhere = a_session(
        a_roster(a_centre(), db.session.get_one(identity.Staff, expert)),
        starts_at=story.old.starts_at + 4 * DAY,
    )
    clinics.book(by(a_resident()), second.id)
    days = clinics.Span(story.old.day, story.old.day + 6 * DAY)
    closed = cascade.close_sessions(story.manager, expert, days, "外出学习")
    assert [session.id for session in closed] == [story.old.id, second.id]
    assert cascade.close_sessions(story.manager, expert, days, "外出学习") == []
    states = select(clinics.ClinicSession.state)
    open_ones = [after.id, other.id, elsewhere.id]
    found = states.where(clinics.ClinicSession.id.in_(open_ones))
    assert set(db.session.execute(found).scalars()) == {"open"}
    follow()
    assert messages()["alternative_offered"] == 2
