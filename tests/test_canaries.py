"""What people entrust to us shows nowhere but where it is kept: a day's work, then a search."""

import base64
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import canary
import psycopg
import pyotp
import pytest
from canary import Canaries
from processes import eventually

from backend.kernel.crypto import PLACES, Keyring
from tools.launch.placement import scratch_state
from tools.launch.postgres import CARELESS
from tools.launch.stack import Stack
from tools.launch.state import State
from tools.story.scene import Scene, new_person, new_user
from tools.story.stage import Stage
from tools.story.steps import arrival, clinic, contract, followup, prescription
from tools.story.telling import Teller

pytestmark = pytest.mark.long

NAME = "欧阳金丝雀"
NOTE = "金丝雀备注：夜间胸闷，睡眠欠佳"
WISH = "金丝雀心愿：想换一种药"
REASON = "金丝雀理由：需要当面复查后再定"
ATTEMPT = "金丝雀留言：家人接的电话"
WEIGHT = 83.7919
WEB = "/api/v1/open/staff-web-sessions"
WEATHER = [arrival, contract, clinic, followup, prescription]


@dataclass
class Day:
    """What was planted, and the places to search, servers still running."""

    canaries: Canaries
    state: State
    stack: Stack
    failed: int
    statuses: list[int]

    @property
    def secrets(self) -> dict[str, str]:
        return self.state.secrets


@pytest.fixture(scope="module")
def day() -> Iterator[Day]:
    """The main job over HTTP with everything at DEBUG, then errors of every kind."""
    given = {name: text for name, text in os.environ.items() if not name.endswith("_URL")}
    given |= {"LOG_LEVEL": "DEBUG", "LIMITS": "1000"}
    with scratch_state() as state, Stack(state, given=given, database_settings=CARELESS) as stack:
        stage = Stage(stack.api_url, stack.simulator_url, lambda: None)
        day = Day(Canaries(), state, stack, 0, [])
        try:
            live(day, stage)
            yield day
        finally:
            stage.close()


def live(day: Day, stage: Stage) -> None:
    plant, tell = day.canaries.plant, Teller()
    she, phone = new_user(stage, NAME)
    plant("name", NAME, "resident", "agreement")
    plant("openid", she.openid, "account")
    plant("phone", phone)
    number = plant("ID number", new_person(stage, NAME))
    for kind, words in (("note", NOTE), ("wish", WISH), ("reason", REASON), ("attempt", ATTEMPT)):
        plant(kind, words)
    plant("reading", str(WEIGHT), "measurement")
    scene = Scene(stage, tell, she, number, phone)
    before, prescription.NOTE = prescription.NOTE, NOTE
    try:
        for step in WEATHER:
            step.play(scene)
    finally:
        prescription.NOTE = before
    day.failed = tell.failed
    entered = she.log_in()
    plant("token", entered["access_token"])
    plant("refresh token", entered["refresh_token"])
    refreshed = stage.api.ask(
        "POST", "/api/v1/open/sessions/refresh", {"refresh_token": entered["refresh_token"]}
    )
    plant("second refresh token", refreshed["refresh_token"])
    go_on(day, scene)
    use_the_web(day, scene)
    err(day, scene)
    break_things(day, scene)


def go_on(day: Day, scene: Scene) -> None:
    """A reading with a note, an attempt with a note, a wish that is refused."""
    doctor, she = scene.stage.actor("doctor"), scene.resident
    day.canaries.plant("staff token", doctor.token)
    visit = scene.next_visit
    tasks = doctor.get(f"/doctor/follow-ups?resident_id={scene.resident_id}")
    day.statuses.append(tasks.status)
    due = she.get("/resident/follow-ups")["items"]
    visit = next(one for one in due if one["state"] in {"scheduled", "due", "escalated"})
    at = datetime.combine(date.fromisoformat(visit["due_on"]), time(10), Scene.ZONE)
    scene.stage.move_clock(at)
    found = {"way": 1, "systolic": 131, "diastolic": 82, "note": NOTE,
             "lifestyle": {"weight_kg": WEIGHT}}  # fmt: skip
    answer = doctor.post(f"/doctor/follow-ups/{visit['id']}/result", found)
    assert answer.status == 200, answer.body
    after = answer["next"]["id"]
    attempt = {"obstacle": "not_reached", "way": 1, "note": ATTEMPT}
    day.statuses.append(doctor.post(f"/doctor/follow-ups/{after}/attempt", attempt).status)
    wish = a_wish(scene)
    asked = she.post("/resident/prescription-requests", wish)
    assert asked.status == 201, asked.body
    path = f"/doctor/prescriptions/{asked['id']}/refusal"
    assert doctor.post(path, {"reason": REASON}).status == 200
    doctor.get(f"/doctor/residents/{scene.resident_id}/readings")


