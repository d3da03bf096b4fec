"""The benchmarks run, and say what their README promises."""

import json
import subprocess
import sys
from typing import Any

import pytest

from config.settings import ROOT

pytestmark = pytest.mark.long

KEYS = {
    "name", "scenario", "rate_per_s", "p50_ms", "p99_ms", "ratio_to_raw", "ratio_to_bare",
    "errors", "oversold", "profile",
}  # fmt: skip


def lines_of(name: str) -> list[dict[str, Any]]:
    command = [sys.executable, "-m", "tools.cli", "bench", name, "--quick"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=240)
    return [json.loads(line) for line in run.stdout.splitlines()]


@pytest.mark.full
@pytest.mark.parametrize(
    ("name", "scenarios"),
    [
        ("login", ["wechat", "first", "again", "refresh"]),
        ("authorised-read", ["one-unguarded", "one", "list-unguarded", "list"]),
        ("timetable", ["bare", "raw", "anew", "shared", "etag"]),
    ],
)
def test_each_scenario_is_measured_without_errors(name: str, scenarios: list[str]) -> None:
    lines = lines_of(name)
    assert [line["scenario"] for line in lines] == scenarios
    assert all(line["rate_per_s"] > 0 and line["errors"] == 0 for line in lines)


@pytest.mark.full
def test_booking_is_measured_beside_its_baselines() -> None:
    lines = lines_of("booking")
    assert [line["scenario"] for line in lines] == [
        "bare", "raw-spread", "spread", "raw-hot", "hot",
    ]  # fmt: skip
    assert all(line.keys() == KEYS for line in lines)
    assert all(line["rate_per_s"] > 0 for line in lines)
    assert {(line["errors"], line["oversold"]) for line in lines} == {(0, 0)}
    assert all(line["profile"]["postgres"] > 0 for line in lines[1:])


@pytest.mark.full
def test_a_rush_sells_every_seat_once() -> None:
    lines = lines_of("rush")
    assert [line["scenario"] for line in lines] == ["bare", "cold", "warm"]
    assert {(line["errors"], line["oversold"]) for line in lines} == {(0, 0)}
    assert [line["sold"] for line in lines] == [100, 4, 4]


@pytest.mark.full
def test_what_a_booking_costs_is_told_for_each_size() -> None:
    lines = lines_of("flatness")
    assert [line["booked"] for line in lines] == [200, 200, 2000, 2000, 20_000, 20_000]
    assert {(line["errors"], line["oversold"]) for line in lines} == {(0, 0)}
    assert all(line["cpu_ms"] > 0 for line in lines)


def test_an_unknown_benchmark_is_named() -> None:
    command = [sys.executable, "-m", "tools.cli", "bench", "nothing"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 2
    assert "booking" in run.stderr
