"""A copy of everything: complete against the database, readable, by the person alone."""

import json
import re
import zlib
from datetime import timedelta
from typing import Any

import pytest
from conftest import MORNING
from flask import Flask
from people import Http, a_resident, by, by_itself
from privacy_builders import Life, fresh
from sqlalchemy import inspect, text

from backend import identity, privacy
from backend.kernel import subjects
from backend.kernel.clock import FixedClock
from backend.kernel.database import Base, db
from backend.messaging import Message, MessageKind
from backend.privacy import portrait
from jobs import privacy as jobs
from jobs import relay

# Tables that name people and are not told: each with its reason.
NOT_TOLD = {
    "idempotency": "answers kept for 48 hours, sealed; what they show is told from its own table",
    "refresh_token": "secrets of a login; the login itself is told",
    "desk_code": "a secret of some minutes",
    "delivery": "where the handing-over of an event stands; the event is told",
    "verification_failure": "counts of wrong numbers against an attack; deleted the next day",
}
NAMES_A_PERSON = ("resident_id", "to_resident_id", "resident_ids", "principal_id", "account_id")


def exported(life: Life) -> subjects.Records:
    return subjects.everything(by_itself(), life.resident_id)


def tables_about_people() -> set[str]:
    """Every table with such a column, and every table that hangs on one of them."""
    schema = inspect(db.engine)
    found, grows = {"resident"}, True
    names = [name for name in schema.get_table_names() if not re.search(r"_(\d{6}|rest)$", name)]
    for name in names:
        columns = {column["name"] for column in schema.get_columns(name)}
        if columns & set(NAMES_A_PERSON):
            found.add(name)
    while grows:
        hangs = {
            name
            for name in names
            for key in schema.get_foreign_keys(name)
            if key["referred_table"] in found - {"account", "resident"}
        } - found
        found, grows = found | hangs, bool(hangs)
    return found


def test_no_table_about_people_is_forgotten(app: Flask) -> None:
    told = set(exported(Life()))
    missing = tables_about_people() - told - NOT_TOLD.keys()
    assert missing == set()
    assert told & NOT_TOLD.keys() == set()


def test_every_row_about_the_person_is_in_it(app: Flask) -> None:
    life = Life()
    life.visited()
    privacy.ask_correction(by(life.resident), privacy.Subject.PHONE, "13805720002", "换号了")
    found = exported(life)
    for table in sorted(set(found)):
        columns = Base.metadata.tables[table].columns.keys()
        if not {"id", "resident_id"} <= set(columns):
            continue
        rows = db.session.execute(
            text(f"SELECT id FROM {table} WHERE resident_id = :person"),
            {"person": life.resident_id},
        ).scalars()
        assert {str(row) for row in rows} == {row["id"] for row in found[table]}, table
    for table in ("booking", "contract", "prescription", "measurement", "event", "message"):
        assert found[table], table


def test_it_is_in_the_clear_and_tells_no_internals(app: Flask) -> None:
    life = Life()
    (me,) = exported(life)["resident"]
    assert (me["name"], me["phone"]) == ("王桂芬", "13805720001")
    assert len(me["id_number"]) == 18
    names = {name for rows in exported(life).values() for row in rows for name in row}
    assert [name for name in names if name.endswith(("_sealed", "_index", "lease_token"))] == []


def test_every_table_and_column_has_a_chinese_name(app: Flask) -> None:
    life = Life()
    life.visited()
    found = exported(life)
    assert found.keys() - portrait.labels()["tables"].keys() == set()
    names = {name for rows in found.values() for row in rows for name in row}
    assert names - portrait.labels()["columns"].keys() == set()


def ready(http: Http, person: identity.Resident) -> str:
    export_id: str = http("POST", "/resident/me/exports", person).json["id"]
    assert jobs.make_exports() == 1
    return export_id


def test_asked_made_and_fetched(http: Http) -> None:
    life = Life()
    export_id = ready(http, life.resident)
    (shown,) = http("GET", "/resident/me/exports", life.resident).json["items"]
    assert (shown["state"], shown["expires_at"][:10]) == ("ready", "2026-11-30")
    content = http("GET", f"/resident/me/exports/{export_id}/content", life.resident)
    told = json.loads(content.data)
    assert told["records"]["resident"][0]["name"] == "王桂芬"
    assert "attachment" in content.headers["Content-Disposition"]
    page = http("GET", f"/resident/me/exports/{export_id}/document", life.resident)
    assert (page.mimetype, page.data[:5]) == ("application/pdf", b"%PDF-")
    assert "王桂芬" in text_of(page.data)


