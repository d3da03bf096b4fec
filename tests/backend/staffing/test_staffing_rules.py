"""Who appoints whom, how long one waits, what a password must be like."""

from dataclasses import replace
from datetime import timedelta

import pytest

from backend.kernel.context import CLINICAL, MANAGING, STAFF, Role
from backend.kernel.regions import Region, known
from backend.staffing.passwords import common, faults, hashed, matches
from backend.staffing.rules import StaffPolicy, back_off, may_appoint, may_become

POLICY = StaffPolicy(7, 4, 10, 3, 90, frozenset({Role.PHARMACIST}))
GOOD = "Camphor-tree 41"


@pytest.mark.parametrize("whom", sorted(Role))
@pytest.mark.parametrize("who", sorted(Role))
def test_the_table_of_appointments(who: Role, whom: Role) -> None:
    expected = {
        Role.MANAGER: CLINICAL,
        Role.CONSORTIUM_MANAGER: CLINICAL | MANAGING,
        Role.CLOCK: MANAGING | {Role.AUDITOR},
    }
    assert may_appoint(who, whom) is (whom in expected.get(who, ()))


@pytest.mark.parametrize("role", sorted(STAFF))
def test_an_auditor_is_nothing_else_before_or_after(role: Role) -> None:
    assert not may_become(Role.AUDITOR, role)
    assert not may_become(role, Role.AUDITOR)
    assert not may_become(role, role)


def test_a_nurse_may_become_a_manager() -> None:
    assert may_become(Role.NURSE, Role.MANAGER)


@pytest.mark.parametrize(
    ("failures", "seconds"),
    [(0, 0), (1, 1), (2, 2), (3, 4), (4, 8), (10, 512), (11, 900), (12, 900), (10**6, 900)],
)
def test_the_wait_doubles_and_ends_at_a_quarter_of_an_hour(failures: int, seconds: int) -> None:
    assert back_off(failures) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("password", "word"),
    [
        ("Ab1!", "10 到 128"),
        ("A1!" * 43, "10 到 128"),
        ("camphortreesandmoon", "至少 3 种"),
        ("Password@123", "太常见"),
        ("ｐａｓｓｗｏｒｄ＠１２３", "太常见"),
        ("Zhouwen-tree 41", "姓名或登录名"),
        ("周文的香樟树 Tree41", "姓名或登录名"),
    ],
)
def test_what_a_password_must_not_be(password: str, word: str) -> None:
    assert any(word in fault for fault in faults(password, POLICY, "周文", "zhouwen"))


@pytest.mark.parametrize("password", [GOOD, "香樟树下的 Moon 与风 7", "correct Horse 9 battery"])
def test_what_it_may_be(password: str) -> None:
    assert faults(password, POLICY, "周文", "zhouwen") == []


def test_without_composition_a_sentence_is_enough() -> None:
    calm = replace(POLICY, password_kinds=1)
    assert faults("camphortreesandmoon", calm, "周文", "zhouwen") == []


def test_the_list_of_common_ones_is_of_those_that_would_be_long_enough() -> None:
    assert len(common()) > 200
    assert all(len(word) >= 10 and word == word.casefold() for word in common())


def test_a_hash_is_argon2id_with_its_own_salt() -> None:
    kept = hashed(GOOD)
    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert kept != hashed(GOOD)
    assert matches(kept, GOOD)
    assert not matches(kept, GOOD + " ")
    assert not matches(None, GOOD)


@pytest.mark.parametrize("name", known())
def test_every_region_says_what_it_asks(name: str) -> None:
    policy = Region.load(name).section("staffing", StaffPolicy)
    assert policy.invitation_days == 7
    assert policy.asks_second_factor(Role.DOCTOR)
    assert policy.asks_second_factor(Role.AUDITOR)


@pytest.mark.parametrize(
    "wrong",
    [
        {"password_length": 9},
        {"password_kinds": 5},
        {"invitation_days": 0},
        {"rebinding_hours": -1},
        {"second_factor": frozenset({Role.RESIDENT})},
    ],
)
def test_a_region_cannot_ask_for_less_than_is_safe(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"password|figures|staff"):
        replace(POLICY, **wrong)  # type: ignore[arg-type]
