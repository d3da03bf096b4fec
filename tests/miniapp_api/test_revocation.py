"""The end of a session is felt by the next request of every worker, whatever Redis remembers."""

import http.client
import json
import os
from collections.abc import Iterator
from typing import Any

import pytest

from tools.launch.placement import scratch_state
from tools.launch.stack import Part, Stack

PARTS = [Part.POSTGRES, Part.VALKEY, Part.SIMULATOR, Part.API]
WORKERS, REQUESTS = 2, 16


@pytest.fixture
def stack(own_database: str) -> Iterator[Stack]:
    """An API with two workers on a database of its own."""
    given = {name: value for name, value in os.environ.items() if not name.endswith("_URL")}
    given |= {"DATABASE_URL": own_database, "API_WORKERS": str(WORKERS)}
    with scratch_state() as state, Stack(state, PARTS, given=given) as stack:
        yield stack


def ask(port: int, method: str, path: str, body: Any = None, token: str = "") -> tuple[int, Any]:
    """One request on a connection of its own, so that any worker may get it."""
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    headers = {"Content-Type": "application/json"}
    headers |= {"Authorization": f"Bearer {token}"} if token else {}
    link.request(method, path, json.dumps(body) if body is not None else None, headers)
    answer = link.getresponse()
    content = answer.read()
    link.close()
    return answer.status, json.loads(content) if content else None


def logged_in(stack: Stack, openid: str) -> dict[str, Any]:
    simulator, api = stack.services[Part.SIMULATOR].port, stack.services[Part.API].port
    ask(simulator, "POST", "/_sim/users", {"openid": openid})
    _, code = ask(simulator, "POST", "/_sim/codes", {"openid": openid})
    _, entered = ask(api, "POST", "/api/v1/open/resident-sessions", {"code": code["code"]})
    return dict(entered)


def everywhere(stack: Stack, token: str) -> set[int]:
    """The answers of so many requests that every worker has had some."""
    port = stack.services[Part.API].port
    return {
        ask(port, "GET", "/api/v1/resident/me", token=token)[0] for _ in range(WORKERS * REQUESTS)
    }


def test_an_ended_session_opens_nothing_on_any_worker(stack: Stack) -> None:
    lost, kept = logged_in(stack, "somebody"), logged_in(stack, "somebody")
    assert everywhere(stack, lost["access_token"]) == {200}
    port = stack.services[Part.API].port
    path = f"/api/v1/resident/me/sessions/{lost['session_id']}"
    assert ask(port, "DELETE", path, token=kept["access_token"])[0] == 200
    for forget in (nothing, restart_cache):
        forget(stack)
        assert everywhere(stack, lost["access_token"]) == {401}
        assert everywhere(stack, kept["access_token"]) == {200}
    again = {"refresh_token": lost["refresh_token"]}
    assert ask(port, "POST", "/api/v1/open/sessions/refresh", again)[0] == 401


def nothing(_stack: Stack) -> None:
    """As it is."""


def restart_cache(stack: Stack) -> None:
    """Redis forgets everything and is away for a moment."""
    if cache := stack.services.get(Part.VALKEY):
        cache.stop()
        cache.start()
