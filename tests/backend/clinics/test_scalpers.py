"""黄牛: 200 accounts of 40 verified people who sell seats by handing them over at agreed seconds.

Everybody wants every session. The ring joins with each account, and books again and again; what it
wins it gives back at an agreed second, at which a buyer of its asks for it, and goes on asking.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from random import Random
from uuid import UUID

import pytest
from clinic_builders import a_roster, a_session, an_expert
from clinic_builders import at as day_at
from clinic_database import acting
from conftest import MORNING, FixedClock
from people import by_itself
from sqlalchemy import select

from backend import clinics
from backend.clinics import giving_back, lottery_service
from backend.clinics.models import Booking, Seat
from backend.clinics.rules import policy_of
from backend.kernel import entry
from backend.kernel.database import db
from backend.kernel.errors import Refusal

MOST = 1.5


@dataclass(frozen=True)
class Size:
    people: int
    accounts: int
    ordinary: int
    buyers: int
    sessions: int
    seats: int


FAST = Size(people=4, accounts=5, ordinary=24, buyers=4, sessions=3, seats=10)
FULL = Size(people=40, accounts=5, ordinary=240, buyers=40, sessions=5, seats=20)


@dataclass
class Ring:
    """A ring among ordinary people; `knows_people`: an account counts for its person."""

    size: Size
    chance: Random
    clock: FixedClock
    knows_people: bool = True
    members: list[UUID] = field(default_factory=list)
    ordinary: list[UUID] = field(default_factory=list)
    buyers: list[UUID] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.members = self._people(self.size.people)
        self.ordinary = self._people(self.size.ordinary)
        self.buyers = self._people(self.size.buyers)
        accounts = self.size.accounts
        if not self.knows_people:
            self.members, accounts = self._people(self.size.people * accounts), 1
        self.phones = [one for one in self.members for _ in range(accounts)]

    def _people(self, many: int) -> list[UUID]:
        return [UUID(int=self.chance.getrandbits(128), version=4) for _ in range(many)]

    @property
    def fair_share(self) -> float:
        """What as many people would get if everybody had the same."""
        size = self.size
        everybody = size.people + size.ordinary + size.buyers
        return size.sessions * size.seats * size.people / everybody

    @property
    def gain(self) -> int:
        """Seats that the ring holds or has sold."""
        theirs = select(Booking.id).where(Booking.resident_id.in_([*self.members, *self.buyers]))
        return len(db.session.execute(theirs.where(Booking.ended_at.is_(None))).all())

    def shuffled(self, *crowds: Sequence[UUID]) -> list[UUID]:
        everybody = [one for crowd in crowds for one in crowd]
        self.chance.shuffle(everybody)
        return everybody


def tried(act: Callable[[], object]) -> bool:
    try:
        with db.session.begin_nested():
            act()
    except Refusal:
        return False
    return True


def books(person: UUID, session: UUID) -> bool:
    return tried(lambda: clinics.book(acting(person), session))


@pytest.fixture
def sized(request: pytest.FixtureRequest) -> Size:
    return FULL if request.config.getoption("--full") else FAST


@pytest.fixture
def seeded(monkeypatch: pytest.MonkeyPatch) -> Random:
    """Every chance of the product comes from here."""
    chance = Random(20261123)
    monkeypatch.setattr(giving_back, "_CHANCE", chance)
    monkeypatch.setattr(lottery_service.secrets, "token_bytes", chance.randbytes)
    monkeypatch.setattr(
        lottery_service, "uuid4", lambda: UUID(int=chance.getrandbits(128), version=4)
    )
    return chance


def sessions(size: Size) -> Iterator[UUID]:
    """Scarce sessions on days that follow one another, whose seats are drawn."""
    roster = a_roster(expert=an_expert())
    for day in range(size.sessions):
        begins = day_at(MORNING, days=14 + day, hour=9)
        session = a_session(roster, starts_at=begins, capacity=size.seats)
        session.allocation = clinics.Allocation.LOTTERY
        db.session.flush()
        clinics.announce_draw(by_itself(), session.id)
        yield session.id


def drawn(ring: Ring, session: UUID) -> None:
    """Everybody joins, the ring with each account; then the draw."""
    draw = clinics.draw(by_itself(), session)
    ring.clock.at = max(draw.opens_at, ring.clock.at)
    for person in ring.shuffled(ring.phones, ring.ordinary):
        tried(
            lambda who=person: clinics.join_draw(  # type: ignore[misc]
                acting(who), session, wants_waiting=False
            )
        )
    ring.clock.at = draw.closes_at
    clinics.close_list(by_itself(), draw.id)
    ring.clock.at = draw.draws_at
    clinics.hold_draw(by_itself(), draw.id)
    ring.clock.at = draw.rest_at


def handed_over(ring: Ring, session: UUID) -> int:
    """The ring gives back what it has, one seat a minute; how many."""
    own = Booking.resident_id.in_(ring.members) & (Booking.session_id == session)
    live = select(Booking.id, Booking.resident_id).where(own, Booking.ended_at.is_(None))
    held = db.session.execute(live).all()
    for booking, person in held:
        ring.clock.at += timedelta(minutes=1)
        ctx = acting(person)
        clinics.cancel(ctx, clinics.hold(ctx, booking))
        at_the_agreed_second(ring, session)
    for _ in range(24):
        ring.clock.at += timedelta(minutes=5)
        whoever_is_first(ring, session)
    return len(held)


def gone_through(ring: Ring) -> list[int]:
    """Each session is drawn and its seats handed over; how many were given back in each."""
    given = []
    for session in list(sessions(ring.size)):
        drawn(ring, session)
        given.append(handed_over(ring, session))
    return given


def at_the_agreed_second(ring: Ring, session: UUID) -> None:
    """A buyer asks, again and again, and nobody else knows that there is anything."""
    for buyer in ring.buyers:
        if books(buyer, session):
            return


def whoever_is_first(ring: Ring, session: UUID) -> None:
    """Ordinary people look now and then, the ring and its buyers all the time."""
    for person in ring.shuffled(ring.phones, ring.buyers, ring.ordinary):
        if not is_any_released(session):
            return
        books(person, session)


def is_any_released(session: UUID) -> bool:
    """Nobody is asked to try what everybody would be refused."""
    free = (Seat.session_id == session) & Seat.is_free & (Seat.releases_at <= entry.moment())
    return db.session.execute(select(Seat.id).where(free).limit(1)).first() is not None


def without_delay(app: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is given back is there at once."""
    region = entry.now().region
    policy = replace(policy_of(region), return_delay_minutes=(0, 0))
    monkeypatch.setitem(region._shaped, ("clinics", type(policy)), policy)


