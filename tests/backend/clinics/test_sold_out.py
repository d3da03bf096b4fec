"""Where lately nothing was left, a look refuses; what it says is always true."""

import pytest
from clinic_builders import a_session
from people import a_resident, by
from sqlalchemy import text

from backend import clinics
from backend.clinics import claim, sold_out
from backend.clinics.errors import (
    AlreadyBooked,
    NotReleased,
    SeatsKept,
    SessionFull,
    SessionNotHeld,
)
from backend.clinics.sold_out import SOLD_OUT, SoldOut
from backend.kernel import hot
from backend.kernel.database import db
from backend.kernel.errors import Conflict
from backend.kernel.ids import new_id


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Which statements of the claim were asked."""
    names = {claim.LOOK: "look", claim.STATEMENTS[""]: "claim", claim.LEFTOVERS[""]: "left"}
    seen, plain = list[str](), hot.row

    def row(statement: str, told: dict[str, object]) -> object:
        seen.extend([names[statement]] if statement in names else [])
        return plain(statement, told)

    monkeypatch.setattr(hot, "row", row)
    return seen


def refused(session: clinics.ClinicSession, person: object = None) -> type[Conflict]:
    with pytest.raises(Conflict) as refusal:
        clinics.book(by(person or a_resident()), session.id)  # type: ignore[arg-type]
    return refusal.type


def change(words: str, session: clinics.ClinicSession) -> None:
    db.session.execute(text(words), {"id": session.id})


def test_who_comes_after_the_first_refusal_takes_no_lock(app: object, asked: list[str]) -> None:
    session, person = a_session(capacity=1), a_resident()
    clinics.book(by(person), session.id)
    assert refused(session) is SessionFull
    asked.clear()
    assert refused(session) is SessionFull
    assert refused(session, person) is AlreadyBooked
    assert asked == ["look", "look"]


def test_a_seat_given_back_is_found_at_once(app: object, asked: list[str]) -> None:
    session, ctx = a_session(capacity=1), by(a_resident())
    booking = clinics.book(ctx, session.id)
    assert refused(session) is SessionFull
    clinics.cancel(ctx, clinics.hold(ctx, booking.id))
    asked.clear()
    assert clinics.book(by(a_resident()), session.id).seat_number == 1
    assert asked == ["look", "claim"]


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("UPDATE clinic_seat SET quota = 'referral' WHERE session_id = :id", SeatsKept),
        ("UPDATE clinic_session SET releases_at = starts_at WHERE id = :id", NotReleased),
    ],
)
def test_the_look_says_what_the_claim_says(
    app: object, asked: list[str], words: str, kind: type[Conflict]
) -> None:
    session = a_session(capacity=1)
    change(words, session)
    assert [refused(session), refused(session)] == [kind, kind]
    assert asked == ["claim", "left", "look"]


def test_what_is_cancelled_meanwhile_is_called_cancelled(app: object) -> None:
    session = a_session(capacity=1)
    clinics.book(by(a_resident()), session.id)
    assert refused(session) is SessionFull
    change("UPDATE clinic_session SET state = 'cancelled', reason = '停诊' WHERE id = :id", session)
    assert refused(session) is SessionNotHeld


def test_what_is_remembered_is_bounded_and_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    memory, session = SoldOut(), new_id()
    memory.note(session)
    assert memory.knows(session)
    for _ in range(sold_out.MOST + 5):
        memory.note(new_id())
    assert len(memory) <= sold_out.MOST
    assert not memory.knows(session)
    monkeypatch.setattr(sold_out, "LIFE_S", 0.0)
    memory.note(session)
    assert not memory.knows(session)
    assert not SOLD_OUT.knows(session)
