"""What every answer tells browsers, and that our pages live within it."""

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask
from people import Http, a_resident

from config.settings import ROOT, Env, Settings

ASSETS = ROOT / "miniapp_api" / "assets"
PAGES = sorted(ASSETS.glob("*.html"))
ANSWERS = [
    ("GET", "/openapi.json", 200), ("GET", "/docs", 200), ("GET", "/demo", 200),
    ("GET", "/healthz", 200), ("GET", "/queue", 200),
    ("GET", "/metrics", 200), ("GET", "/api/v1/open/institutions", 200),
    ("GET", "/api/v1/resident/me", 401),
    ("GET", "/nowhere", 404), ("POST", "/openapi.json", 405), ("OPTIONS", "/openapi.json", 405),
    ("POST", "/api/v1/open/resident-sessions", 422), ("HEAD", "/docs", 200),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path", "status"), ANSWERS)
def test_every_answer_is_protected(app: Flask, method: str, path: str, status: int) -> None:
    told = {"Origin": "https://evil.example"}
    with app.test_client().open(path, method=method, headers=told) as answer:
        assert answer.status_code == status
        headers = answer.headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Server"] == "-"
    assert headers["Cache-Control"] in {"no-store", "no-cache"}
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "*" not in policy
    assert not [name for name, _ in headers if name.lower().startswith("access-control")]
    assert "Set-Cookie" not in headers


def test_what_is_personal_is_never_kept(http: Http) -> None:
    answer = http("GET", "/resident/me", a_resident())
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.fixture
def in_production(app: Flask) -> Iterator[Flask]:
    before: Settings = app.extensions["settings"]
    app.extensions["settings"] = replace(before, env=Env.PRODUCTION, hsts_seconds=31_536_000)
    yield app
    app.extensions["settings"] = before


def test_production_insists_on_tls(in_production: Flask) -> None:
    told = in_production.test_client().get("/healthz").headers["Strict-Transport-Security"]
    assert told == "max-age=31536000; includeSubDomains"


def test_elsewhere_nobody_is_bound_to_tls(app: Flask) -> None:
    assert "Strict-Transport-Security" not in app.test_client().get("/healthz").headers


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_our_pages_carry_nothing_inline_and_load_nothing_from_elsewhere(page: object) -> None:
    text = (ASSETS / page.name).read_text("utf-8")  # type: ignore[attr-defined]
    assert not re.search(r"<script(?![^>]*\bsrc=)", text)
    assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", text)
    loaded = re.findall(r'(?:src|href)="([^"]+)"', text)
    assert [one for one in loaded if not one.startswith("/") and one != "data:,"] == []


@pytest.mark.parametrize("script", sorted(ASSETS.glob("*.js")), ids=lambda script: script.name)
def test_our_scripts_write_no_markup(script: object) -> None:
    text = (ASSETS / script.name).read_text("utf-8")  # type: ignore[attr-defined]
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacent|document\.write|\beval\(|Function\(", text
    )


def test_head_tells_no_more_than_get_would(app: Flask) -> None:
    client = app.test_client()
    assert client.head("/api/v1/resident/me").status_code == 401
    assert client.head("/api/v1/open/institutions").data == b""
