"""One access token for all processes: fetched at most twice an expiry, whatever happens."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from threading import Event, Thread
from typing import Any

import databases
import psycopg
import pytest
import redis
import simulators
import structlog
from conftest import environment
from flask import Flask
from processes import eventually
from races import FORK, race
from simulators import Simulator
from sqlalchemy import text

from backend import identity
from backend.assembly import assemble, release
from backend.identity import gateway, wechat_token
from backend.identity.wechat_token import SharedToken
from backend.kernel import cache, logs, resealing
from backend.kernel.crypto import PLACES, Keyring
from backend.kernel.errors import Unavailable
from config.settings import Settings

FETCH, CALL = "/cgi-bin/stable_token", "/wxaapi/newtmpl/gettemplate"
LOGIN = "/sns/jscode2session"
FEW, MANY = 4, 8
HEAD_START_S = 0.6


def settings_of(address: str, base: str, **changes: str) -> Settings:
    told = environment(address, Path(mkdtemp()), base) | changes
    if told["REDIS_URL"]:
        told["REDIS_URL"] = told["REDIS_URL"].rpartition("/")[0] + "/7"
    return Settings.from_env(told)


@contextmanager
def an_app(address: str, base: str, **changes: str) -> Iterator[Flask]:
    app = assemble(settings_of(address, base, **changes))
    try:
        with app.app_context():
            yield app
    finally:
        release(app)


def calls_at(address: str, base: str, at: float, first: str, changes: dict[str, str]) -> str:
    """In a process of its own: a call at that instant, by a process that knows `first`."""
    with an_app(address, base, **changes) as app:
        if first:
            app.extensions["wechat"].token._remember(first, 60)
        time.sleep(max(at - time.time(), 0))
        app.extensions["wechat"].ask(CALL, method="GET")
        return str(app.extensions["wechat"].access_token())


def all_at_once(world: "World", many: int, first: str = "", **changes: str) -> list[str]:
    start = time.time() + HEAD_START_S
    told = (world.address, world.wechat.base, start, first, changes)
    return race(world.address, calls_at, [told] * many)


class World:
    """A database, a Redis and a simulator, with one app on them."""

    def __init__(self, address: str, wechat: Simulator, app: Flask) -> None:
        self.address, self.wechat, self.app = address, wechat, app

    @property
    def server(self) -> Any:
        return self.app.extensions["wechat"]

    def fetches(self) -> int:
        counted = self.wechat.control("GET", "stats")["calls"].get(FETCH, {})
        return sum(counted.values())

    def later(self, seconds: float) -> None:
        """By the platform's clock, and by the database's alike."""
        self.wechat.control("POST", "clock", {"seconds": seconds})
        columns = ("fetched_at", "renew_at", "ends_at")
        moved = ", ".join(f"{one} = {one} - interval '{seconds} s'" for one in columns)
        self.sql(f"UPDATE wechat_token SET {moved}, same_until = NULL")

    def flush(self) -> None:
        if client := self.app.extensions["cache"]:
            client.flushdb()

    def sql(self, words: str) -> list[Any]:
        with psycopg.connect(self.address, autocommit=True) as link:
            found = link.execute(words)  # type: ignore[arg-type]
            return found.fetchall() if found.description else []


@pytest.fixture
def world(own_database: str, wechat_process: Simulator) -> Iterator[World]:
    wechat_process.reset()
    with an_app(own_database, wechat_process.base) as app:
        world = World(own_database, wechat_process, app)
        world.flush()
        yield world


@contextmanager
def flushed_all_the_time(world: World) -> Iterator[None]:
    over = Event()

    def flush() -> None:
        while not over.wait(0.005):
            world.flush()

    thread = Thread(target=flush)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@pytest.mark.parametrize("many", [FEW, pytest.param(MANY, marks=pytest.mark.full)])
def test_processes_begin_expire_and_are_refused_with_one_fetch_each(
    world: World, many: int
) -> None:
    (first,) = set(all_at_once(world, many))
    assert world.fetches() == 1
    world.later(7300)
    world.wechat.fault("token", CALL, times=2)  # some are told 40001, the others 42001
    with flushed_all_the_time(world):
        (second,) = set(all_at_once(world, many, first)) - {Unavailable.code}
    assert (second != first, world.fetches()) == (True, 2)


@pytest.mark.full
def test_processes_that_are_refused_at_once_believe_the_same_token(world: World) -> None:
    token = world.server.access_token()
    world.wechat.fault("token", CALL, times=MANY)
    assert set(all_at_once(world, MANY, token, REDIS_URL="")) == {token}
    assert world.fetches() == 2


def test_without_the_lease_they_fetch_more(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control: were the lease everybody's, each process would fetch for itself."""
    anybodys = str(wechat_token._TAKE).replace("(mine.lease IS NULL OR", "(true OR")
    world.wechat.fault("delay", FETCH, times=FEW, seconds=0.3)
    start = time.time() + HEAD_START_S
    told = (
        world.address,
        world.wechat.base,
        start,
        anybodys.replace("mine.fetches = :fetches", "true"),
    )
    race(world.address, calls_unguarded, [told] * FEW)
    assert world.fetches() > 2


