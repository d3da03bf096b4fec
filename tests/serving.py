"""An API with several workers on a test's own database, and requests that any of them may get."""

import http.client
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from conftest import environment

from tools.launch.placement import scratch_state
from tools.launch.stack import Part, Stack

PARTS = [Part.POSTGRES, Part.VALKEY, Part.SIMULATOR, Part.API]
WORKERS = 2
SEALED_WITH = ("FIELD_KEYS", "INDEX_KEY")  # what the template's signing key is sealed with


@contextmanager
def serving(database_url: str) -> Iterator[Stack]:
    """An API with two workers on this database."""
    given = {name: value for name, value in os.environ.items() if not name.endswith("_URL")}
    keys = environment(database_url, Path())
    given |= {"DATABASE_URL": database_url, "API_WORKERS": str(WORKERS)}
    with scratch_state() as state:
        state.secrets.update({name: keys[name] for name in SEALED_WITH})
        with Stack(state, PARTS, given=given) as stack:
            yield stack


def ask(
    port: int, method: str, path: str, body: Any = None, token: str = "", person: str = ""
) -> tuple[int, Any]:
    """One request on a connection of its own, so that any worker may get it."""
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    headers = {"Content-Type": "application/json"}
    headers |= {"Authorization": f"Bearer {token}"} if token else {}
    headers |= {"Jiayi-Person": person} if person else {}
    link.request(method, path, json.dumps(body) if body is not None else None, headers)
    answer = link.getresponse()
    content = answer.read()
    link.close()
    return answer.status, json.loads(content) if content else None


def entered(stack: Stack, openid: str, door: str) -> dict[str, Any]:
    """Somebody logs in through WeChat, by the door of residents or of staff."""
    simulator, api = stack.services[Part.SIMULATOR].port, stack.services[Part.API].port
    ask(simulator, "POST", "/_sim/users", {"openid": openid})
    _, code = ask(simulator, "POST", "/_sim/codes", {"openid": openid})
    status, told = ask(api, "POST", f"/api/v1/open/{door}-sessions", {"code": code["code"]})
    assert status == 201, told
    return dict(told)


def restart_cache(stack: Stack) -> None:
    """Redis forgets everything and is away for a moment."""
    if cache := stack.services.get(Part.VALKEY):
        cache.stop()
        cache.start()
