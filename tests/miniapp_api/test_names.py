"""Names of every kind come back as they were given, or are refused; nothing ever breaks."""

import json
from typing import Any

import pytest
from people import Http
from simulators import Simulator
from sqlalchemy import select
from visitors import Visitor, kind

from backend import identity
from backend.kernel.database import db

KEPT = [
    "王桂芬",
    "王",
    "王" * 50,
    "欧阳娜娜",
    "𠮷野",
    "张𬭊",
    "李㛃",
    "李〇",
    "王䶮",
    "龚\U00031350",
    "赵\U0002f81a",
    "\ufa10田",
    "葛\U000e0100",
    "阿卜杜拉·买买提",
    "迪丽热巴·迪力木拉提",
    "ئابدۇللا مەمتىمىن",
    "བཀྲ་ཤིས",
    "བསྒྲུབས",
    "ᠪᠠᠲᠤ",
    "ꆈꌠ",
    "René O’Neil-Smith",
    "Nguyễn Thị Hạnh",
    "John F. Kennedy",
    "Влади́мир",
    "김영희",
    "ประเสริฐ",
]
WRITTEN_OTHERWISE = [
    ("阿卜杜拉•买买提", "阿卜杜拉·买买提"),
    ("阿卜杜拉．买买提", "阿卜杜拉·买买提"),
    ("阿卜杜拉 ・ 买买提", "阿卜杜拉·买买提"),
    ("  王桂芬\u3000", "王桂芬"),
    ("张\u3000三", "张 三"),
    ("Rene\u0301", "René"),
]
REFUSED = [
    "",
    " ",
    "王" * 51,
    "王" * 101,
    "王😀",
    "😀",
    "👩‍⚕️",
    "王\u202e芬",
    "\u200f王",
    "王\u200b芬",
    "王\u200d芬",
    "王\ufeff",
    "王" + "\u0301" * 6,
    "Z" + "\u0334" * 49,
    "\u0301",
    "王\ue000",
    "王\ufffd",
    "王\uffff",
    "王\n芬",
    "王\t芬",
    "王\x7f",
    "王\x85芬",
    "王\u2028芬",
    "王5",
    "王；DROP TABLE resident",
    "<script>王</script>",
    "${7*7}",
    "=1+1",
    "·王",
    "王·",
    "-王",
    "%00",
]
MALFORMED = ["王\x00", "\x00", "\ud800王", "王\udfff"]
MISTYPED: list[Any] = [None, 5, 1e308, True, [], ["王"], {}, {"name": "王"}]


@pytest.fixture
def visitor(http: Http, wechat: Simulator) -> Visitor:
    return Visitor(http, wechat).ready()


@pytest.mark.parametrize(
    ("given", "kept"), [(name, name) for name in KEPT] + WRITTEN_OTHERWISE, ids=ascii
)
def test_a_name_is_kept_as_it_is(visitor: Visitor, given: str, kept: str) -> None:
    visitor.known(kept, visitor.number)
    assert visitor.verify(given).json.get("name") == kept
    assert visitor.ask("GET", "").json["name"] == kept
    stored = select(identity.Resident.name, db.func.octet_length(identity.Resident.name))
    assert db.session.execute(stored).one() == (kept, len(kept.encode()))


@pytest.mark.parametrize("given", REFUSED + MISTYPED, ids=ascii)
def test_what_is_no_name_is_pointed_at(visitor: Visitor, given: Any) -> None:
    answer = visitor.verify(given)
    assert kind(answer) == (422, "invalid")
    assert {error["pointer"].split("/")[1] for error in answer.json["errors"]} == {"name"}
    assert db.session.execute(select(identity.Resident)).first() is None


@pytest.mark.parametrize("given", MALFORMED, ids=ascii)
def test_what_no_column_can_keep_is_refused_as_a_whole(visitor: Visitor, given: str) -> None:
    body = json.dumps({"name": given, "id_number": visitor.number})
    headers = {
        "Authorization": f"Bearer {visitor.session['access_token']}",
        "Content-Type": "application/json",
    }
    answer = visitor.http("POST", "/resident/me/verification", data=body, headers=headers)
    assert kind(answer) == (400, "malformed")
