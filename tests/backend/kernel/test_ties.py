"""Who may: the decision as a table, and what no role can hold whatever it claims."""

from datetime import UTC, datetime
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.kernel.context import (
    CLINICAL,
    NOBODY,
    STAFF,
    Actor,
    Context,
    Kinship,
    Proxy,
    Role,
    Scope,
)
from backend.kernel.errors import ConsentNeeded, IdentityNeeded, NotForProxies, ScopeNeeded
from backend.kernel.ids import new_id
from backend.kernel.regions import Region
from backend.kernel.ties import (
    FAMILY,
    HOLDERS,
    NONE,
    PERSONAL,
    SIGHT_ONLY,
    Sight,
    Tie,
    admits,
    allows,
    decide,
    everything,
    in_house,
    of_person,
    possible,
    standing,
)

AT = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)
PERSON, HOUSE = new_id(), new_id()
REGION = Region.load("huzhou")


def acting(role: Role, **facts: Any) -> Context:
    houses = facts.pop("houses", frozenset())
    return Context(Actor(new_id(), role, houses=houses), AT, REGION, **facts)


def family(*scopes: Scope, is_guardian: bool = False) -> Context:
    proxy = Proxy(new_id(), Kinship.SON, frozenset(scopes), is_guardian)
    return acting(Role.RESIDENT, resident=PERSON, proxy=proxy, consent="1")


ONESELF = acting(Role.RESIDENT, resident=PERSON, consent="1")


@pytest.mark.parametrize(
    ("held", "sufficient", "may"),
    [
        (set(), set(), False),
        (set(), {Tie.SELF}, False),
        ({Tie.SELF}, set(), False),
        ({Tie.SELF}, {Tie.SELF}, True),
        ({Tie.SELF}, {Tie.PROXY}, False),
        ({Tie.PROXY}, {Tie.SELF, Tie.PROXY}, True),
        ({Tie.SAME_TEAM, Tie.EMERGENCY}, {Tie.SIGNED_DOCTOR}, False),
        ({Tie.SAME_TEAM, Tie.SIGNED_DOCTOR}, {Tie.SIGNED_DOCTOR}, True),
        ({Tie.EMERGENCY}, set(Tie) - {Tie.EMERGENCY}, False),
        (set(Tie), set(), False),
    ],
)
def test_a_decision_needs_a_tie_that_suffices(
    held: set[Tie], sufficient: set[Tie], may: bool
) -> None:
    assert decide(frozenset(held), frozenset(sufficient)) is may


def test_every_tie_says_who_may_hold_it() -> None:
    assert set(HOLDERS) == set(Tie)
    assert all(roles <= set(Role) for roles in HOLDERS.values())
    assert {Role.RESIDENT} == HOLDERS[Tie.SELF] == HOLDERS[Tie.PROXY] == HOLDERS[Tie.GUARDIAN]
    assert not HOLDERS[Tie.SAME_TEAM] - CLINICAL
    assert not HOLDERS[Tie.STAFF] - STAFF


def test_an_auditor_holds_nothing_that_any_feature_asks_for() -> None:
    assert possible(acting(Role.AUDITOR)) == {Tie.AUDITOR, Tie.STAFF, Tie.ACCOUNT, Tie.ANYONE}


def test_somebody_without_a_role_holds_what_everybody_holds() -> None:
    assert possible(acting(Role.ANYONE)) == {Tie.ANYONE}


def test_one_acts_as_oneself_or_as_family_never_as_both() -> None:
    assert possible(ONESELF) & PERSONAL == {Tie.SELF}
    assert possible(family()) & PERSONAL == {Tie.PROXY}
    assert possible(family(is_guardian=True)) & PERSONAL == {Tie.GUARDIAN}


@pytest.mark.parametrize("tie", sorted(SIGHT_ONLY))
def test_nobody_acts_by_what_only_looks(tie: Tie) -> None:
    with pytest.raises(ValueError, match=tie):
        allows(lambda _ctx, _row: NONE, Tie.SELF, tie)


def test_family_never_acts_without_a_scope() -> None:
    with pytest.raises(ValueError, match="scope"):
        admits(Tie.SELF, Tie.PROXY)


