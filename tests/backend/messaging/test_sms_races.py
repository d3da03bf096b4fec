"""A phone's limit holds whatever number of senders reach for it at once."""

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from conftest import MORNING, environment
from people import by_itself
from races import race
from sms_builders import a_text, somebody
from sqlalchemy import text

from backend.assembly import assemble, release
from backend.kernel.clock import FixedClock
from backend.kernel.context import Context
from backend.kernel.database import db
from backend.kernel.transaction import transaction
from backend.messaging import Channel, MessageKind, claim, sms_desk
from config.settings import Settings

ALL_OF_THEM = text("SELECT unnest(CAST(:indexes AS bytea[]))")
SENDERS, LIMIT = 4, 2


@pytest.fixture
def one_phone(own_database: str, tmp_path: Path) -> str:
    """So many people of one family, each with a text of no urgency."""
    app = assemble(Settings.from_env(environment(own_database, tmp_path)), FixedClock(MORNING))
    with app.app_context(), transaction():
        for _ in range(SENDERS):
            a_text(somebody(), MessageKind.CONTRACT_DECLINED)
        claim(by_itself(), "first", 0, Channel.SMS)  # so that the fence knows its database
    release(app)
    return own_database


def in_the_morning() -> Context:
    """At an hour at which texts go that are not urgent."""
    return replace(by_itself(), at=MORNING)


def take_one(sender: str, is_guarded: bool) -> int:
    """One claim of one text, held open for a moment as a slow machine would."""
    if not is_guarded:
        sms_desk._LOCK = ALL_OF_THEM
    with transaction():
        many = len(claim(in_the_morning(), sender, 1, Channel.SMS))
        time.sleep(1.0)
    return many


def claimed(url: str, *, is_guarded: bool) -> int:
    return sum(race(url, take_one, [(f"s-{n}", is_guarded) for n in range(SENDERS)]))


def rest(url: str, tmp_path: Path) -> list[Any]:
    """What one sender still gets afterwards, one by one; and what is left."""
    app = assemble(Settings.from_env(environment(url, tmp_path)))
    with app.app_context():
        many = 0
        for _ in range(SENDERS):
            with transaction():
                many += len(claim(in_the_morning(), "last", 1, Channel.SMS))
        held = text("SELECT count(*) FROM message WHERE reason = 'phone_limit'")
        found = [many, db.session.execute(held).scalar_one()]
        db.session.remove()
    release(app)
    return found


def test_four_senders_at_once_give_one_phone_no_more_than_its_limit(
    one_phone: str, tmp_path: Path
) -> None:
    at_once = claimed(one_phone, is_guarded=True)
    later, held = rest(one_phone, tmp_path)
    assert 1 <= at_once <= LIMIT
    assert at_once + later == LIMIT
    assert held == SENDERS - LIMIT


def test_without_the_lock_the_limit_is_passed(one_phone: str) -> None:
    assert claimed(one_phone, is_guarded=False) > LIMIT
