"""Keys of access tokens are rows: made once, followed by the next, known to every process."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Thread
from typing import Any

import psycopg
import pytest
from databases import KEY, KID, RING, admin_url, url
from flask import Flask
from races import race
from sqlalchemy import Engine, event, text
from sqlalchemy.exc import ProgrammingError

from backend.identity.tokens import LIFETIME_S
from backend.kernel import signing
from backend.kernel.database import db, owner
from backend.kernel.errors import Unavailable
from backend.kernel.signing import SigningKeys


@contextmanager
def reads() -> Iterator[list[str]]:
    """The statements that read the keys."""
    seen: list[str] = []

    def notice(_link: Any, _cursor: Any, words: str, *_: Any) -> None:
        if "FROM signing_key" in words:
            seen.append(words)

    event.listen(Engine, "before_cursor_execute", notice)
    yield seen
    event.remove(Engine, "before_cursor_execute", notice)


@pytest.fixture
def address(own_database: str, worker: str) -> str:
    """A database of our own, as its owner."""
    return url(f"jiayi_own_{worker}", "jiayi_migrator")


def states(address: str) -> dict[str, str]:
    with owner(address) as connection:
        return {row.kid: row.state for row in signing.listed(connection)}


def test_a_token_is_over_before_its_key_is() -> None:
    assert timedelta(seconds=LIFETIME_S) <= signing.LONGEST_TOKEN


def test_the_known_key_signs_and_verifies(app: Flask) -> None:
    keys = SigningKeys()
    assert (keys.signer().kid, keys.signer().secret) == (KID, KEY)
    assert keys.named(KID) == KEY
    assert keys.named("another") is None


def test_unknown_names_make_a_process_read_once_a_second(app: Flask) -> None:
    keys = SigningKeys()
    keys.signer()
    with reads() as seen:
        for n in range(500):
            assert keys.named(f"forged-{n}") is None
    assert len(seen) <= 2


def test_a_known_key_is_read_seldom(app: Flask) -> None:
    keys = SigningKeys()
    with reads() as seen:
        for _ in range(500):
            keys.named(KID)
    assert len(seen) == 1


@pytest.mark.parametrize("statement", [
    "INSERT INTO signing_key (kid, key_sealed, signs_from) VALUES ('x', 'x', now())",
    "UPDATE signing_key SET verifies_until = NULL",
    "DELETE FROM signing_key",
])  # fmt: skip
def test_the_app_role_only_reads_keys(app: Flask, statement: str) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"):
        db.session.execute(text(statement))


def test_after_a_rotation_the_old_key_signs_until_all_know_the_new(address: str) -> None:
    with owner(address) as connection:
        new = signing.rotate(connection, RING)
    assert states(address) == {new: "published", KID: "signs"}
    later(address, signing.SIGNS_AFTER)
    assert states(address) == {new: "signs", KID: "verifies"}
    later(address, signing.LONGEST_TOKEN + signing.SLACK)
    assert states(address) == {new: "signs", KID: "over"}


def test_keys_long_over_are_destroyed_by_the_next_rotation(address: str) -> None:
    with owner(address) as connection:
        signing.rotate(connection, RING)
    later(address, signing.KEPT + timedelta(hours=1))
    with owner(address) as connection:
        signing.rotate(connection, RING)
    assert KID not in states(address)


def test_revoking_the_only_key_makes_another_one(address: str) -> None:
    with owner(address) as connection:
        signing.revoke(connection, RING, KID)
    found = states(address)
    assert found.pop(KID) == "over"
    assert list(found.values()) == ["signs"]


@pytest.mark.parametrize("kid", ["nobody", ""])
def test_what_is_no_key_cannot_be_revoked(address: str, kid: str) -> None:
    with pytest.raises(signing.UnknownKey), owner(address) as connection:
        signing.revoke(connection, RING, kid)


def test_a_short_or_foreign_key_neither_signs_nor_verifies(app: Flask, worker: str) -> None:
    """Where no other is left, signing is refused rather than done badly."""
    short = RING.seal(b"short", "signing_key.key:short")
    elsewhere = RING.seal(KEY, "signing_key.key:other")
    with psycopg.connect(admin_url(f"jiayi_{worker}")) as link:
        link.execute("UPDATE signing_key SET verifies_until = now() - interval '1 hour'")
        link.execute(
            "INSERT INTO signing_key (kid, key_sealed, signs_from)"
            " VALUES ('short', %s, now() - interval '1 hour'), ('moved', %s, now())",
            [short, elsewhere],
        )
        link.commit()
    try:
        keys = SigningKeys()
        assert (keys.named("short"), keys.named("moved"), keys.named(KID)) == (None, None, None)
        with pytest.raises(Unavailable):
            keys.signer()
    finally:
        with psycopg.connect(admin_url(f"jiayi_{worker}")) as link:
            link.execute("DELETE FROM signing_key WHERE kid <> %s", [KID])
            link.execute("UPDATE signing_key SET verifies_until = NULL")


def ensure(address: str) -> None:
    with owner(address) as connection:
        signing.ensure(connection, RING)


def test_those_who_begin_together_make_one_first_key(own_database: str, address: str) -> None:
    with owner(address) as connection:
        connection.execute(text("DELETE FROM signing_key"))
    race(own_database, ensure, [(address,)] * 4)
    assert list(states(address).values()) == ["signs"]


def test_many_threads_share_one_reading(app: Flask) -> None:
    keys = SigningKeys()
    keys.signer()
    with reads() as seen:
        threads = [Thread(target=keys.named, args=(KID,)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert seen == []


def later(address: str, time: timedelta) -> None:
    """As if so much time had passed since the keys were written."""
    with owner(address) as connection:
        connection.execute(
            text("""
            UPDATE signing_key SET created_at = created_at - :time,
              signs_from = signs_from - :time, verifies_until = verifies_until - :time"""),
            {"time": time},
        )