def calls_unguarded(address: str, base: str, at: float, take: str) -> str:
    wechat_token._TAKE = text(take)
    return calls_at(address, base, at, "", {"REDIS_URL": ""})


def test_one_that_is_killed_while_it_fetches_is_followed_by_one_other(world: World) -> None:
    world.wechat.fault("delay", FETCH, seconds=1.5)
    victim = FORK.Process(target=calls_at, args=(world.address, world.wechat.base, 0, "", {}))
    victim.start()
    assert eventually(lambda: world.wechat.control("GET", "faults") == {"faults": []})
    os.kill(victim.pid or 0, signal.SIGKILL)
    victim.join(5)
    world.sql("UPDATE wechat_token SET lease_until = clock_timestamp() + interval '1 s'")
    assert len(set(all_at_once(world, FEW))) == 1
    assert eventually(lambda: world.fetches() == 2)  # the killed one's was answered to nobody


def test_one_that_dies_after_it_was_repeated_is_replaced_within_seconds(world: World) -> None:
    """A refusal without a cause, and soon after it one with."""
    first = world.server.access_token()
    world.wechat.fault("token", CALL, times=1)
    world.server.ask(CALL, method="GET")
    assert (world.server.access_token(), world.fetches()) == (first, 2)
    world.wechat.control("POST", "clock", {"seconds": 7300})
    world.sql("UPDATE wechat_token SET same_until = same_until - interval '3 s'")
    assert world.server.ask(CALL, method="GET").get("errcode", 0) == 0
    assert (world.server.access_token() != first, world.fetches()) == (True, 3)


def test_a_server_that_always_refuses_is_asked_twice_and_the_token_is_kept(world: World) -> None:
    first = world.server.access_token()
    world.wechat.fault("token", CALL, times=50)
    for calls in (2, 4):
        with pytest.raises(Unavailable):
            world.server.ask(CALL, method="GET")
        assert world.wechat.control("GET", "stats")["calls"][CALL] == {"40001": calls}
    assert (world.server.access_token(), world.fetches()) == (first, 2)


def test_another_process_has_refreshed_already(world: World) -> None:
    """Re-read before refresh: what is in the row is used, and nothing is fetched."""
    old = world.server.access_token()
    world.later(7300)
    with an_app(world.address, world.wechat.base) as other:
        new = other.extensions["wechat"].access_token(stale=old)
    assert (world.server.access_token(stale=old), world.fetches()) == (new, 2)


def test_it_is_renewed_before_it_ends_while_the_old_one_serves(world: World) -> None:
    old = world.server.access_token()
    world.later(6900)
    world.server.token.forget()
    world.flush()
    assert (world.server.access_token(), world.fetches()) == (old, 1)
    world.later(100)
    world.server.token.forget()
    world.flush()
    lease = "UPDATE wechat_token SET lease = {}, lease_until = now() + interval '5 s'"
    world.sql(lease.format("gen_random_uuid()"))
    assert world.server.access_token() == old  # somebody else is fetching: nobody waits
    world.sql("UPDATE wechat_token SET lease = NULL, lease_until = NULL")
    world.server.token.forget()
    world.flush()
    new = world.server.access_token()
    assert (new != old, world.fetches()) == (True, 2)
    assert world.server.ask(CALL, method="GET").get("errcode", 0) == 0


def test_while_wechat_gives_none_the_old_one_serves_and_nobody_presses(world: World) -> None:
    old = world.server.access_token()
    world.later(7000)
    world.wechat.fault("http500", FETCH, times=9)
    for _ in range(3):
        world.server.token.forget()
        world.flush()
        assert world.server.access_token() == old
    assert world.fetches() == 2
    world.later(200)
    world.server.token.forget()
    with pytest.raises(Unavailable):
        world.server.access_token()


@pytest.mark.parametrize(
    ("secret", "code"), [("wrong", 40125), ("", 41004)], ids=["wrong", "missing"]
)
def test_a_wrong_secret_is_told_once_a_minute(
    world: World, monkeypatch: pytest.MonkeyPatch, secret: str, code: int
) -> None:
    monkeypatch.setattr(world.server, "_secret", secret)
    for _ in range(3):
        with pytest.raises(Unavailable):
            world.server.access_token()
    assert world.fetches() == 1
    barred = "extract(epoch FROM barred_until - now()) BETWEEN 50 AND 60"
    assert world.sql(f"SELECT refused_with, {barred} FROM wechat_token") == [(code, True)]


