"""A ledger that is told late, twice, out of order or not at all counts what happened, once."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from people import a_resident, by_itself
from sqlalchemy import select

from backend import identity
from backend.kernel.database import db
from backend.kernel.ids import new_id
from backend.messaging import credit_rules, ledger
from backend.messaging.credit_rules import ONE_TAP, Fact
from backend.messaging.models import Entry

BEGIN = datetime(2026, 11, 23, 1, tzinfo=UTC)
A, C, S, R, OFF = (
    Entry.ACCEPTED,
    Entry.CONFIRMED,
    Entry.SENT,
    Entry.REFUSED,
    Entry.SWITCHED_OFF,
)
T = "TPL"


def at(minutes: float) -> datetime:
    return BEGIN + timedelta(minutes=minutes)


def facts(*told: tuple[Entry, float]) -> list[Fact]:
    return [Fact(entry, at(minutes)) for entry, minutes in told]


@pytest.mark.parametrize(
    ("told", "left"),
    [
        ([], 0),
        ([(A, 0)], 1),
        ([(C, 0)], 1),
        ([(A, 1), (C, 0)], 1),
        ([(A, 0), (C, 9)], 1),
        ([(A, 0), (C, 11)], 2),
        ([(A, 0), (C, 0), (A, 30), (C, 30)], 2),
        ([(A, 0), (A, 8), (C, 5), (C, 16)], 2),
        ([(C, 0), (S, 5)], 0),
        ([(S, 5), (A, 6)], 1),
        ([(S, 0), (S, 1), (C, 2)], 1),
        ([(C, 0), (C, 20), (R, 30)], 0),
        ([(C, 0), (R, 30), (C, 40)], 1),
        ([(C, 0), (C, 20), (OFF, 30), (A, 60), (C, 60)], 1),
        ([(Entry.REJECTED, 0), (Entry.DECLINED, 0), (Entry.BANNED, 1), (Entry.FILTERED, 2)], 0),
    ],
)
def test_what_is_left(told: list[tuple[Entry, float]], left: int) -> None:
    for _ in range(5):
        random.Random(7).shuffle(told)
        assert credit_rules.left(facts(*told)) == left


def test_what_is_brought_forward_counts_as_many() -> None:
    brought = Fact(Entry.BROUGHT_FORWARD, at(0), 20)
    assert credit_rules.left([brought, *facts((S, 5), (A, 6), (C, 6))]) == 20
    assert credit_rules.left([brought, *facts((R, 5))]) == 0


@pytest.mark.parametrize(
    ("told", "left"),
    [
        ([(C, 0), (S, 5), (S, 6)], 1),
        ([(A, 0), (C, 0), (C, 60)], 1),
        ([(C, 0), (OFF, 5)], 0),
        ([(C, 0), (R, 5)], 0),
        ([(C, 0), (OFF, 5), (C, 6)], 1),
        ([(S, 5)], 0),
    ],
)
def test_a_long_term_template_is_agreed_to_or_not(
    told: list[tuple[Entry, float]], left: int
) -> None:
    assert credit_rules.left(facts(*told), is_long_term=True) == left


@pytest.mark.parametrize(
    ("told", "is_off"),
    [([], False), ([(OFF, 0)], True), ([(C, 0), (OFF, 1)], True), ([(OFF, 0), (A, 1)], False)],
)
def test_what_was_switched_off_stays_off_until_it_is_agreed_to(
    told: list[tuple[Entry, float]], is_off: bool
) -> None:
    assert credit_rules.is_off(facts(*told)) is is_off


# What really happened, hours apart: a tap (with or without its report and its event), a push, a
# refusal, a switch in the settings. A plain model counts it as it happens.
HAPPENED = st.lists(
    st.one_of(
        st.tuples(st.just("tap"), st.booleans(), st.booleans()),
        st.tuples(st.just("push"), st.just(True), st.just(True)),
        st.tuples(st.just("refused"), st.just(True), st.just(True)),
        st.tuples(st.just("off"), st.just(True), st.just(True)),
    ),
    max_size=8,
)
Story = Sequence[tuple[str, bool, bool]]


def modelled(story: Story) -> int:
    """How many are left, counted as it happens; a tap of which nobody tells is not known."""
    left = 0
    for what, is_reported, is_confirmed in story:
        if what == "tap":
            left += is_reported or is_confirmed
        else:
            left = max(0, left - 1) if what == "push" else 0
    return left


def written(story: Story) -> list[Fact]:
    """Everything that is ever written down of it."""
    kinds = {"push": S, "refused": R, "off": OFF}
    found = []
    for hour, (what, is_reported, is_confirmed) in enumerate(story):
        if what != "tap":
            found.append(Fact(kinds[what], at(60 * hour)))
        if what == "tap" and is_reported:
            found.append(Fact(A, at(60 * hour) + ONE_TAP))
        if what == "tap" and is_confirmed:
            found.append(Fact(C, at(60 * hour)))
    return found


@given(HAPPENED, st.randoms(use_true_random=False))
@settings(max_examples=100, deadline=None)
def test_whatever_the_order_what_happened_is_counted(story: Story, chance: random.Random) -> None:
    told = written(story)
    chance.shuffle(told)
    assert credit_rules.left(told) == modelled(story)


@given(st.lists(st.integers(0, 3000), max_size=9), st.lists(st.integers(0, 3000), max_size=9))
@settings(max_examples=100, deadline=None)
def test_as_many_as_possible_find_each_other(reports: list[int], events: list[int]) -> None:
    """However close taps are: the number is that of a largest matching, found by trying all."""
    found = list(
        credit_rules.taps(
            [BEGIN + timedelta(seconds=one) for one in reports],
            [BEGIN + timedelta(seconds=one) for one in events],
        )
    )
    assert len(found) == len(reports) + len(events) - _largest(sorted(reports), events)


def _largest(reports: list[int], events: list[int]) -> int:
    """Kuhn's algorithm over who lies near whom."""
    partner: dict[int, int] = {}

    def finds(report: int, tried: set[int]) -> bool:
        for number, event in enumerate(events):
            if abs(reports[report] - event) > ONE_TAP.total_seconds() or number in tried:
                continue
            tried.add(number)
            if number not in partner or finds(partner[number], tried):
                partner[number] = report
                return True
        return False

    return sum(finds(number, set()) for number in range(len(reports)))