def use_the_web(day: Day, scene: Scene) -> None:
    """A password, a second factor, and guesses of both."""
    doctor, plant = scene.stage.actor("doctor"), day.canaries.plant
    password = plant("password", "Jin-Si-Que-2026-Canary")
    chosen = {"login": "jinsique", "password": password}
    assert doctor.put("/staff/me/web-access", chosen).status == 200
    begun = doctor.post("/staff/me/second-factor")
    assert begun.status == 201, begun.body
    secret = plant("TOTP secret", begun["secret"])
    code = pyotp.TOTP(secret).now()
    confirmed = doctor.post("/staff/me/second-factor/confirmation", {"code": code})
    assert confirmed.status == 201, confirmed.body
    for one in confirmed["recovery_codes"]:
        plant("recovery code", one)
    guess = {"login": "jinsique", "password": password + "!", "code": "000000"}
    spent = {**chosen, "code": confirmed["recovery_codes"][0]}
    entered = scene.stage.api.ask("POST", WEB, spent)
    assert entered.status == 201, entered.body
    plant("web token", entered["access_token"])
    plant("web refresh token", entered["refresh_token"])
    for given in (guess, chosen, {**chosen, "code": {"x": password}}):
        day.statuses.append(scene.stage.api.ask("POST", WEB, given).status)


def a_wish(scene: Scene) -> dict[str, Any]:
    drug = scene.resident.get("/resident/formulary?search=氨氯地平")["items"][0]["code"]
    return {"drugs": [drug], "days": 28, "institution_id": scene.house, "change": WISH}


def err(day: Day, scene: Scene) -> None:
    """What is refused: wrong values, unknown fields, broken JSON, addresses that lead nowhere."""
    she, plain = scene.resident, scene.resident.api.http
    wrong = [
        {"name": NAME, "id_number": scene.id_number[:-1] + "A"},
        {"name": NAME, "id_number": scene.id_number, NAME: scene.phone},
        {"name": {"x": NAME}, "id_number": [scene.id_number]},
        {"name": NAME * 40, "id_number": scene.id_number * 20},
        {"name": NAME, "id_number": scene.id_number},
    ]
    for body in wrong:
        day.statuses.append(she.post("/resident/me/verification", body).status)
    signed = {"Authorization": f"Bearer {she.token}", "Content-Type": "application/json"}
    for content in (f'{{"name": "{NAME}", ', f'"{scene.phone}"', f"\x00{scene.id_number}"):
        answer = plain.post(
            "/api/v1/resident/me/verification", content=content.encode(), headers=signed
        )
        day.statuses.append(answer.status_code)
    for path in (f"/api/v1/resident/{NAME}", f"/api/v1/{scene.id_number}?phone={scene.phone}"):
        day.statuses.append(plain.get(path, headers=signed).status_code)
    forged = she.token[:-4] + "AAAA"
    answer = plain.get("/api/v1/resident/me", headers={"Authorization": f"Bearer {forged}"})
    day.statuses.append(answer.status_code)
    forged = {"refresh_token": "A" * 40}
    day.statuses.append(plain.post("/api/v1/open/sessions/refresh", json=forged).status_code)
    manager = scene.stage.actor("manager") if "manager" in scene.stage.cast else None
    if manager:
        manager.get(f"/manager/contracts?search={NAME}")


def break_things(day: Day, scene: Scene) -> None:
    """What fails: a constraint that tells its row, a value too many for its column, a swap."""
    breaking = [
        "ALTER TABLE prescription ADD CONSTRAINT never CHECK (state <> 'requested') NOT VALID",
        "ALTER TABLE contract ADD CONSTRAINT never CHECK (false) NOT VALID",
        "ALTER TABLE message ADD CONSTRAINT never CHECK (false) NOT VALID",
        "ALTER TABLE resident ADD CONSTRAINT never CHECK (length(name) < 2) NOT VALID",
    ]
    other, phone = new_user(scene.stage, NAME)
    day.canaries.plant("other phone", phone)
    number = day.canaries.plant("other ID number", new_person(scene.stage, NAME))
    other.log_in()
    other.put("/resident/me/phone", {"code": other.phone_code()})
    version = other.get("/open/consent-texts/health-data")["version"]
    other.post("/resident/me/consents", {"purpose": "health_data", "version": version})
    with psycopg.connect(day.stack.urls.admin, autocommit=True) as link:
        for words in breaking:
            link.execute(words)  # type: ignore[arg-type]
    failed = [
        scene.resident.post("/resident/prescription-requests", a_wish(scene)),
        other.post("/resident/me/verification", {"name": NAME, "id_number": number}),
    ]
    contracts = scene.resident.get("/resident/contracts")["items"]
    [signed] = [one for one in contracts if one["state"] == "active"]
    end = {"reason": "own_wish"}
    failed.append(scene.resident.post(f"/resident/contracts/{signed['id']}/termination", end))
    day.statuses += [answer.status for answer in failed]
    assert failed[-1].status == 500, failed[-1].body
    with psycopg.connect(day.stack.urls.admin, autocommit=True) as link:
        link.execute(
            "UPDATE account SET phone_sealed = id_number_sealed FROM resident"
            " WHERE resident.id = resident_id"
        )
    assert scene.resident.get("/resident/me").status == 500


