"""From the sender to WeChat and back by its events: what was in doubt is settled, once."""

import threading
import time
from collections.abc import Iterator

import pytest
from callbacks import PATH
from processes import eventually
from sending import TEMPLATE_ID, Outside
from simulators import CALLBACK_KEY, CALLBACK_TOKEN, SEND
from werkzeug.serving import make_server

from config.settings import Settings
from jobs import wechat
from miniapp_api.application import create_app


@pytest.fixture
def heard(world: Outside) -> Iterator[Outside]:
    """The same world, where WeChat's events reach the product."""
    app = create_app(Settings.from_env(world.environment()))
    world.apps.append(app)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    url = f"http://127.0.0.1:{server.server_port}/api/v1{PATH}"
    agreed = {"url": url, "token": CALLBACK_TOKEN, "aes_key": CALLBACK_KEY}
    world.simulator.control("POST", "callbacks", agreed)
    yield world
    world.simulator.control("POST", "callbacks", {"url": None})
    server.shutdown()
    thread.join()
    server.server_close()


def applied(world: Outside) -> bool:
    """Apply what is due; whether nothing is left to apply."""
    with world.app.app_context():
        wechat.apply_events()
    return world.sql("SELECT count(*) FROM wechat_event WHERE state = 'stored'") == [(0,)]


def test_events_settle_what_the_sender_could_not(heard: Outside) -> None:
    heard.simulator.control("POST", "callbacks/manner", {"copies": 2, "turned": 2})
    heard.simulator.control("POST", "callbacks/failures", {"errcode": 777})
    for _ in range(3):
        heard.simulator.fault("truncated", SEND)
    heard.burst(6)
    heard.start()
    assert heard.settled()
    assert heard.states()["unknown"] == 3
    assert eventually(lambda: heard.simulator.control("GET", "callbacks")["taken"] == 24, 20)
    assert eventually(lambda: applied(heard), 20)
    assert heard.states() == {"sent": 5, "failed": 1}
    assert sum(heard.delivered().values()) == 5
    # Each popup gave one, which the push took, unless it was in doubt and did not arrive.
    found = (
        f"SELECT sum(change) FROM credit WHERE template_id = '{TEMPLATE_ID}' GROUP BY account_id"
    )
    left = sorted(row[0] for row in heard.sql(found))
    assert (left[:5], left[5] in {0, 1}) == ([0] * 5, True)


@pytest.mark.full
def test_a_report_of_failure_may_come_before_the_sender_knows(heard: Outside) -> None:
    """The push hangs after it was done: its event is there long before its answer is given up."""
    heard.simulator.control("POST", "callbacks/failures", {"errcode": 777})
    heard.simulator.control("POST", "latency", {"seconds": 0})
    heard.simulator.fault("timeout_after_delivery", SEND, seconds=3)
    heard.burst(1)
    heard.start()
    assert eventually(lambda: heard.simulator.control("GET", "callbacks")["taken"] == 2, 20)
    time.sleep(0.2)
    applied(heard)
    assert set(heard.states()) <= {"sending", "unknown"}
    assert heard.settled()
    assert heard.states() == {"unknown": 1}
    assert eventually(lambda: applied(heard), 20)
    assert heard.rows("state, reason, errcode") == [("failed", "not_delivered", 777)]
