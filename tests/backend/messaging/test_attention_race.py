"""The budget holds whatever number of senders and sweeps there are, and not without its guards."""

import time
from pathlib import Path
from typing import Any

import psycopg
import pytest
from conftest import MORNING, environment
from databases import admin_url
from message_builders import a_message
from people import a_resident, by_itself
from races import race
from sqlalchemy import text

from backend import messaging
from backend.assembly import assemble, release
from backend.kernel import entry
from backend.kernel.clock import FixedClock
from backend.kernel.context import CLOCK
from backend.kernel.database import db
from backend.kernel.transaction import transaction
from backend.messaging import (
    MessageKind,
    Outcome,
    Result,
    State,
    attention_queries,
    digests,
    outbox,
)
from backend.messaging.attention_rules import AttentionPolicy
from config.settings import Settings

SENT = Outcome(State.SENT, counted=True, errcode=0)
WITHOUT_LOCK = text(str(attention_queries._HOLDERS).split("FOR NO KEY")[0])
WITHOUT_COUNT = text(str(attention_queries._PUSHES).replace("NOT urgent", "false"))
WITHOUT_SKIP = text(str(digests._TOGETHER).split("FOR UPDATE")[0])
DIGESTIBLE = (MessageKind.RUN_OUT, MessageKind.EXPORT_READY, MessageKind.DOCTOR_CHANGED)


def prepared(url: str, folder: Path, kinds: tuple[MessageKind, ...]) -> int:
    """One person with these messages due; how many a day allows."""
    app = assemble(Settings.from_env(environment(url, folder)), FixedClock(MORNING))
    with app.app_context(), transaction():
        person = a_resident()
        for kind in kinds:
            a_message(person, kind)
        messaging.claim(by_itself(), "first", 0)  # so that the fence knows its database
        allowed = by_itself().region.section("attention", AttentionPolicy).per_day
    release(app)
    return allowed


def is_full() -> bool:
    """Whether the other sender has taken every place of the day, and rests."""
    address = db.engine.url.render_as_string(hide_password=False).replace("+psycopg", "")
    with psycopg.connect(address) as link:
        held = "SELECT count(*) FROM message WHERE reason = 'over_budget'"
        found = link.execute(held).fetchone()
    return found is not None and found[0] > 0


def send(name: str, pause_s: float, begins_s: float, guard: str) -> int:
    """Claim and settle one by one; between its judgement and its lease it is slow."""
    if guard == "no lock":
        attention_queries._HOLDERS = WITHOUT_LOCK
    if guard == "no count":
        attention_queries._PUSHES = WITHOUT_COUNT
    lease = outbox._lease

    def slowly(*arguments: Any) -> Any:
        time.sleep(pause_s)
        until = time.monotonic() + 8
        while pause_s and guard == "no lock" and not is_full() and time.monotonic() < until:
            time.sleep(0.1)
        return lease(*arguments)

    outbox._lease = slowly
    time.sleep(begins_s)
    sent, ctx = 0, entry.context(CLOCK, MORNING)
    for _ in range(8):
        with transaction():
            claimed = messaging.claim(ctx, name, 1)
        with transaction():
            done = [Result(one.id, one.token, SENT) for one in claimed]
            sent += messaging.settle(MORNING, done)
        if pause_s:
            break
    return sent


def pushed(url: str, guard: str = "all") -> int:
    """How many two senders push, one of which has the last place in its hands for a while."""
    pause = 0.0 if guard == "no count" else 0.8
    return sum(race(url, send, [("slow", pause, 0.0, guard), ("quick", 0.0, 0.3, guard)]))


@pytest.mark.parametrize(
    ("guard", "is_kept"), [("all", True), ("no lock", False), ("no count", False)]
)
def test_two_senders_keep_one_budget_and_not_without_lock_or_count(
    own_database: str, tmp_path: Path, guard: str, is_kept: bool
) -> None:
    allowed = prepared(own_database, tmp_path, (MessageKind.CONTRACT_DECLINED,) * 9)
    assert (pushed(own_database, guard) <= allowed) is is_kept


def sweep(pause_s: float) -> int:
    """Make the digests of the morning; between reading and writing it is slow."""
    write = digests._tell_together

    def slowly(*arguments: Any) -> Any:
        time.sleep(pause_s)
        return write(*arguments)

    digests._tell_together = slowly
    digests._TOGETHER = WITHOUT_SKIP
    with transaction():
        return messaging.gather(entry.context(CLOCK, MORNING))


@pytest.mark.parametrize("is_unique", [True, False])
def test_two_sweeps_make_one_digest_and_two_where_an_occasion_may_come_twice(
    own_database: str, tmp_path: Path, is_unique: bool
) -> None:
    """Both have read the same members, as if no row were locked: the unique occasion decides."""
    prepared(own_database, tmp_path, DIGESTIBLE)
    name = own_database.rpartition("/")[2]
    with psycopg.connect(admin_url(name), autocommit=True) as link:
        if not is_unique:
            link.execute("DROP INDEX uq_message_occasion")
        race(own_database, sweep, [(0.3,), (0.3,)])
        rows = link.execute("SELECT count(*) FROM message WHERE kind = 'digest'").fetchone()
    assert rows == (1 if is_unique else 2,)
