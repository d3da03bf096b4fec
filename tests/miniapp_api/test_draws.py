"""Draws over HTTP: what one sees of one's own part, and the recipe that checks the rest."""

import re
from collections.abc import Callable, Sequence
from typing import Any
from uuid import uuid4

import pytest
from conftest import FixedClock
from lottery_builders import a_lottery, closed, drawn, joined, opened
from people import Http, a_resident, by_itself
from sqlalchemy import insert

from backend import clinics
from backend.clinics.lottery_models import LotteryTicket
from backend.kernel.database import db
from backend.kernel.ids import new_id
from config.settings import ROOT

Check = Callable[[Any, Any], Sequence[str]]


@pytest.fixture(scope="module")
def recipe() -> Check:
    """The function that the page tells people to run."""
    page = (ROOT / "docs" / "lottery.md").read_text("utf-8")
    found = re.search(r"```python\n(.*?)```", page, re.DOTALL)
    assert found
    names: dict[str, Any] = {"__name__": "recipe"}
    exec(found[1], names)
    check: Check = names["check"]
    return check


def published(http: Http, draw: clinics.Draw, size: int = 4) -> tuple[Any, list[Any]]:
    """The draw and its tickets, as the recipe fetches them."""
    base = f"/open/clinics/sessions/{draw.session_id}/draw"
    tickets, after = [], ""
    while after is not None:
        page = http("GET", f"{base}/tickets?limit={size}{after and '&after=' + after}").json
        tickets, after = tickets + page["items"], page["next"]
    return http("GET", base).json, tickets


def a_held_draw(clock: FixedClock, people: int = 9) -> clinics.Draw:
    draw = opened(clock, a_lottery(capacity=3))
    joined(draw, *(a_resident(f"居民{n}") for n in range(people)))
    return drawn(clock, draw)


def test_anybody_recomputes_the_draw_from_its_published_seed(
    http: Http, clock: FixedClock, recipe: Check
) -> None:
    draw, tickets = published(http, a_held_draw(clock))
    assert recipe(draw, tickets) == []
    assert len(tickets) == draw["entries"] == 9
    assert [one["outcome"] for one in tickets].count("won") == 3


def changed_seed(draw: Any, tickets: Any) -> None:
    draw["seed"] = "0" * 64


def changed_commitment(draw: Any, tickets: Any) -> None:
    draw["commitment"] = "0" * 64


def added_ticket(draw: Any, tickets: Any) -> None:
    tickets.append({**tickets[0], "ticket": str(uuid4()), "rank": len(tickets) + 1})


def removed_ticket(draw: Any, tickets: Any) -> None:
    tickets.pop()


def changed_class(draw: Any, tickets: Any) -> None:
    tickets[0]["priority"] = 0


def swapped_ranks(draw: Any, tickets: Any) -> None:
    one, other = tickets[:2]
    one["rank"], other["rank"] = other["rank"], one["rank"]


def given_to_another(draw: Any, tickets: Any) -> None:
    first, *_, last = sorted(tickets, key=lambda one: one["rank"])
    first["outcome"], last["outcome"] = last["outcome"], first["outcome"]


@pytest.mark.parametrize(
    "tamper",
    [
        changed_seed,
        changed_commitment,
        added_ticket,
        removed_ticket,
        changed_class,
        swapped_ranks,
        given_to_another,
    ],
)
def test_the_recipe_notices_what_was_changed(
    http: Http, clock: FixedClock, recipe: Check, tamper: Callable[[Any, Any], None]
) -> None:
    draw, tickets = published(http, a_held_draw(clock, people=4))
    tamper(draw, tickets)
    assert recipe(draw, tickets)


def test_a_ticket_put_in_after_the_close_voids_the_draw(http: Http, clock: FixedClock) -> None:
    draw = opened(clock, a_lottery())
    joined(draw, a_resident())
    closed(clock, draw)
    added = {"id": new_id(), "draw_id": draw.id, "ticket": uuid4(), "priority": 0}
    db.session.execute(insert(LotteryTicket).values(added))
    clock.at = draw.draws_at
    clinics.hold_draw(by_itself(), draw.id)
    told, tickets = published(http, draw)
    assert (told["state"], told["seed"]) == ("void", None)
    assert {one["outcome"] for one in tickets} == {None}


def test_before_the_close_nobody_sees_who_or_how_many(http: Http, clock: FixedClock) -> None:
    draw = opened(clock, a_lottery())
    joined(draw, a_resident())
    told, tickets = published(http, draw)
    assert (told["state"], told["entries"], told["digest"], told["seed"]) == ("open", *[None] * 3)
    assert tickets == []
    assert closed(clock, draw).state == "closed"
    told, tickets = published(http, draw)
    assert (told["entries"], told["seed"], tickets[0]["rank"]) == (1, None, None)


def test_the_public_list_names_nobody_and_no_hour(http: Http, clock: FixedClock) -> None:
    _, tickets = published(http, a_held_draw(clock, people=2))
    assert {name for one in tickets for name in one} == {"ticket", "priority", "rank", "outcome"}


def test_one_joins_sees_the_own_part_and_leaves(http: Http, clock: FixedClock) -> None:
    draw, person = opened(clock, a_lottery()), a_resident()
    told = {"session_id": str(draw.session_id)}
    answer = http("POST", "/resident/draw-entries", person, json=told)
    assert answer.status_code == 201
    entry = answer.json
    assert (entry["priority"], entry["reason"], entry["may_leave"]) == (2, "普通顺序", True)
    assert entry["draw"]["commitment"] == draw.commitment
    again = http("POST", "/resident/draw-entries", person, json=told)
    assert (again.status_code, again.json["type"][18:]) == (409, "already-joined")
    listed = http("GET", "/resident/draw-entries", person).json["items"]
    assert [one["ticket"] for one in listed] == [entry["ticket"]]
    path = f"/resident/draw-entries/{entry['id']}"
    assert http("POST", f"{path}/withdrawal", person).json["left_at"] is not None
    assert http("GET", path, person).json["may_leave"] is False
    assert http("GET", path, a_resident("陈邻居")).status_code == 404


def test_who_won_finds_the_booking(http: Http, clock: FixedClock) -> None:
    draw, person = opened(clock, a_lottery()), a_resident()
    (entry,) = joined(draw, person)
    drawn(clock, draw)
    told = http("GET", f"/resident/draw-entries/{entry.id}", person).json
    assert (told["outcome"], told["rank"]) == ("won", 1)
    booking = http("GET", f"/resident/bookings/{told['booking_id']}", person).json
    assert (booking["origin"], booking["state"]) == ("lottery", "booked")


def test_a_session_without_a_draw_has_none(http: Http) -> None:
    assert http("GET", f"/open/clinics/sessions/{new_id()}/draw").status_code == 404