@given(
    role=st.sampled_from(Role),
    claimed=st.frozensets(st.sampled_from(Tie)),
    sufficient=st.frozensets(st.sampled_from(sorted(set(Tie) - SIGHT_ONLY - FAMILY))),
)
def test_what_a_role_cannot_hold_opens_nothing_whatever_a_feature_claims(
    role: Role, claimed: frozenset[Tie], sufficient: frozenset[Tie]
) -> None:
    may: Any = allows(lambda _ctx, _row: claimed, *sufficient)
    ctx = acting(role, resident=PERSON if role is Role.RESIDENT else None, consent="1")
    held = {tie for tie in claimed & sufficient if role in HOLDERS[tie]}
    assert may(ctx, None) is bool(held)
    assert not may(ctx, None) or held


@given(role=st.sampled_from(Role), only=st.frozensets(st.sampled_from(Role)))
def test_an_act_may_narrow_who_holds_a_tie_and_never_widen_it(
    role: Role, only: frozenset[Role]
) -> None:
    may: Any = allows(lambda _ctx, _row: frozenset(Tie), Tie.SAME_TEAM, only={Tie.SAME_TEAM: only})
    ctx = acting(role, resident=PERSON, consent="1")
    assert may(ctx, None) is (role in only and role in CLINICAL)


def grant(scope: Scope) -> Any:
    return allows(lambda ctx, _row: possible(ctx), *PERSONAL, scope=scope)


@pytest.mark.parametrize(("allowed", "asked"), list(product(Scope, Scope)))
def test_family_members_do_what_they_were_allowed_and_are_told_what_is_missing(
    allowed: Scope, asked: Scope
) -> None:
    if allowed is asked:
        assert grant(asked)(family(allowed), None)
        assert admits(*PERSONAL, scope=asked)(family(allowed))
        return
    with pytest.raises(ScopeNeeded):
        grant(asked)(family(allowed), None)
    with pytest.raises(ScopeNeeded):
        admits(*PERSONAL, scope=asked)(family(allowed))


def test_what_is_for_the_person_alone_says_so_to_family() -> None:
    alone: Any = allows(lambda ctx, _row: possible(ctx), Tie.SELF)
    assert alone(ONESELF, None)
    with pytest.raises(NotForProxies):
        alone(family(*Scope), None)


def test_family_without_a_tie_to_the_row_is_refused_like_a_stranger() -> None:
    may: Any = allows(lambda _ctx, _row: NONE, Tie.SELF, Tie.PROXY, scope=Scope.BOOK)
    assert not may(family(*Scope), None)


def test_a_beginning_tells_the_visitor_which_step_is_missing() -> None:
    begin = admits(*PERSONAL, scope=Scope.BOOK)
    with pytest.raises(IdentityNeeded):
        begin(acting(Role.RESIDENT))
    with pytest.raises(ConsentNeeded):
        begin(acting(Role.RESIDENT, resident=PERSON))
    assert not begin(acting(Role.DOCTOR))


def test_a_house_is_managed_by_whom_it_was_given_to() -> None:
    mine = frozenset({HOUSE})
    assert in_house(acting(Role.MANAGER, houses=mine), HOUSE) == {Tie.INSTITUTION}
    assert in_house(acting(Role.CONSORTIUM_MANAGER, houses=mine), HOUSE) == {Tie.CONSORTIUM}
    assert in_house(acting(Role.MANAGER, houses=mine), new_id()) == NONE
    assert in_house(acting(Role.DOCTOR, houses=mine), HOUSE) == NONE
    assert Tie.INSTITUTION not in standing(acting(Role.MANAGER))


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.CLOCK}))
def test_a_query_scope_shows_nothing_to_a_role_that_it_does_not_name(role: Role) -> None:
    sight = Sight(rows={Tie.CLOCK: everything})
    assert str(sight(acting(role))) == "false"
    assert str(sight(acting(Role.CLOCK))) == "true"
    assert NOBODY != PERSON


def test_family_without_the_scope_is_told_so_instead_of_finding_nothing() -> None:
    column: Any = type("Column", (), {"__eq__": lambda _self, _other: everything(ONESELF)})()
    sight = Sight(rows=of_person(column, Scope.RESULTS, Scope.SIGN))
    sight(ONESELF)
    sight(family(Scope.SIGN))
    with pytest.raises(ScopeNeeded):
        sight(family(Scope.BOOK))