def test_it_lies_sealed_in_both_places_and_a_changed_one_is_fetched_anew(world: World) -> None:
    token = world.server.access_token()
    ((sealed,),) = world.sql("SELECT token_sealed FROM wechat_token")
    assert token.encode() not in bytes(sealed)
    client: redis.Redis | None = world.app.extensions["cache"]
    if client:
        kept: Any = client.get(world.server.token._key)
        assert token.encode() not in kept
        client.set(world.server.token._key, b"planted")
    ring: Keyring = world.app.extensions["keyring"]
    place = PLACES["wechat_token.token"].of(simulators.APPID)
    assert ring.unseal(bytes(sealed), place).decode() == token
    world.sql("UPDATE wechat_token SET token_sealed = '\\x00'")
    world.server.token.forget()
    assert (world.server.access_token(), world.fetches()) == (token, 2)


def test_it_goes_with_the_others_when_the_field_keys_change(world: World) -> None:
    token = world.server.access_token()
    old, new = world.app.extensions["settings"].field_keys, {"f2": b"n" * 32}
    place, appid = PLACES["wechat_token.token"], simulators.APPID
    owner = databases.url(world.address.rpartition("/")[2], "jiayi_migrator")
    both = Keyring({**new, **old}, databases.KEY)
    assert resealing.Column(owner, both, place, 10).reseal(lambda _: None).done == 1
    ((sealed,),) = world.sql("SELECT token_sealed FROM wechat_token")
    assert Keyring(new, databases.KEY).unseal(bytes(sealed), place.of(appid)).decode() == token


@pytest.mark.parametrize("kind", ["http500", "truncated", "timeout_after_delivery", "token"])
def test_no_failure_prints_a_token_or_the_secret(
    world: World, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    logs.configure("DEBUG")
    token = world.server.access_token()
    world.wechat.fault(kind, CALL, times=3, seconds=0.1)
    world.wechat.fault("http500", LOGIN)
    for act in (lambda: world.server.ask(CALL, method="GET"), lambda: world.server.identity("c")):
        try:
            act()
        except Unavailable:
            structlog.get_logger().error("failed", exc_info=True)
    logs.configure("CRITICAL")
    told = capsys.readouterr().out
    assert "failed" in told
    assert [word for word in (token, simulators.SECRET) if word in told] == []


@pytest.mark.parametrize("seconds", [0, -1, None, "soon", 10**30])
def test_a_lifetime_that_makes_no_sense_is_no_token_or_a_short_one(
    world: World, monkeypatch: pytest.MonkeyPatch, seconds: Any
) -> None:
    answer = {"access_token": "odd", "expires_in": seconds}
    monkeypatch.setattr(gateway, "_asked", lambda *_, **__: answer)
    if seconds == 10**30:
        assert world.server.access_token() == "odd"
        ends = "SELECT ends_at < now() + interval '2 hours' FROM wechat_token"
        assert world.sql(ends) == [(True,)]
    else:
        with pytest.raises(Unavailable):
            world.server.access_token()
        assert world.sql("SELECT lease, barred_until > now() FROM wechat_token") == [(None, True)]


def test_only_an_operator_forces_another(world: World) -> None:
    old = world.server.access_token()
    world.server.token.force()
    assert world.server.access_token() != old
    with pytest.raises(Unavailable):
        world.server.token.force()  # WeChat allows one in thirty seconds
    assert world.server.ask(CALL, method="GET").get("errcode", 0) == 0


def test_one_whose_lease_was_taken_keeps_silent(world: World) -> None:
    """As one does that was frozen between its answer and its writing."""

    def frozen(_force: bool) -> tuple[str, int]:
        world.sql("UPDATE wechat_token SET lease = gen_random_uuid()")
        return "late", 7200

    assert SharedToken("frozen", frozen).get() == "late"
    assert world.sql("SELECT token_sealed FROM wechat_token WHERE appid = 'frozen'") == [(None,)]
    assert cache.read("wechat:frozen:access_token") is None


def test_no_transaction_is_open_while_wechat_is_asked(world: World) -> None:
    seen: list[Any] = []

    def watched(_force: bool) -> tuple[str, int]:
        words = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        seen.append(world.sql(f"{words} AND state LIKE 'idle in transaction%'"))
        return "a-token", 7200

    SharedToken("watched", watched).get()
    assert seen == [[(0,)]]


def test_without_a_database_it_is_a_refusal(world: World) -> None:
    with an_app(world.address.replace("jiayi_own", "jiayi_gone"), world.wechat.base) as app:
        cache.drop(app.extensions["wechat"].token._key)
        with pytest.raises(Unavailable):
            identity.wechat().access_token()
