"""Over every route of the staff: an answer that holds a resident's id, name or number is logged.

The bodies are read by searching for what is known of the residents, not by what the product says.
"""

import random
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from audit_builders import an_emergency
from clinic_builders import a_roster, a_session
from conftest import MORNING, environment
from contract_builders import a_contract, an_application
from databases import own
from flask import Flask
from people import a_member_of_staff, a_resident, by, by_itself, headers_of
from prescription_builders import Surgery
from sqlalchemy import select, update
from staffing_builders import a_consortium

from backend import clinics, followups, identity, network
from backend.assembly import release
from backend.kernel.clock import FixedClock
from backend.kernel.context import Role
from backend.kernel.database import db
from backend.kernel.disclosures import disclosure
from backend.kernel.ids import new_id
from backend.kernel.relations import Kind, Kinship, relate
from backend.kernel.transaction import transaction
from config.settings import Settings
from miniapp_api.application import create_app

FAST, FULL = 600, 10_000
STAFF_AUDIENCES = ("/api/v1/doctor/", "/api/v1/manager/", "/api/v1/staff/", "/api/v1/auditor/")
BODIES: dict[str, Any] = {
    "acknowledgement": None,
    "result": {"way": 1, "systolic": 128, "diastolic": 82},
    "attempt": {"obstacle": "not_reached", "way": 3},
    "enrolments": {"diagnosed_on": "2020-05-06"},
    "acceptance": None,
    "refusal": {"because": "居住地不在本团队服务范围", "reason": "请先面诊"},
    "review": {"note": "属实"},
    "return": {"reason": "请核对剂量"},
}


@dataclass
class World:
    """Residents, those who may know of some of them, and the ids that paths may name."""

    residents: dict[UUID, str] = field(default_factory=dict)
    people: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    ids: dict[str, list[UUID]] = field(default_factory=dict)

    def note(self, name: str, value: UUID) -> None:
        self.ids.setdefault(name, []).append(value)

    def hire(self, audience: str, *people: identity.Staff) -> None:
        self.people.setdefault(audience, []).extend(headers_of(person) for person in people)

    def somebody(self, path: str, chance: random.Random) -> dict[str, str]:
        """Mostly of the audience that the path is for."""
        meant = self.people.get(path.split("/")[3], [])
        everybody = [headers for some in self.people.values() for headers in some]
        return chance.choice(meant if meant and chance.random() < 0.9 else everybody)


# Names that occur nowhere else in any answer.
NAMES = [f"{family}{given}某人" for family in "赵钱孙李周吴郑王" for given in ("甲", "乙")]


def a_world() -> World:
    """Four houses that work as one."""
    world, names = World(), iter(NAMES)
    for _ in range(4):
        _a_house(world, names)
    (lead,) = a_consortium("牵头医院")
    db.session.execute(update(network.Institution).values(consortium_id=lead.consortium_id))
    world.hire("auditor", a_member_of_staff(Role.AUDITOR, "审计员", lead.id))
    return world


def _a_house(world: World, names: Iterator[str]) -> None:
    surgery = Surgery(resident=a_resident(next(names)))
    neighbour, applicant, stranger = (a_resident(next(names)) for _ in range(3))
    doctor = by(surgery.doctor)
    a_contract(surgery.team, surgery.resident)
    visit = followups.enrol(doctor, surgery.resident, by_itself().today)
    asked = surgery.requested()
    application = an_application(surgery.team, applicant)
    roster = a_roster(surgery.centre)
    session = a_session(roster)
    for person in (surgery.resident, neighbour):
        world.note("booking_id", clinics.book(by(person), session.id).id)
    opened = an_emergency(surgery.doctor, stranger)
    for resident in (surgery.resident, neighbour, applicant, stranger):
        world.residents[resident.id] = resident.name
        world.note("resident_id", resident.id)
    for name, row in {
        "followup_id": visit,
        "prescription_id": asked,
        "contract_id": application,
        "session_id": session,
        "roster_id": roster,
        "access_id": opened,
        "team_id": surgery.team,
    }.items():
        world.note(name, row.id)
    expert = db.session.get_one(identity.Staff, roster.expert_id)
    world.hire("doctor", surgery.doctor, surgery.pharmacist, expert)
    world.hire("manager", a_member_of_staff(Role.MANAGER, "管理员", surgery.centre.id))


@pytest.fixture(scope="module")
def live(
    template: str, worker: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Flask, World]]:
    with own(template, f"jiayi_disclosed_{worker}") as address:
        settings = Settings.from_env(environment(address, tmp_path_factory.mktemp("journal")))
        app = create_app(settings, FixedClock(MORNING))
        with app.app_context():
            try:
                with transaction():
                    world = a_world()
                db.session.remove()
                yield app, world
            finally:
                db.session.remove()
                release(app)


