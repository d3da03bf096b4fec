"""Senders that are killed, frozen or too many: none lost, none twice, what is in doubt says so."""

import json
import signal
import time
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from processes import eventually
from sending import Outside

from jobs import journal


def burst_size(request: pytest.FixtureRequest) -> int:
    return 500 if request.config.getoption("--full") else 100


def test_a_sender_killed_in_a_burst_loses_none_and_doubles_none(
    world: Outside, request: pytest.FixtureRequest
) -> None:
    size = burst_size(request)
    world.burst(size)
    world.simulator.control("POST", "latency", {"seconds": 0.05})
    doomed = world.spawn()
    assert eventually(lambda: len(world.simulator.messages()) >= size // 4, 30)
    doomed.kill()
    doomed.wait()
    world.spawn()
    assert world.settled(60)
    delivered = world.delivered()
    assert set(delivered.values()) == {1}
    # Eight calls were on their way: each is settled from the journal, or in doubt.
    states = world.states()
    assert set(states) <= {"sent", "unknown"}
    assert states["unknown"] <= 8
    assert states["sent"] <= len(delivered) <= states["sent"] + states["unknown"] == size
    sent = {
        row[0]
        for row in world.sql(
            "SELECT openid FROM account JOIN message ON"
            " account_id = account.id WHERE message.state = 'sent'"
        )
    }
    assert sent <= set(delivered)


def test_a_frozen_sender_is_taken_over_and_its_late_write_refused(world: Outside) -> None:
    world.burst(4)
    world.simulator.control("POST", "latency", {"seconds": 2})
    frozen = world.spawn()
    assert eventually(lambda: world.states()["sending"] == 4, 20)
    assert eventually(lambda: all(_begun(world)), 10)
    frozen.send_signal(signal.SIGSTOP)
    world.sql("UPDATE message SET lease_until = now() - interval '16 s'")  # 46 s later
    world.start()
    assert eventually(lambda: world.states()["unknown"] == 4, 20)
    before = world.rows("id, reason, lease_token, sender")
    frozen.send_signal(signal.SIGCONT)
    time.sleep(3)
    assert world.rows("id, reason, lease_token, sender") == before
    assert {row[1] for row in before} == {"lease_lost"}
    assert set(world.delivered().values()) <= {1}


def _begun(world: Outside) -> list[bool]:
    return [path.read_text().count("\n") >= 5 for path in journal.journals(world.journals)]


@pytest.mark.full
def test_a_sender_frozen_before_its_calls_does_not_begin_them_late(world: Outside) -> None:
    world.burst(6)
    world.simulator.control("POST", "latency", {"seconds": 1})
    frozen = world.spawn(SENDER_CONCURRENCY="3")
    assert eventually(lambda: world.states()["sending"] == 6, 20)
    frozen.send_signal(signal.SIGSTOP)
    time.sleep(11)
    frozen.send_signal(signal.SIGCONT)
    assert world.settled(30)
    assert set(world.delivered().values()) == {1}


def test_two_senders_at_once_write_to_nobody_twice(
    world: Outside, request: pytest.FixtureRequest
) -> None:
    world.burst(burst_size(request) // 4, each=4)
    for _ in range(2):
        world.start()
    assert world.settled(60)
    assert set(world.states()) == {"sent"}
    assert set(world.delivered().values()) == {4}
    assert world.simulator.control("GET", "stats")["in_flight_peak_max"] == 1


def test_without_the_lease_they_would(world: Outside) -> None:
    """The negative control: a claim that leaves the message queued is sent by both."""
    world.burst(20, agreed=3)
    world.simulator.control("POST", "latency", {"seconds": 0.2})
    world.administer("""
        CREATE FUNCTION forget_lease() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
          IF NEW.state = 'sending' THEN
            NEW.state := 'queued'; NEW.lease_token := NULL; NEW.lease_until := NULL;
          END IF;
          RETURN NEW;
        END $$;
        CREATE TRIGGER forget_lease BEFORE UPDATE ON message
          FOR EACH ROW EXECUTE FUNCTION forget_lease()""")
    for _ in range(2):
        world.start()
    assert eventually(lambda: max(world.delivered().values(), default=0) > 1, 20)


@pytest.mark.parametrize(
    ("lines", "state"),
    [
        (0, "sent"),
        (1, "unknown"),
        (2, "sent"),
    ],
    ids=["never begun: sent now", "begun: in doubt", "answered: settled"],
)
def test_what_a_dead_sender_left_is_settled_from_its_journal(
    world: Outside, lines: int, state: str
) -> None:
    (message,) = world.burst(1)
    token = UUID(int=7)
    _claim_for(world, message, "dead-1-a", token)
    records: list[dict[str, Any]] = [
        {"m": message.hex, "t": token.hex},
        {"m": message.hex, "t": token.hex, "o": _answered()},
    ]
    _leave(world, "dead-1-a", [{"boot": journal.boot()}, *records[:lines]])
    world.start()
    assert world.settled()
    assert world.rows("state") == [(state,)]
    assert len(world.simulator.messages()) == (1 if lines == 0 else 0)
    assert "dead-1-a" not in {path.stem for path in journal.journals(world.journals)}


def test_after_another_start_of_the_machine_a_missing_line_proves_nothing(world: Outside) -> None:
    (message,) = world.burst(1)
    _claim_for(world, message, "dead-1-a", UUID(int=7))
    _leave(world, "dead-1-a", [{"boot": "another"}])
    world.start()
    assert world.settled()
    assert world.rows("state, reason") == [("unknown", "interrupted")]


def test_a_claim_that_its_sender_never_heard_of_is_released_and_sent(world: Outside) -> None:
    world.start()
    assert eventually(lambda: bool(journal.journals(world.journals)))
    (path,) = journal.journals(world.journals)
    (message,) = world.burst(1, due=timedelta(hours=1))
    _claim_for(world, message, path.stem, UUID(int=7))
    assert eventually(lambda: world.rows("state, reason") == [("queued", None)], 10)
    world.sql("UPDATE message SET due_at = now()")
    assert world.settled()
    assert world.states() == {"sent": 1}


def _claim_for(world: Outside, message: UUID, sender: str, token: UUID) -> None:
    world.sql(
        f"UPDATE message SET state = 'sending', sender = '{sender}', lease_token = '{token}',"
        " lease_until = now() + interval '30 s',"
        f" account_id = (SELECT id FROM account LIMIT 1) WHERE id = '{message}'"
    )


def _answered() -> dict[str, Any]:
    nothing = dict.fromkeys(["reason", "rid", "msgid"])
    return {
        "state": "sent",
        "pause_s": 0.0,
        "halt_s": 0.0,
        "counted": True,
        "errcode": 0,
        **nothing,
    }


def _leave(world: Outside, sender: str, records: list[dict[str, Any]]) -> None:
    world.journals.mkdir(parents=True)
    lines = [json.dumps(record) for record in records]
    (world.journals / f"{sender}.jsonl").write_text("\n".join([*lines, ""]))
