"""What a sender does with each answer; the simulator is a process of its own."""

from typing import Any

import pytest
from processes import eventually
from sending import TEMPLATE_ID, Outside
from simulators import SEND

from backend import identity
from backend.kernel import entry
from backend.kernel.database import db
from backend.kernel.transaction import transaction
from backend.messaging import Message


def test_every_message_is_one_line_of_the_ledger(world: Outside) -> None:
    world.burst(12, each=2)
    world.start()
    assert world.settled()
    assert world.states() == {"sent": 24}
    assert set(world.delivered().values()) == {2}
    stats = world.simulator.control("GET", "stats")
    assert stats["in_flight_peak_max"] == 1
    assert stats["calls"][SEND] == {"0": 24}


def test_a_sender_that_is_asked_to_stop_leaves_no_journal(world: Outside) -> None:
    world.burst(1)
    world.start()
    assert world.settled()
    assert list(world.journals.iterdir())
    world.pause()
    assert list(world.journals.iterdir()) == []


def test_without_an_agreed_message_it_fails_and_says_so(world: Outside) -> None:
    world.burst(1, agreed=0)
    world.sql(
        "INSERT INTO credit SELECT gen_random_uuid(), id, 'JIAYI-DEMO', 3, 'accepted',"
        " gen_random_uuid(), now() FROM account"
    )
    world.start()
    assert world.settled()
    assert world.rows() == [("failed", "no_credit", 1, 43101)]
    assert world.sql("SELECT sum(change) FROM credit") == [(0,)]


@pytest.mark.parametrize(
    ("change", "reason", "errcode"),
    [
        ("page = '/admin'", "bad_page", 41030),
        ("template_id = 'OTHER'", "bad_template", 40037),
        ("""content = '{"thing1": ""}'""", "bad_content", 47003),
        ("""content = '["poison"]'""", "defect", None),
    ],
)
def test_what_is_wrong_with_one_message_stays_with_it(
    world: Outside, change: str, reason: str, errcode: int | None
) -> None:
    wrong, _ = world.burst(2)
    world.sql(f"UPDATE message SET {change} WHERE id = '{wrong}'")
    world.start()
    assert world.settled()
    assert world.rows() == [("failed", reason, 1, errcode), ("sent", None, 1, 0)]
    assert world.simulator.messages()[0]["template_id"] == TEMPLATE_ID


def test_nothing_is_sent_to_the_dead(world: Outside) -> None:
    """No reaction has run: the sender itself asks. Who lives shows that it would have sent."""
    theirs, _ = world.burst(2)
    with world.app.app_context(), transaction():
        dead = db.session.get_one(Message, theirs).to_resident_id
        assert dead
        identity.die(entry.now(), dead, entry.now().today)
    sender = world.spawn()
    assert world.settled()
    assert sender.poll() is None
    assert world.rows("state, reason") == [("withdrawn", "unwelcome"), ("sent", None)]
    gone = world.sql(f"SELECT openid FROM account WHERE resident_id = '{dead}'")[0][0]
    assert gone not in world.delivered()
    assert len(world.simulator.messages()) == 1


def test_an_unknown_person_is_a_permanent_failure(world: Outside) -> None:
    world.burst(1)
    world.sql("UPDATE account SET openid = 'somebody-else'")
    world.start()
    assert world.settled()
    assert world.rows() == [("failed", "bad_recipient", 1, 40003)]


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "token"},
        {"kind": "busy"},
        {"kind": "busy", "times": 2},
        {"kind": "bad_utf8"},
        {"kind": "string_errcode"},
        {"kind": "delay", "seconds": 1},
    ],
    ids=str,
)
def test_what_passes_is_sent_once(world: Outside, fault: dict[str, Any]) -> None:
    world.burst(1)
    world.simulator.fault(**fault)
    world.start()
    assert world.settled()
    assert world.rows("state, errcode") == [("sent", 0)]
    assert len(world.simulator.messages()) == 1


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ({"kind": "timeout_after_delivery", "seconds": 1}, "no_answer"),
        ({"kind": "truncated"}, "unreadable"),
    ],
    ids=str,
)
def test_what_may_have_been_delivered_is_unknown_and_not_sent_again(
    world: Outside, fault: dict[str, Any], reason: str
) -> None:
    world.burst(1)
    world.simulator.fault(**fault)
    world.start()
    assert world.settled()
    assert world.rows("state, reason") == [("unknown", reason)]
    world.start()
    assert not eventually(lambda: len(world.simulator.messages()) != 1, 2)


def test_a_token_that_is_refused_twice_stops_everything_for_a_while(world: Outside) -> None:
    world.burst(3)
    world.simulator.fault("token", times=100)
    world.start(SENDER_CONCURRENCY="1")
    assert eventually(lambda: ("queued", "bad_token") in world.rows("state, reason"))
    assert not eventually(lambda: world.states()["queued"] != 3, 1)
    assert world.simulator.control("GET", "stats")["calls"][SEND]["40001"] <= 4


def test_a_full_day_waits_for_the_next(world: Outside) -> None:
    world.burst(2)
    world.simulator.control("POST", "limits", {"daily_sends": 1})
    world.start(SENDER_CONCURRENCY="1")
    assert eventually(lambda: ("queued", "quota") in world.rows("state, reason"))
    midnight = "date_trunc('day', next_at AT TIME ZONE 'Asia/Shanghai')"
    found = world.sql(
        f"SELECT next_at AT TIME ZONE 'Asia/Shanghai' - {midnight} < interval '5 s'"
        " FROM message WHERE state = 'queued'"
    )
    assert found == [(True,)]
    world.simulator.control("POST", "limits", {"daily_sends": 10_000_000})


def test_while_wechat_is_not_there_everything_waits(world: Outside) -> None:
    world.burst(2)
    world.start(WECHAT_BASE_URL="http://127.0.0.1:9")
    assert eventually(lambda: ("queued", "not_reached") in world.rows("state, reason"))
    world.pause()
    world.start()
    assert world.settled()
    assert world.states() == {"sent": 2}


def test_what_is_withdrawn_in_time_is_not_sent(world: Outside) -> None:
    first, _ = world.burst(2)
    world.sql(f"UPDATE message SET state = 'withdrawn', reason = 'obsolete' WHERE id = '{first}'")
    world.start()
    assert world.settled()
    assert world.states() == {"withdrawn": 1, "sent": 1}
    assert len(world.simulator.messages()) == 1


def test_a_jobs_process_says_at_its_start_whether_the_templates_are_right(world: Outside) -> None:
    world.simulator.control(
        "POST", "templates", {"id": TEMPLATE_ID, "title": "x", "fields": {"thing1": "x"}}
    )
    sender = world.spawn()
    counted = "SELECT differences FROM template_check"
    assert eventually(lambda: world.sql(counted) == [(1,)], 20)
    assert sender.poll() is None
