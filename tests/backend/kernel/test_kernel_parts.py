"""The small parts that everything else relies on."""

import dataclasses
import json
from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path

import pytest
from conftest import KEY, environment
from flask import Flask
from people import a_resident, by_itself
from sqlalchemy import select, text
from sqlalchemy.exc import ProgrammingError

from backend.clinics import Roster
from backend.identity import Resident
from backend.kernel import clock, disclosures, ids, ticks
from backend.kernel.crypto import PLACES, Keyring, Unreadable
from backend.kernel.database import db
from backend.kernel.lifecycle import IllegalMove, Lifecycle
from backend.kernel.paging import BadCursor, Wanted, page
from config.settings import Env, Settings, SettingsError


class State(StrEnum):
    ASKED = "asked"
    DONE = "done"


class Act(StrEnum):
    DO = "do"


LIFE = Lifecycle({(State.ASKED, Act.DO): State.DONE})


def test_a_lifecycle_allows_what_it_lists() -> None:
    assert LIFE.after(State.ASKED, Act.DO) is State.DONE
    assert LIFE.acts(State.ASKED) == [Act.DO]
    assert LIFE.acts(State.DONE) == []
    assert "asked --> done: do" in LIFE.mermaid()


def test_a_lifecycle_refuses_the_rest() -> None:
    with pytest.raises(IllegalMove):
        LIFE.after(State.DONE, Act.DO)


def test_keys_are_version_7_and_follow_time() -> None:
    made = [ids.new_id() for _ in range(1000)]
    assert {key.version for key in made} == {7}
    assert len(set(made)) == 1000
    stamps = [key.int >> 80 for key in made]
    assert stamps == sorted(stamps)


def ring(newest: str = "a") -> Keyring:
    keys = {"a": b"a" * 32, "b": b"b" * 32}
    return Keyring({newest: keys[newest], **keys}, b"i" * 32)


def test_what_is_sealed_opens_in_its_place_only() -> None:
    sealed = ring().seal("身份".encode(), "t.c:1")
    assert ring().unseal(sealed, "t.c:1").decode() == "身份"
    with pytest.raises(Unreadable):
        ring().unseal(sealed, "t.c:2")
    with pytest.raises(Unreadable):
        ring().unseal(sealed[:-1] + bytes([sealed[-1] ^ 1]), "t.c:1")


def test_an_older_key_still_opens_and_an_unknown_one_does_not() -> None:
    sealed = ring("b").seal(b"x", "p")
    assert ring("a").unseal(sealed, "p") == b"x"
    with pytest.raises(Unreadable):
        Keyring({"a": b"a" * 32}, b"i" * 32).unseal(sealed, "p")


def test_a_new_row_has_its_key_before_anything_is_sealed_for_it(app: Flask) -> None:
    for row in (Resident(phone="14000000001"), Resident(phone="14000000001", id=ids.new_id())):
        assert row.phone == "14000000001"


def test_sm4_seals_where_its_key_comes_first_and_opens_in_its_place_only() -> None:
    both = Keyring({"s": b"s" * 16, "a": b"a" * 32}, b"i" * 32)
    sealed = both.seal("身份".encode(), "t.c:1")
    assert sealed[0] == 2
    assert both.unseal(sealed, "t.c:1").decode() == "身份"
    assert both.unseal(ring("a").seal(b"x", "p"), "p") == b"x"
    for wrong, place in (
        (sealed, "t.c:2"),
        (sealed[:-1] + bytes([sealed[-1] ^ 1]), "t.c:1"),
        (b"\x01" + sealed[1:], "t.c:1"),
    ):
        with pytest.raises(Unreadable):
            both.unseal(wrong, place)


def test_what_is_no_ciphertext_is_unreadable() -> None:
    sealed = ring().seal("身份".encode(), "p")
    for length in range(len(sealed)):
        with pytest.raises(Unreadable):
            ring().unseal(sealed[:length], "p")


@pytest.mark.parametrize("keys", [
    "", "a", f"a:{KEY},a:{KEY}", f":{KEY}", f"a b:{KEY}", f"{'a' * 33}:{KEY}", "a:AAAA",
    f"a:sm4:{KEY}", "a:" + "A" * 22 + "==", "a:没有",
])  # fmt: skip
def test_field_keys_that_cannot_be_right_are_named(keys: str) -> None:
    with pytest.raises(SettingsError, match="FIELD_KEYS"):
        Settings.from_env(environment("postgresql://x", Path()) | {"FIELD_KEYS": keys})


def test_secrets_are_not_in_the_words_for_the_settings() -> None:
    given = environment("postgresql://u:db-password@x/y", Path()) | {"REDIS_URL": "redis://:pw@r"}
    words = repr(Settings.from_env(given))
    for name in ("FIELD_KEYS", "INDEX_KEY", "WECHAT_SECRET", "REALNAME_KEY"):
        assert given[name].rpartition(":")[2] not in words
    assert "db-password" not in words
    assert "b'kkk" not in words
    assert "pw@r" not in words


def test_every_sealed_column_is_in_the_list_of_them(app: Flask) -> None:
    """By which keys are changed; and what is listed is there."""
    kept = db.session.execute(
        text("""
        SELECT table_name || '.' || column_name FROM information_schema.columns
        WHERE table_schema = 'public' AND column_name ~ '_(sealed|enc|encrypted|cipher)$'
    """)
    ).scalars()
    assert set(kept) == {f"{place.table}.{place.column}" for place in PLACES.values()}