def an_account() -> UUID:
    person = a_resident()
    found = select(identity.Account.id).where(identity.Account.resident_id == person.id)
    return db.session.execute(found).scalar_one()


class _Sent:
    """A message as the sender's statement gives it back."""

    def __init__(self, account_id: UUID) -> None:
        self.id, self.account_id, self.template_id = new_id(), account_id, T


@pytest.mark.usefixtures("app")
@given(story=HAPPENED, chance=st.randoms(use_true_random=False))
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
def test_the_ledger_says_so_whatever_comes_first_and_how_often(
    story: Story, chance: random.Random
) -> None:
    account, told = an_account(), [(new_id(), fact) for fact in written(story)]
    chance.shuffle(told)
    for source, fact in [*told, *chance.sample(told, len(told) // 2)]:
        row = _Sent(account)
        row.id = source
        if fact.entry is S:
            ledger.spend(fact.at, [row])  # type: ignore[list-item]
        elif fact.entry is R:
            ledger.void(fact.at, [row])  # type: ignore[list-item]
        else:
            ledger.enter(fact.at, account, source, {T: fact.entry})
    # The sums that pushes wrote without a lock become right with the next tap.
    ledger.enter(at(60 * 24 * 9), account, new_id(), {T: Entry.DECLINED})
    assert ledger.balances([account]).get((account, T), 0) == modelled(story)


def test_what_is_sent_is_written_down_where_nothing_was_known(app: object) -> None:
    """Else the event of a tap before it, coming late, would count as a message that is left."""
    account = an_account()
    ledger.spend(at(5), [_Sent(account)])  # type: ignore[list-item]
    ledger.enter(at(0), account, new_id(), {T: C})
    assert ledger.balances([account]) == {(account, T): 0}


def test_a_late_event_from_before_a_refusal_adds_nothing(app: object) -> None:
    account = an_account()
    ledger.void(at(5), [_Sent(account)])  # type: ignore[list-item]
    ledger.enter(at(0), account, new_id(), {T: C})
    ledger.enter(at(6), account, new_id(), {T: C})
    assert ledger.balances([account]) == {(account, T): 1}


def test_declined_are_reports_events_and_what_was_switched_off(app: object) -> None:
    account, ctx = an_account(), by_itself()
    for name, entry in [("one", Entry.DECLINED), ("two", Entry.REJECTED), ("three", OFF)]:
        ledger.enter(ctx.at - timedelta(days=3), account, new_id(), {name: entry})
    assert ledger.declined(account, ctx.at - timedelta(days=7)) == {"one", "two", "three"}
    assert ledger.declined(account, ctx.at - timedelta(days=1)) == {"three"}
    ledger.enter(ctx.at, account, new_id(), {"three": C})
    assert ledger.declined(account, ctx.at - timedelta(days=1)) == set()
