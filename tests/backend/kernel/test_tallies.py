"""Counting over a sliding window: alone, with others, and while Redis is away."""

import os
import socket
import time
from collections.abc import Iterator

import pytest
import redis

from backend.kernel import cache, tallies
from backend.kernel.ids import new_id
from backend.kernel.tallies import PAUSE_S, Allowance, Counter, Shared


class Time:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.at = 6_000_000.0

    def __call__(self) -> float:
        return self.at


def alone(count: int, seconds: int = 60, without_redis: float = 1.0) -> tuple[Counter, Time]:
    clock = Time()
    nobody = Shared(None, str)
    return Counter("test", Allowance(count, seconds), nobody, without_redis, clock), clock


@pytest.fixture
def client() -> Iterator[redis.Redis]:
    url = os.environ.get("TEST_REDIS_URL")
    if not url:
        pytest.skip("2026-11-23: no Redis on this machine")
    made = cache.connect(url)
    assert made
    yield made
    made.close()


@pytest.fixture
def frozen() -> Iterator[redis.Redis]:
    """A server that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        made = cache.connect(f"redis://127.0.0.1:{silent.getsockname()[1]}/0")
        assert made
        yield made
        made.close()


def test_so_many_and_no_more() -> None:
    counter, _ = alone(5)
    assert [counter.spend("a") for _ in range(5)] == [0] * 5
    assert counter.spend("a") > 0
    assert counter.spend("b") == 0


def test_the_wait_that_is_told_is_enough_and_little_more() -> None:
    counter, clock = alone(10)
    for second in range(10):
        clock.at += second
        assert counter.spend("a") == 0
    wait = counter.spend("a")
    clock.at += wait - 2
    assert counter.wait("a") > 0
    clock.at += 2
    assert counter.spend("a") == 0


def test_no_window_of_a_minute_holds_twice_as_many() -> None:
    """Neither at the turn of a slot nor anywhere else."""
    counter, clock = alone(20)
    good = []
    for _ in range(600):
        clock.at += 0.5
        if not counter.spend("a"):
            good.append(clock.at)
    fullest = max(sum(at <= other < at + 60 for other in good) for at in good)
    assert fullest <= 21
    assert len(good) >= 5 * 19


def test_what_was_refused_is_not_counted() -> None:
    counter, clock = alone(3)
    for _ in range(100):
        counter.spend("a")
    clock.at += 120
    assert counter.spend("a") == 0


def test_two_processes_share_one_allowance(client: redis.Redis) -> None:
    subject, clock = str(new_id()), Time()
    first, second = (
        Counter("test", Allowance(20, 60), Shared(client, str), 0.25, clock) for _ in range(2)
    )
    good = [counter.spend(subject) == 0 for _ in range(30) for counter in (first, second)]
    assert sum(good) == 20


def test_what_is_kept_back_exceeds_by_less_than_a_twentieth_a_process(client: redis.Redis) -> None:
    subject, clock = str(new_id()), Time()
    processes = [
        Counter("test", Allowance(400, 60), Shared(client, str), 0.25, clock) for _ in range(3)
    ]
    good = [counter.spend(subject) == 0 for _ in range(400) for counter in processes]
    assert 400 <= sum(good) < 400 + 3 * 20


def test_flushing_redis_forgets_and_harms_nothing(client: redis.Redis) -> None:
    subject, clock = str(new_id()), Time()
    counter = Counter("test", Allowance(4, 60), Shared(client, str), 0.25, clock)
    assert [counter.spend(subject) for _ in range(4)] == [0] * 4
    client.delete(*client.scan_iter(f"limit:test:{subject}:*"))
    assert counter.spend(subject) > 0  # this process remembers, another one starts anew
    other = Counter("test", Allowance(4, 60), Shared(client, str), 0.25, clock)
    assert other.spend(subject) == 0


def test_redis_learns_no_subject(client: redis.Redis) -> None:
    counter = Counter("test", Allowance(4, 60), Shared(client, lambda _: "digest"), 0.25, Time())
    subject = str(new_id())
    counter.spend(subject)
    assert not list(client.scan_iter(f"*{subject}*"))


def test_without_redis_each_process_allows_a_quarter() -> None:
    counter, _ = alone(40, without_redis=0.25)
    assert [counter.spend("a") == 0 for _ in range(20)] == [True] * 10 + [False] * 10


def test_a_frozen_redis_delays_one_request_and_the_limit_gets_stricter(frozen: redis.Redis) -> None:
    shared = Shared(frozen, str)
    counter = Counter("test", Allowance(20, 60), shared, 0.25, Time())
    began = time.monotonic()
    good = [counter.spend("a") == 0 for _ in range(20)]
    assert time.monotonic() - began < 1.0
    assert sum(good) == 5
    assert shared.is_away


def test_redis_is_asked_again_after_a_pause(
    client: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = Shared(client, str)
    shared.is_away, shared._away_until = True, time.monotonic() + PAUSE_S
    counter = Counter("test", Allowance(20, 60), shared, 0.25, Time())
    subject = str(new_id())
    assert [counter.spend(subject) == 0 for _ in range(7)] == [True] * 5 + [False] * 2
    shared._away_until = 0.0
    assert counter.spend(str(new_id())) == 0
    assert not shared.is_away
    assert [counter.spend(subject) == 0 for _ in range(20)].count(True) == 15


@pytest.mark.parametrize("wrong", [(0, 60), (5, 0), (-1, 60)])
def test_an_allowance_allows_something(wrong: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="positive"):
        Allowance(*wrong)


def test_many_newcomers_push_out_the_oldest_and_nobody_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tallies, "MOST_SUBJECTS", 3)
    counter, _ = alone(1)
    assert [counter.spend(subject) for subject in "abcd"] == [0] * 4
    assert [counter.wait(subject) > 0 for subject in "abcd"] == [False, True, True, True]


def test_looking_makes_no_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tallies, "MOST_SUBJECTS", 3)
    counter, _ = alone(1)
    counter.spend("a")
    assert {counter.wait(number) for number in range(10)} == {0}
    assert counter.wait("a") > 0