def asks(app: Flask, world: World, chance: random.Random) -> Iterator[tuple[str, str, Any]]:
    """One request after another to any route of the staff, mostly for what exists."""
    rules = [
        (rule, method)
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith(STAFF_AUDIENCES) and "/me/" not in rule.rule
        for method in sorted((rule.methods or set()) & {"GET", "POST"})
        # What changes the world for good is asked for less often than what shows it.
        for _ in range(6 if method == "GET" else 1)
    ]
    while True:
        rule, method = chance.choice(rules)
        named = {name: chance.choice(world.ids.get(name, [UUID(int=1)])) for name in rule.arguments}
        path = app.url_map.bind("").build(rule.endpoint, named, method=method)
        body = BODIES.get(path.rpartition("/")[2], {}) if method == "POST" else None
        yield method, path, body


def named_in(body: str, world: World) -> set[UUID]:
    """Whom a body names, by id or by name."""
    return {
        resident
        for resident, name in world.residents.items()
        if str(resident) in body or name in body
    }


@dataclass
class Log:
    """What was written since it was last asked for."""

    latest: datetime = datetime(2000, 1, 1, tzinfo=UTC)

    def new(self) -> list[Any]:
        since = select(disclosure).where(disclosure.c.recorded_at > self.latest)
        rows = list(db.session.execute(since))
        db.session.rollback()
        self.latest = max([self.latest, *(row.recorded_at for row in rows)])
        return rows


@dataclass(frozen=True)
class Answer:
    """What one request was answered."""

    path: str
    status: int
    shown: set[UUID]


def judged(answer: Answer, rows: list[Any]) -> str | None:
    """What is wrong between an answer and the log."""
    logged = {resident for row in rows for resident in row.resident_ids}
    if len(rows) > 1:
        return f"{answer.path}: {len(rows)} rows for one answer"
    if answer.shown - logged:
        return f"{answer.path} ({answer.status}) shows {answer.shown - logged} unlogged"
    if answer.shown and logged - answer.shown:
        return f"{answer.path} logs {logged - answer.shown} who are not shown"
    return None


def test_no_answer_shows_a_resident_unlogged(
    live: tuple[Flask, World], request: pytest.FixtureRequest
) -> None:
    app, world = live
    wanted = FULL if request.config.getoption("--full") else FAST
    chance, log, statuses, showing = random.Random(20261123), Log(), Counter[int](), 0
    log.new()
    client, wrong = app.test_client(), []
    requests = asks(app, world, chance)
    for _ in range(wanted):
        method, path, body = next(requests)
        keyed = {"Idempotency-Key": f"key-{chance.randrange(wanted // 8):08}"}
        headers = {**world.somebody(path, chance), **(keyed if method == "POST" else {})}
        answer = client.open(path, method=method, json=body, headers=headers)
        db.session.remove()
        statuses[answer.status_code] += 1
        asks_wechat = path.endswith("/code") and answer.status_code == 503
        assert answer.status_code < 500 or asks_wechat, (method, path, answer.text)
        # Codes on doors are pictures.
        shown = named_in(answer.get_data().decode(errors="replace"), world)
        showing += bool(shown)
        found = judged(Answer(path, answer.status_code, shown), log.new())
        wrong += [found] if found else []
    assert wrong == []
    assert showing > wanted // 20, statuses
    assert statuses[200] > wanted // 4, statuses


def test_no_answer_to_a_family_member_goes_unlogged(live: tuple[Flask, World]) -> None:
    app, world = live
    with transaction():
        mother = world.ids["resident_id"][0]
        son = a_resident("他的儿子")
        relate(
            by_itself(),
            mother,
            son.id,
            Kind.PROXY,
            source_id=new_id(),
            scope="book,results,sign,reminders",
            kinship=Kinship.SON,
        )
        headers = headers_of(son) | {"Jiayi-Person": str(mother)}
    log, client, answered = Log(), app.test_client(), 0
    log.new()
    for rule in app.url_map.iter_rules():
        about = re.match(r"/api/v1/resident/(?!me|subscriptions)", rule.rule)
        if not about or rule.arguments or "GET" not in (rule.methods or set()):
            continue
        answer = client.get(rule.rule, headers=headers)
        db.session.remove()
        if answer.status_code == 200:
            answered += 1
            assert [row.resident_ids for row in log.new()] == [[mother]], rule.rule
        else:
            log.new()
    assert answered >= 4


def test_the_search_would_notice_one_that_is_not(live: tuple[Flask, World]) -> None:
    """The negative control: an answer with nothing in the log is named."""
    _, world = live
    resident, name = next(iter(world.residents.items()))
    shown = named_in(f'{{"name": "{name}"}}', world)
    assert shown == {resident}
    assert judged(Answer("/x", 200, shown), []) is not None
