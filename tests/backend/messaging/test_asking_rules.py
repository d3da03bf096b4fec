"""When to ask for which messages: at most three, what matters first, nobody nagged."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from backend.messaging.asking_rules import BECAUSE, Moment, Standing, because, to_ask

MOMENTS = st.none() | st.sampled_from(Moment)
STANDINGS = st.lists(
    st.builds(
        Standing,
        template_id=st.text("abcdefgh", min_size=1, max_size=2),
        balance=st.integers(0, 4),
        kept=st.integers(0, 4),
        planned=st.integers(0, 5),
        weight=st.integers(0, 9),
        moments=st.frozensets(st.sampled_from(Moment)),
        is_closed=st.booleans(),
    ),
    unique_by=lambda one: one.template_id,
    max_size=8,
)


@given(STANDINGS, MOMENTS)
def test_at_most_three_are_asked_and_none_in_vain(
    standings: Sequence[Standing], moment: Moment | None
) -> None:
    asked = to_ask(standings, moment)
    assert len(asked) == min(3, sum(one.needs_asking() for one in standings))
    assert not any(one.is_closed or one.balance >= one.kept for one in asked)
    assert all(0 < len(because(one, moment)) <= 20 for one in asked)


@given(STANDINGS, MOMENTS)
def test_what_suits_the_moment_comes_first_and_then_what_is_missed_most(
    standings: Sequence[Standing], moment: Moment | None
) -> None:
    asked = to_ask(standings, moment)
    suits = [moment in one.moments for one in asked]
    assert suits == sorted(suits, reverse=True)
    for of_moment in (True, False):
        weights = [
            one.weight if one.short else 0 for one in asked if (moment in one.moments) is of_moment
        ]
        assert weights == sorted(weights, reverse=True)


@given(STANDINGS, MOMENTS)
def test_the_order_of_the_catalogue_decides_nothing_that_matters(
    standings: list[Standing], moment: Moment | None
) -> None:
    other = list(reversed(standings))

    def ranks(found: Sequence[Standing]) -> list[tuple[bool, int, int]]:
        return [(moment in one.moments, one.weight if one.short else 0, one.short) for one in found]

    assert ranks(to_ask(standings, moment)) == ranks(to_ask(other, moment))


def test_the_reason_is_the_moments_or_what_is_to_come() -> None:
    booking = Standing("b", 0, 3, planned=2, weight=8, moments=frozenset({Moment.BOOKED}))
    assert because(booking, Moment.BOOKED) == BECAUSE[Moment.BOOKED]
    assert because(booking, Moment.SIGNED) == "接下来有 2 条提醒要用到"
    assert because(Standing("b", 0, 3), None) == BECAUSE[Moment.OPENED]