def test_the_person_hears_that_it_is_ready_and_not_what_is_in_it(http: Http) -> None:
    person = a_resident()
    person_id, export_id = person.id, ready(http, person)
    relay.drain()
    (message,) = db.session.query(Message).filter_by(kind=MessageKind.EXPORT_READY)
    assert (message.to_resident_id, str(message.subject_id)) == (person_id, export_id)
    assert message.content["thing1"] == "您申请的资料已备好，请点开查看"


def test_rare_characters_are_exact_or_named(app: Flask) -> None:
    page = text_of(portrait.draw({"resident": [{"name": "㐂䶮𬍛"}]}, "今天"))
    assert "㐂䶮𬍛" in page
    assert "〔U+20BB7〕" in text_of(portrait.draw({"resident": [{"name": "𠮷"}]}, "今天"))


def test_it_is_sealed_at_rest(http: Http) -> None:
    export_id = ready(http, a_resident("欧阳金丝雀"))
    row = db.session.execute(
        text("SELECT content_sealed, document_sealed FROM data_export WHERE id = :id"),
        {"id": export_id},
    ).one()
    assert "金丝雀".encode() not in row.content_sealed + row.document_sealed


def test_nobody_else_fetches_it(http: Http) -> None:
    export_id = ready(http, a_resident())
    answer = http("GET", f"/resident/me/exports/{export_id}/content", a_resident("陈新"))
    assert answer.status_code == 404


def test_a_login_of_long_ago_fetches_nothing(http: Http) -> None:
    person = a_resident()
    export_id = ready(http, person)
    headers = {"Authorization": f"Bearer {old_token(fresh(person))}"}
    for method, path in (
        ("POST", "/resident/me/exports"),
        ("GET", f"/resident/me/exports/{export_id}/document"),
    ):
        answer = http(method, path, headers=headers)
        assert (answer.status_code, answer.json["type"][18:]) == (403, "fresh-login-needed")


def old_token(person: identity.Resident) -> str:
    own = db.session.query(identity.Account).filter_by(resident_id=person.id).one()
    given = identity.begin_session(by_itself(), identity.Holder.RESIDENT, own.id)
    old = "UPDATE session SET started_at = now() - interval '25 hours' WHERE id = :id"
    db.session.execute(text(old), {"id": given.session_id})
    return given.token.text


def test_only_so_many_a_day(http: Http, clock: FixedClock) -> None:
    person = a_resident()
    codes = [http("POST", "/resident/me/exports", person).status_code for _ in range(3)]
    assert codes == [201, 201, 429]
    clock.at = MORNING + timedelta(days=1)
    assert http("POST", "/resident/me/exports", person).status_code == 201


def test_after_its_days_it_is_gone(http: Http, clock: FixedClock) -> None:
    person = a_resident()
    export_id = ready(http, person)
    clock.at = MORNING + timedelta(days=7)
    answer = http("GET", f"/resident/me/exports/{export_id}/content", fresh(person))
    assert (answer.status_code, answer.json["type"][18:]) == (409, "export-not-ready")
    assert jobs.expire_exports() == 1
    (shown,) = http("GET", "/resident/me/exports", fresh(person)).json["items"]
    assert shown["state"] == "expired"


@pytest.mark.parametrize("times", [1, 2])
def test_it_is_made_once(http: Http, times: int) -> None:
    http("POST", "/resident/me/exports", a_resident())
    assert [jobs.make_exports() for _ in range(times)] == [1, 0][:times]


def text_of(page: bytes) -> str:
    """What a PDF says, by its fonts' own map from glyphs to characters."""
    streams = [_opened(one) for one in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", page, re.S)]
    glyphs: dict[int, str] = {}
    for stream in streams:
        for one in re.findall(rb"beginbfchar(.*?)endbfchar", stream, re.S):
            for glyph, code in re.findall(rb"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>", one):
                glyphs[int(glyph, 16)] = bytes.fromhex(code.decode()).decode("utf-16-be")
    return "".join(_words(stream, glyphs) for stream in streams if b" Tf" in stream)


def _opened(stream: bytes) -> bytes:
    try:
        return zlib.decompress(stream)
    except zlib.error:
        return stream


def _words(stream: bytes, glyphs: dict[int, str]) -> str:
    said: list[Any] = []
    for shown in re.findall(rb"\(((?:\\.|[^\\)])*)\)", stream, re.S):
        plain = re.sub(rb"\\([()\\nrtbf])", _unescaped, shown)
        codes = zip(plain[::2], plain[1::2], strict=False)
        said += [glyphs.get(high * 256 + low, "") for high, low in codes]
    return "".join(said)


def _unescaped(found: re.Match[bytes]) -> bytes:
    return {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}.get(found[1], found[1])
