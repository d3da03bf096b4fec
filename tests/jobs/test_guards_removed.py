"""Negative controls of the chaos: a guard taken away, and the same judge must find something."""

from collections.abc import Callable

import pytest
from people import a_member_of_staff, a_resident
from processes import eventually
from sending import Outside

from backend import identity
from backend.kernel.context import Role
from backend.kernel.transaction import transaction
from backend.messaging import catalogue
from tools.chaos import books, controls
from tools.chaos.judge import Verdict, judge
from tools.chaos.load import People, Plan, Planner, Somebody
from tools.chaos.striking import SEND

# Claims of one moment overlap for certain.
DAWDLE = """
CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS
  'BEGIN PERFORM pg_sleep(0.04); RETURN NEW; END';
CREATE TRIGGER dawdle BEFORE UPDATE ON message FOR EACH ROW
  WHEN (NEW.state = 'sending') EXECUTE FUNCTION dawdle()"""


def plan(world: Outside, chunks: int = 10) -> Plan:
    """Two planners queue the same, for a few people who agreed to everything."""
    with world.app.app_context(), transaction():
        residents = [a_resident() for _ in range(4)]
        doctor = a_member_of_staff(Role.DOCTOR)
        people = People(
            [Somebody(one.id, identity.openid_of_resident(one.id) or "") for one in residents],
            [Somebody(doctor.id, identity.openid_of_staff(doctor.id) or "")],
        )
    openids = [one.openid for one in (*people.residents, *people.staff)]
    world.simulator.control("POST", "users", [{"openid": openid} for openid in openids])
    everything = [template.id for template in catalogue().template.values()]
    popup = {"template_ids": everything, "answer": "accept", "times": 1000}
    world.simulator.control("POST", "popups", [{"openid": one, **popup} for one in openids])
    made = Plan(7, people, per_s=1000)
    planners = [Planner(app, made) for app in (world.assemble(), world.assemble())]
    for planner in planners:
        planner.start()
    assert eventually(lambda: made.reached >= chunks, 20)
    made.over.set()
    for planner in planners:
        planner.join(10)
    return made


def verdict(world: Outside, made: Plan) -> Verdict:
    """What the judge says now."""
    lines = [books.line_of(told) for told in world.simulator.messages()]
    return judge(books.read_rows(world.database_url), lines, made.wanted(), [])


def collisions(world: Outside) -> int:
    """Calls that were under way for somebody to whom another already was."""
    calls = world.simulator.control("GET", "stats")["calls"]
    return int(calls.get(SEND, {}).get("43108", 0))


def drained(world: Outside) -> bool:
    """Whether nothing is due any more."""
    return eventually(
        lambda: all(row.is_final or not row.is_due for row in books.read_rows(world.database_url)),
        20,
    )


def test_with_every_guard_the_books_agree(world: Outside) -> None:
    world.administer(DAWDLE)
    for _ in range(2):
        world.start()
    made = plan(world)
    assert drained(world)
    found = verdict(world, made)
    assert found.reconciles
    assert found.deliveries > 5
    assert (found.lost, found.doubled, found.limbo, found.contradicted) == ([], [], [], [])
    assert collisions(world) == 0


@pytest.mark.parametrize(
    ("guard", "latency", "finds"),
    [
        ("lease", 0.05, lambda world, made: verdict(world, made).doubled),
        ("unique", 0.0, lambda world, made: verdict(world, made).doubled),
        ("in-flight", 0.5, lambda world, _made: collisions(world)),
    ],
    ids=["lease: doubled", "unique: doubled", "in-flight: two at once"],
)
def test_without_one_the_judge_finds_it(
    world: Outside, guard: str, latency: float, finds: Callable[[Outside, Plan], object]
) -> None:
    world.administer(controls.WITHOUT[guard])
    world.administer(DAWDLE)
    world.simulator.control("POST", "latency", {"seconds": latency})
    made = plan(world)
    # At night too, and both senders find all of it at once.
    world.sql("UPDATE message SET urgent = true, due_at = now(), next_at = now() + '1 s'")
    for _ in range(2):
        world.start()
    assert eventually(lambda: bool(finds(world, made)), 20)