def test_a_ring_gets_about_its_fair_share(
    app: object, clock: FixedClock, sized: Size, seeded: Random
) -> None:
    ring = Ring(sized, seeded, clock)
    assert sum(gone_through(ring)) > 0
    assert ring.gain <= MOST * ring.fair_share


def test_where_accounts_count_and_seats_come_back_at_once_it_gets_far_more(
    app: object, clock: FixedClock, sized: Size, seeded: Random, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control: neither limits per person nor the delay."""
    without_delay(app, monkeypatch)
    ring = Ring(sized, seeded, clock, knows_people=False)
    assert sum(gone_through(ring)) > 0
    assert ring.gain > MOST * ring.fair_share


def sold(ring: Ring) -> tuple[int, int]:
    """Of one session whose seats the ring has: how many it gave back, and how many were sold."""
    session = a_session(starts_at=day_at(MORNING, days=3, hour=9), capacity=ring.size.seats)
    session.is_scarce = True
    for person in ring._people(ring.size.seats):
        ring.members.append(person)
        assert books(person, session.id)
    ring.phones = []
    given = handed_over(ring, session.id)
    bought = select(Booking.id).where(Booking.resident_id.in_(ring.buyers))
    return given, len(db.session.execute(bought.where(Booking.ended_at.is_(None))).all())


SALE = Size(people=0, accounts=0, ordinary=40, buyers=10, sessions=1, seats=20)


def test_whoever_pays_for_a_seat_has_no_better_chance_than_anybody(
    app: object, clock: FixedClock, seeded: Random
) -> None:
    given, bought = sold(Ring(SALE, seeded, clock))
    assert given == SALE.seats
    assert bought <= MOST * given * SALE.buyers / (SALE.buyers + SALE.ordinary)


def test_without_the_delay_every_seat_is_handed_over(
    app: object, clock: FixedClock, seeded: Random, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control."""
    without_delay(app, monkeypatch)
    assert sold(Ring(SALE, seeded, clock)) == (SALE.seats, SALE.buyers)