def log_files(day: Day) -> list[tuple[str, bytes]]:
    return [found for found in canary.files(day.state.logs) if not found[0].startswith("simulator")]


def test_the_day_was_a_day(day: Day) -> None:
    """Else nothing would have been searched."""
    assert day.failed == 0
    assert {400, 401, 404, 409, 422, 500} <= set(day.statuses), day.statuses
    logs = b"".join(text for _, text in log_files(day))
    assert logs.count(b'"event": "answered"') > 100
    assert b'"event": "unreadable"' in logs
    assert b"violates check constraint" in logs


def test_nothing_reaches_the_logs(day: Day) -> None:
    """Ours at DEBUG, the server's, and PostgreSQL's own."""
    assert day.canaries.seen(log_files(day)) == set()


def test_nothing_reaches_the_metrics(day: Day) -> None:
    with urlopen(f"{day.stack.api_url}/metrics") as answer:
        places = [("/metrics", answer.read()), *canary.files(day.state.folder / "metrics")]
    assert len(places) > 1
    assert day.canaries.seen(places) == set()


def test_nothing_reaches_the_cache(day: Day) -> None:
    if not day.stack.redis_url:
        pytest.skip("2026-11-23: no Redis on this machine")
    places = list(canary.cache(day.stack.redis_url))
    assert places
    assert day.canaries.seen(places) == set()


def test_nothing_reaches_the_journals(day: Day) -> None:
    assert day.canaries.seen(canary.files(day.state.folder / "journal"), but=["openid"]) == set()


def test_wechat_is_told_no_more_than_it_needs(day: Day) -> None:
    """It knows the openid; not the name, the numbers, what was measured or written."""
    assert eventually(day.stack.ledger.exists)
    assert day.canaries.seen(canary.files(day.stack.ledger), but=["openid"]) == set()


def test_a_dump_shows_each_value_only_where_it_is_kept(day: Day) -> None:
    """Nothing in events, deliveries, ticks, stored answers, messages; numbers and notes nowhere."""
    places = list(canary.tables(day.stack.urls.admin))
    assert {"event", "delivery", "tick", "idempotency", "message", "disclosure_rest"} <= {
        name for name, _ in places
    }
    assert day.canaries.seen(places) == set()
    kept = dict(places)
    assert NAME.encode() in kept["resident"]


def test_our_own_secrets_are_nowhere(day: Day) -> None:
    """Neither in a log nor in the database or the cache."""
    found = Canaries()
    for name, value in day.secrets.items():
        found.plant(name, value.rpartition(":")[2])
    for name in ("FIELD_KEYS", "INDEX_KEY"):
        key = base64.b64decode(day.secrets[name].rpartition(":")[2])
        found.plant(f"{name} bytes", key.hex())
    for secret in signing_secrets(day):
        found.plant("signing key", secret.hex())
        found.plant("signing key", base64.b64encode(secret).decode())
    places = [*log_files(day), *canary.tables(day.stack.urls.admin)]
    if day.stack.redis_url:
        places += canary.cache(day.stack.redis_url)
    assert found.seen(places) == set()


def signing_secrets(day: Day) -> list[bytes]:
    kid, _, key = day.secrets["FIELD_KEYS"].partition(":")
    ring = Keyring({kid: base64.b64decode(key)}, base64.b64decode(day.secrets["INDEX_KEY"]))
    place = PLACES["signing_key.key"]
    with psycopg.connect(day.stack.urls.admin) as link:
        rows = link.execute("SELECT kid, key_sealed FROM signing_key").fetchall()
    assert rows
    return [ring.unseal(sealed, place.of(name)) for name, sealed in rows]


@pytest.mark.parametrize("wrap", ["{}", '{{"x": "{}"}}', "https://x/?q={}", "0x{}"])
def test_the_search_finds_what_is_there(wrap: str, tmp_path: Path) -> None:
    """The negative control, in each form."""
    planted = Canaries()
    planted.plant("name", NAME, "resident")
    forms = planted.planted[0].forms
    assert len(forms) >= 4
    for form in forms:
        text = wrap.format(form.decode()).encode()
        assert planted.seen([("log", text)]) == {("log", "name")}
        assert planted.seen([("resident", text)]) == set()
    (tmp_path / "a.log").write_text(wrap.format(NAME))
    assert planted.seen(canary.files(tmp_path)) == {("a.log", "name")}
