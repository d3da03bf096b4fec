"""Answers that are the same for everybody: how old they may be, and how they are told apart."""

from collections.abc import Iterator

import pytest
from clinic_builders import a_roster, a_session
from contract_builders import a_centre
from flask import Flask
from people import Http, a_resident
from sqlalchemy import event

from backend.kernel import hot
from backend.kernel.database import db
from backend.kernel.wire import Asked, Wire
from miniapp_api.answers import LARGEST_KEPT, MOST_KEPT, Answers

OF_TESTS = ("SAVEPOINT", "jiayi.houses")  # a test's transaction, and what its client resets


@pytest.fixture
def asked(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Every statement that reaches the database, whichever way it takes."""
    seen: list[str] = []
    plain = Wire._answers

    def told(wire: Wire, some: list[Asked]) -> object:
        seen.extend(words for words, _ in some)
        return plain(wire, some)

    def executed(_link: object, _cursor: object, words: str, *_more: object) -> None:
        seen.append(words)

    monkeypatch.setattr(Wire, "_answers", told)
    engine = db.session.connection().engine
    event.listen(engine, "before_cursor_execute", executed)
    yield seen
    event.remove(engine, "before_cursor_execute", executed)


def test_the_timetable_is_read_in_two_queries(http: Http, asked: list[str]) -> None:
    house = a_centre()
    sessions = [a_session(a_roster(house)) for _ in range(3)]
    for path in (f"?institution_id={house.id}", f"/{sessions[0].id}"):
        asked.clear()
        assert http("GET", f"/open/clinics/sessions{path}").status_code == 200
        assert len([words for words in asked if not any(ours in words for ours in OF_TESTS)]) == 2


def test_the_same_again_is_not_sent_again(http: Http) -> None:
    session = a_session()
    path = f"/open/clinics/sessions/{session.id}"
    first = http("GET", path)
    assert first.headers["Cache-Control"] == "public, no-cache"
    again = http("GET", path, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    http("POST", "/resident/bookings", a_resident(), json={"session_id": str(session.id)})
    other = http("GET", path, headers={"If-None-Match": first.headers["ETag"]})
    assert other.status_code == 200
    assert other.headers["ETag"] != first.headers["ETag"]


def test_what_is_kept_is_given_until_its_life_is_over(app: Flask, http: Http) -> None:
    answers = app.extensions["shared_answers"]
    session, path = a_session(), "/open/clinics/sessions"
    body = {"session_id": str(session.id)}
    answers.life_s = 1000.0
    try:
        before = http("GET", path).data
        http("POST", "/resident/bookings", a_resident(), json=body)
        assert http("GET", path).data == before
        assert http("GET", f"{path}?limit=5").data != before
        for kept in answers._kept.values():
            kept.looks_anew_at = kept.ends_at = 0.0
        assert http("GET", path).data != before
    finally:
        answers.life_s = 0.0
        answers._kept.clear()


def test_near_its_end_one_looks_anew_and_the_others_do_not_wait() -> None:
    answers = Answers(1.0)
    kept = answers.keep("a", b"old", 1e12)
    assert answers.find("a") is kept
    kept.looks_anew_at = 0.0
    assert [answers.find("a") for _ in range(3)] == [None, kept, kept]
    kept.ends_at = 0.0
    assert answers.find("a") is None


def test_what_is_kept_is_bounded() -> None:
    answers = Answers(1.0)
    for number in range(2 * MOST_KEPT):
        answers.keep(str(number), b"x", 1e12)
    assert len(answers) == MOST_KEPT
    assert answers.find("0") is None
    answers.keep("large", b"x" * (LARGEST_KEPT + 1), 1e12)
    assert answers.find("large") is None


def test_nothing_is_kept_where_answers_have_no_life() -> None:
    answers = Answers(0.0)
    assert answers.keep("a", b"x", 1e12).etag
    assert len(answers) == 0


def test_all_rows_come_in_order(app: Flask) -> None:
    rows = hot.rows("SELECT n, n::text AS words FROM generate_series(1, %(to)s) n", {"to": 3})
    assert [(row.n, row.words) for row in rows] == [(1, "1"), (2, "2"), (3, "3")]
    assert hot.rows("SELECT 1 AS n WHERE %(no)s", {"no": False}) == []
