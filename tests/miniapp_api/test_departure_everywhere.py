"""Who leaves is refused by every worker from the same second on, whatever Redis remembers."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import psycopg
from databases import admin_url
from serving import ask, entered, restart_cache

from tools.launch.stack import Part, Stack

ASKING = 4
HOUSE = """
INSERT INTO institution (id, name, level, address, latitude, longitude, is_example)
VALUES (%s, '示例中心', 'centre', '示例路1号', 30.87, 120.09, true)
"""
STAFF = "INSERT INTO staff (id, name, role, title, institution_id) VALUES (%s, '周文', %s, '', %s)"
ACCOUNT = """
INSERT INTO account (id, openid, staff_id, created_at) VALUES (gen_random_uuid(), %s, %s, now())
"""


def put_in(link: "psycopg.Connection[Any]") -> UUID:
    """A house, its manager, and the doctor whose id is returned."""
    house, doctor = uuid4(), uuid4()
    link.execute(HOUSE, [house])
    for role, staff_id in (("doctor", doctor), ("manager", uuid4())):
        link.execute(STAFF, [staff_id, role, house])
        link.execute(ACCOUNT, [role, staff_id])
    return doctor


def test_who_leaves_is_out_of_every_worker_at_once(stack: Stack, served_database: str) -> None:
    seen, over = [], threading.Event()
    name = urlsplit(served_database).path.strip("/")
    with psycopg.connect(admin_url(name), autocommit=True) as link:
        doctor_id = put_in(link)
        doctor, manager = (
            entered(stack, role, "staff")["access_token"] for role in ("doctor", "manager")
        )
        link.execute("UPDATE session SET stepped_up_at = now()")
        port = stack.services[Part.API].port

        def keep_asking(_: int) -> None:
            while not over.is_set():
                began = time.monotonic()
                seen.append((began, ask(port, "GET", "/api/v1/staff/me", token=doctor)[0]))
                time.sleep(0.1)

        with ThreadPoolExecutor(ASKING) as crowd:
            asking = [crowd.submit(keep_asking, n) for n in range(ASKING)]
            time.sleep(0.5)
            path = f"/api/v1/manager/staff/{doctor_id}/departure"
            answer = ask(port, "POST", path, {"at": None}, manager)
            left = time.monotonic()
            restart_cache(stack)
            time.sleep(1)
            over.set()
    assert [one.exception() for one in asking] == [None] * ASKING
    assert answer == (200, [])
    after = {status for began, status in seen if began >= left}
    assert {status for began, status in seen if began < left} >= {200}
    assert 401 in after
    assert after <= {401, 429}  # while the cache is away little is allowed to anybody
