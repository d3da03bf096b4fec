"""Nothing is done for a person after the end was committed; limits hold whatever comes at once."""

import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from conftest import MORNING, environment
from contract_builders import a_team
from databases import slow_down_inserts
from family_builders import acting_for
from flask import Flask
from mandate_builders import a_mandate, terms
from people import a_resident, by
from races import race

from backend import contracting, identity, proxies
from backend.assembly import assemble, release
from backend.kernel.clock import FixedClock
from backend.kernel.context import Scope
from backend.kernel.database import db
from backend.kernel.transaction import transaction
from backend.proxies import effects
from backend.proxies.models import State
from config.settings import Settings

BORN = date(1948, 9, 15)


@pytest.fixture
def apart(own_database: str, tmp_path: Path) -> Iterator[Flask]:
    """An app whose commits are real, on the database of the race."""
    app = assemble(Settings.from_env(environment(own_database, tmp_path)), FixedClock(MORNING))
    with app.app_context():
        yield app
        db.session.remove()
    release(app)


def person(resident_id: UUID) -> identity.Resident:
    return db.session.get_one(identity.Resident, resident_id)


def act(her: UUID, son: UUID, team: UUID, asks_again: bool, asked_early: bool) -> Any:
    """He applies for her, and takes a second over it."""
    with transaction():
        ctx = acting_for(person(son), person(her))
        contracting.apply(ctx, team, 12)
        if asked_early:
            identity.require_still_allowed(ctx)
        time.sleep(1.2)
        if asks_again:
            identity.require_still_allowed(ctx)
    return time.monotonic()


def end(her: UUID, mandate: UUID) -> Any:
    """Meanwhile she ends it."""
    time.sleep(0.5)
    with transaction():
        ctx = by(person(her))
        proxies.revoke(ctx, proxies.hold(ctx, mandate))
    return time.monotonic()


def narrow(her: UUID, mandate: UUID) -> Any:
    """Meanwhile she takes signing out."""
    time.sleep(0.5)
    with transaction():
        ctx = by(person(her))
        proxies.change(ctx, proxies.hold(ctx, mandate), frozenset({Scope.BOOK}))
    return time.monotonic()


def meanwhile(step: Any, her: UUID, *given: Any) -> Any:
    return step(her, *given)


def contest(
    own_database: str, step: Any, *, asks_again: bool = True, asked_early: bool = False
) -> list[Any]:
    with transaction():
        mandate = a_mandate()
        (her, son), team = mandate.sides, a_team().id
    acts = (act, her, son, team, asks_again, asked_early)
    return race(own_database, meanwhile, [acts, (step, her, mandate.id)])


def test_an_act_under_way_does_not_outlive_the_end(apart: Flask, own_database: str) -> None:
    answers = contest(own_database, end)
    assert answers[0] == "not-your-person"
    assert db.session.query(contracting.Contract).count() == 0


def test_nor_does_it_outlive_the_narrowing(apart: Flask, own_database: str) -> None:
    answers = contest(own_database, narrow)
    assert answers[0] == "proxy-changed"
    assert db.session.query(contracting.Contract).count() == 0


def test_an_act_that_is_being_committed_is_waited_for(apart: Flask, own_database: str) -> None:
    acted, ended = contest(own_database, end, asks_again=False, asked_early=True)
    assert acted < ended + 0.05
    assert db.session.query(contracting.Contract).count() == 1


def test_without_asking_again_it_would_be_done_after_the_end(
    apart: Flask, own_database: str
) -> None:
    """The negative control: it is the question before the commit that forbids."""
    acted, ended = contest(own_database, end, asks_again=False)
    assert acted > ended
    assert db.session.query(contracting.Contract).count() == 1


def confirm(her: UUID, mandate: UUID, in_turn: bool) -> str:
    if not in_turn:
        effects.take_turns = lambda *ids: [person(one) for one in ids]
    with transaction():
        ctx = by(person(her))
        return str(proxies.confirm(ctx, proxies.hold(ctx, mandate)).state)


def five_at_once(own_database: str, in_turn: bool) -> list[str]:
    """Five family members asked; she says yes to all in one moment."""
    with transaction():
        her = a_resident("韩桂兰", BORN)
        asked = [
            proxies.ask(
                by(a_resident(f"韩{n}", date(1980, 1, 1))),
                proxies.Whom(her.name, her.id_number),
                terms(),
            ).id
            for n in "一二三四五"
        ]
        whom = her.id
    return race(own_database, confirm, [(whom, mandate, in_turn) for mandate in asked])


def active() -> int:
    return db.session.query(proxies.Mandate).filter_by(state=State.ACTIVE).count()


def test_of_five_confirmed_at_once_four_act(apart: Flask, own_database: str) -> None:
    answers = five_at_once(own_database, in_turn=True)
    assert sorted(answers) == ["active"] * 4 + ["too-many-proxies"]
    assert active() == 4


def test_without_turns_a_fifth_would_pass(apart: Flask, own_database: str, worker: str) -> None:
    """The negative control: it is the lock on both people that makes it four."""
    slow_down_inserts(f"jiayi_own_{worker}", "relation", 0.7)
    assert five_at_once(own_database, in_turn=False) == ["active"] * 5
    assert active() == 5
