"""`bench login`: from WeChat's code to a session, and a session going on."""

import hashlib
import os
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import httpx2
import psycopg

from backend.kernel.ids import new_id
from bench import load
from bench.figures import ratio, show
from bench.load import Ask, Size
from tools.launch.stack import APPID, Part, Stack

NAME = "login"
PARTS = [Part.POSTGRES, Part.VALKEY, Part.SIMULATOR, Part.SCHEMA, Part.API]
DOOR, REFRESH = "/api/v1/open/resident-sessions", "/api/v1/open/sessions/refresh"
MOST_PER_S = 1200
LANES = 8
BEGUN = """
INSERT INTO session (id, account_id, door, started_at, refreshed_at, expires_at)
SELECT session, (SELECT id FROM account LIMIT 1), 'wechat', now(), now(), now() + interval '1 day'
FROM unnest(%s::uuid[]) session
"""
GIVEN = """
INSERT INTO refresh_token (id, session_id, generation, hash, issued_at)
SELECT session, session, 0, hash, now()
FROM unnest(%s::uuid[], %s::bytea[]) AS given (session, hash)
"""


def main(arguments: Sequence[str]) -> int:
    """Run every scenario; the status is 1 if anything failed."""
    return load.run(NAME, __doc__, arguments, PARTS, measure)


def measure(stack: Stack, size: Size) -> int:
    """WeChat alone first, then log-ins of new people, of known ones, and refreshes."""
    api, many = stack.services[Part.API].port, int((size.seconds + size.warm_up_s) * MOST_PER_S)
    people = [f"bench-{n}" for n in range(many)]
    exchanges = [exchange(stack, code) for code in codes(stack, people)]
    # So fast that the codes would not last for the whole time.
    short = replace(size, seconds=size.seconds / 8, warm_up_s=size.warm_up_s / 8)
    wechat = load.over_http(stack.services[Part.SIMULATOR].port, short, exchanges)
    show(NAME, "wechat", wechat, ratio_to_wechat=1.0)
    wrong = wechat.errors
    for scenario in ("first", "again"):
        asked = [Ask("POST", DOOR, body={"code": code}) for code in codes(stack, people)]
        run = load.over_http(api, size, asked, 201)
        show(NAME, scenario, run, ratio_to_wechat=ratio(run, wechat))
        wrong += run.errors
    run = load.over_http(api, size, refreshes(stack, 2 * many))
    show(NAME, "refresh", run, ratio_to_wechat=ratio(run, wechat))
    return 1 if wrong + run.errors else 0


def codes(stack: Stack, people: Sequence[str]) -> list[str]:
    """A fresh login code for each of these people."""
    with httpx2.Client(base_url=stack.simulator_url, trust_env=False) as http:

        def one(openid: str) -> str:
            http.post("/_sim/users", json={"openid": openid})
            return str(http.post("/_sim/codes", json={"openid": openid}).json()["code"])

        with ThreadPoolExecutor(LANES) as lanes:
            return list(lanes.map(one, people))


def exchange(stack: Stack, code: str) -> Ask:
    """WeChat's part of a log-in alone."""
    secret = stack.state.secrets["WECHAT_SECRET"]
    known = f"appid={APPID}&secret={secret}&grant_type=authorization_code"
    return Ask("GET", f"/sns/jscode2session?{known}&js_code={code}")


def refreshes(stack: Stack, many: int) -> list[Ask]:
    """The first refresh of so many sessions."""
    sessions, secrets = [new_id() for _ in range(many)], [os.urandom(32) for _ in range(many)]
    with psycopg.connect(stack.urls.admin, autocommit=True) as link:
        link.execute(BEGUN, [sessions])
        link.execute(GIVEN, [sessions, [hashlib.sha256(secret).digest() for secret in secrets]])
        link.execute("VACUUM ANALYZE session, refresh_token")
    tokens = [urlsafe_b64encode(secret).rstrip(b"=").decode() for secret in secrets]
    return [Ask("POST", REFRESH, body={"refresh_token": token}) for token in tokens]