def test_the_blind_index_finds_equal_values_of_one_purpose() -> None:
    assert ring().index("1", "phone") == ring("b").index("1", "phone")
    assert ring().index("1", "phone") != ring().index("1", "id_number")


def test_id_numbers_and_phones_are_unreadable_in_the_database(app: Flask) -> None:
    resident = a_resident()
    row = db.session.execute(text("SELECT resident::text AS all_of_it FROM resident")).scalar_one()
    assert resident.id_number not in row
    assert resident.phone not in row


def test_two_swapped_ciphertexts_are_found_out(app: Flask) -> None:
    one, other = a_resident(), a_resident()
    one.id_number_sealed = other.id_number_sealed
    with pytest.raises(Unreadable):
        _ = one.id_number


def test_pages_follow_each_other_without_gap_or_repeat(app: Flask) -> None:
    for n in range(7):
        a_resident(f"居民{n % 3}", account=False)
    seen, after = [], None
    while True:
        found = page(select(Resident), [Resident.name, Resident.id], Wanted(after, 3))
        seen += [row.id for row in found.items]
        after = found.next
        if after is None:
            break
    assert len(seen) == len(set(seen)) == 7


MINUTE = timedelta(minutes=1)
SOME = "0190aaaa-0000-7000-8000-000000000000"


def forged(*values: object) -> str:
    """A cursor that holds these values."""
    return urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "cursor",
    [
        *["x", "W10", "WyJhIl0", "WyJhIiwiYiJd", "bnVsbA", "=", "é"],
        *[forged("\0", SOME), forged("\ud800", SOME), forged("a\udfffb", SOME)],
        *[forged("a", "\0"), forged("a", SOME, SOME), forged({}, [])],
    ],
)
def test_a_cursor_of_somebody_elses_making_is_refused(app: Flask, cursor: str) -> None:
    with pytest.raises(BadCursor):
        page(select(Resident), [Resident.name, Resident.id], Wanted(cursor, 3))


@pytest.mark.parametrize("number", ["x", "1e400", str(2**31), str(-(2**70)), "9" * 5000])
def test_a_number_that_no_column_holds_is_no_cursor(app: Flask, number: str) -> None:
    with pytest.raises(BadCursor):
        page(select(Roster), [Roster.weekday, Roster.id], Wanted(forged(number, SOME), 3))


def test_a_slot_is_claimed_by_one(app: Flask) -> None:
    slot = ticks.slot_of(datetime(2026, 11, 23, 1, 0, 30, tzinfo=UTC), timedelta(minutes=1))
    assert ticks.claim("job", slot, MINUTE)
    assert not ticks.claim("job", slot, MINUTE)
    assert ticks.claim("other", slot, MINUTE)


@pytest.mark.parametrize(
    ("claimed", "done", "again"),
    [
        ("4 minutes", False, False),
        ("6 minutes", False, True),
        ("59 minutes", True, False),
        ("63 minutes", True, True),
        ("1 day", True, True),
        ("-1 minute", True, False),
        ("-1 day", True, True),
    ],
)
def test_whose_claim_holds(app: Flask, claimed: str, *, done: bool, again: bool) -> None:
    """Of an hour's slot: not that of one who was killed, nor one of before the clock was set."""
    moved = f"now() - interval '{claimed}'"
    values = f"('job', 7, {moved}, {moved if done else 'NULL'})"
    db.session.execute(text(f"INSERT INTO tick (job, slot, claimed_at, done_at) VALUES {values}"))
    assert ticks.claim("job", 7, timedelta(hours=1)) is again
    assert not ticks.claim("job", 7, timedelta(hours=1))


def test_the_business_clock_goes_forward_only(app: Flask) -> None:
    shift = timedelta(days=90)
    clock.set_shift(shift)
    assert clock.get_shift() == shift
    with pytest.raises(clock.ClockGoesForward):
        clock.set_shift(timedelta(days=89))


def test_in_production_nobody_moves_the_clock(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    real = dataclasses.replace(app.extensions["settings"], env=Env.PRODUCTION)
    monkeypatch.setitem(app.extensions, "settings", real)
    with pytest.raises(clock.ClockIsReal):
        clock.set_shift(timedelta(days=1))


def test_a_disclosure_names_whom_others_were_shown(app: Flask) -> None:
    residents = [ids.new_id(), ids.new_id()]
    disclosures.disclose(by_itself(), "doctor.test", residents)
    disclosures.disclose(by_itself(), "doctor.test", [])
    rows = db.session.execute(select(disclosures.disclosure.c.resident_ids)).scalars().all()
    assert rows == [sorted(residents)]


@pytest.mark.parametrize("statement", [
    "UPDATE event SET name = 'x'",
    "DELETE FROM event",
    "UPDATE disclosure SET operation = 'x'",
    "DELETE FROM disclosure",
    "DELETE FROM disclosure_202611",
    "CREATE TABLE mine (id int)",
])  # fmt: skip
def test_the_app_role_cannot_rewrite_what_happened(app: Flask, statement: str) -> None:
    with pytest.raises(ProgrammingError, match=r"permission denied|must be owner"):
        db.session.execute(text(statement))
