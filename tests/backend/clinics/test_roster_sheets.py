"""Rosters as a file: there and back changes nothing, and nothing is half imported."""

import io
import re
import zipfile
from datetime import date, time
from typing import Any

import pytest
import xlsxwriter
from clinic_builders import an_expert
from conftest import MORNING
from contract_builders import a_centre
from flask import Flask
from people import a_member_of_staff, by
from roster_builders import managing, published
from sqlalchemy import func, select

from backend import clinics
from backend.clinics import roster_sheets
from backend.clinics.roster_cells import Column, escaped, unescaped
from backend.kernel.context import Actor, Context, Role
from backend.kernel.database import db
from backend.kernel.errors import Invalid
from backend.kernel.ids import new_id
from backend.kernel.paging import Wanted
from backend.kernel.regions import Region
from tools.demo_region.load import SEED, invent


def a_row(house: str, expert: str, **cells: Any) -> dict[str, Any]:
    plain = dict.fromkeys(Column, "") | {
        Column.HOUSE: house,
        Column.EXPERT: expert,
        Column.EXPERT_HOUSE: "",
        Column.SPECIALTY: "心内科",
        Column.SERVICE: "门诊",
        Column.ROOM: "二楼3诊室",
        Column.RULE: "每周三、周五",
        Column.BEGINS: "08:30",
        Column.ENDS: "11:00",
        Column.CAPACITY: 20,
        Column.STARTS_ON: "2026-12-01",
    }
    return plain | cells


def a_file(*rows: dict[str, Any]) -> bytes:
    """As somebody else's program writes it."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, list(Column))
        for number, row in enumerate(rows, 1):
            for at, column in enumerate(Column):
                sheet.write(number, at, row[column])
    return file.getvalue()


def told(refused: Any) -> list[str]:
    return [fault.detail for fault in refused.value.faults]


def count() -> int:
    return int(db.session.execute(select(func.count(clinics.Roster.id))).scalar_one())


def test_what_is_exported_and_imported_again_changes_nothing(app: Flask) -> None:
    manager = managing(a_centre())
    nurse = a_member_of_staff(Role.NURSE)
    published(
        manager, fee="=1+1", room="-1楼", crew=(nurse.id,), rule="FREQ=MONTHLY;BYDAY=1TU,-1FR"
    )
    published(manager, quotas={"signed": 0}, ends_on=date(2027, 2, 28), is_scarce=True)
    clinics.arrange(manager, _draft_of(manager))
    before = count()
    again = clinics.import_sheet(manager, clinics.export_sheet(manager), "原样")
    assert (again.rosters, again.unchanged, again.batch_id) == ([], 3, None)
    assert count() == before


def _draft_of(manager: Context) -> clinics.Plan:
    from_now = {"starts_on": MORNING.date(), "ends_on": None, "fee": None, "capacity": 5}
    hours = {"begins": time(14), "ends": time(15)}
    what = {"specialty": "心内科", "service": clinics.Service.GROUP, "room": "三楼"}
    return clinics.Plan(**from_now, **hours, **what, weekday=2, expert_id=an_expert().id)


def test_the_149_weekly_clinics_of_huzhou_come_in_one_file_in_one_act(app: Flask) -> None:
    world = invent(Region.load("huzhou"), MORNING, 40, SEED)
    for part in (world.places.rows, list(world.people.staff)):
        db.session.add_all(part)
        db.session.flush()
    houses = frozenset(house.id for house in world.places.houses)
    manager = by(Actor(new_id(), Role.CONSORTIUM_MANAGER, houses, None, houses))
    db.session.add_all(world.rosters)
    db.session.flush()
    file = clinics.export_sheet(manager)
    for roster in world.rosters:
        db.session.delete(roster)
    db.session.flush()

    cells = [row.values for row in roster_sheets.read(file)]
    fresh = a_file(*({**row, Column.ID: ""} for row in cells))
    done = clinics.import_sheet(manager, fresh, "2026年湖州专家下沉")
    assert (len(done.rosters), count()) == (73 + 76, 73 + 76)
    assert clinics.conflicts(manager, [each.id for each in done.rosters]) is not None
    assert done.batch_id is not None
    clinics.publish(manager, clinics.drafts_of_batch(manager, done.batch_id))
    states = {each.state for each in clinics.rosters(manager, Wanted(limit=100)).items}
    assert states == {"published"}
    assert clinics.import_sheet(manager, fresh, "再一次").unchanged == 149


def test_a_row_with_a_number_changes_that_roster_once_it_is_published(app: Flask) -> None:
    manager = managing(a_centre())
    roster = published(manager)
    (row,) = roster_sheets.read(clinics.export_sheet(manager))
    changed = a_file({**row.values, Column.ROOM: "三楼1诊室"})
    (draft,) = clinics.import_sheet(manager, changed, "换诊室").rosters
    assert (draft.replaces_id, roster.room) == (roster.id, "二楼3诊室")
    clinics.publish(manager, [draft.id])
    assert clinics.roster(manager, roster.id).room == "三楼1诊室"


def test_wrong_cells_are_named_by_row_and_column_and_nothing_is_imported(app: Flask) -> None:
    house = a_centre(name="示例社区")
    an_expert("陆建明"), an_expert("同名"), an_expert("同名")
    rows = [
        a_row("示例社区", "陆建明"),
        a_row("示例社区", "陆建明", **{Column.RULE: "每天", Column.CAPACITY: "很多"}),
        a_row("别的社区", "没有此人", **{Column.BEGINS: "25:00", Column.ENDS_ON: "明年"}),
        a_row("示例社区", "同名", **{Column.SERVICE: "算命", Column.ID: str(new_id())}),
        a_row("示例社区", "", **{Column.EXPERT_ID: "x", Column.ROOM: "一" * 300}),
    ]
    with pytest.raises(Invalid) as refused:
        clinics.import_sheet(managing(house), a_file(*rows), "有错")
    found = {(fault.pointer, fault.detail.split("：")[0]) for fault in refused.value.faults}
    wrong = {
        3: {"重复规则", "号数"},
        4: {"机构", "专家", "开始时间", "结束日期"},
        5: {"专家", "服务", "编号"},
        6: {"专家", "专家编号", "诊室"},
    }
    assert found == {
        (f"/rows/{number}/{column}", f"第 {number} 行“{column}”")
        for number, columns in wrong.items()
        for column in columns
    }
    assert count() == 0


def test_what_cannot_be_held_is_named_by_row_and_column_too(app: Flask) -> None:
    house = a_centre(name="示例社区")
    an_expert("陆建明")
    rows = [
        a_row("示例社区", "陆建明"),
        a_row("示例社区", "陆建明", **{Column.ENDS: "08:00"}),
        a_row("示例社区", "陆建明", **{Column.STARTS_ON: "2026-11-01", Column.SIGNED: 21}),
    ]
    with pytest.raises(Invalid, match="一行都没有导入") as refused:
        clinics.import_sheet(managing(house), a_file(*rows), "有错")
    assert [words.split("：")[0] for words in told(refused)] == [
        "第 3 行“结束时间”",
        "第 4 行“转诊号”",
        "第 4 行“开始日期”",
    ]
    assert count() == 0


@pytest.mark.parametrize(
    ("starts_on", "ends_on", "wrong"),
    [
        ("9999-12-01", "", ["开始日期"]),
        ("0001-01-01", "9999-12-31", ["开始日期", "结束日期"]),
        (date(9999, 12, 1), "", ["开始日期"]),
        ("2190-12-01", "", ["开始日期"]),
    ],
)
def test_a_day_that_no_calendar_reaches_is_named(
    app: Flask, starts_on: str, ends_on: str, wrong: list[str]
) -> None:
    house = a_centre(name="示例社区")
    an_expert("陆建明")
    days = {Column.STARTS_ON: starts_on, Column.ENDS_ON: ends_on}
    with pytest.raises(Invalid) as refused:
        clinics.import_sheet(managing(house), a_file(a_row("示例社区", "陆建明", **days)), "太远")
    assert [words.split("“")[1].split("”")[0] for words in told(refused)] == wrong


def test_times_and_dates_may_be_what_a_spreadsheet_makes_of_them(app: Flask) -> None:
    house = a_centre(name="示例社区")
    an_expert("陆建明")
    row = a_row("示例社区", "陆建明", **{Column.BEGINS: 0.375, Column.ENDS: "11：00"})
    row |= {Column.STARTS_ON: "2026年12月1日", Column.CAPACITY: "20", Column.ENDS_ON: "2027/2/28"}
    (roster,) = clinics.import_sheet(managing(house), a_file(row), "年底").rosters
    assert (roster.begins, roster.ends, roster.capacity) == (time(9), time(11), 20)
    assert (roster.starts_on, roster.ends_on) == (date(2026, 12, 1), date(2027, 2, 28))


@pytest.mark.parametrize("text", ["=1+1", "+86", "-1楼", "@x", "'=x", "'", "二楼", "'二楼"])
def test_no_text_is_run_as_a_formula_and_none_is_lost(text: str) -> None:
    assert escaped(text)[0] not in "=+-@"
    assert unescaped(escaped(text)) == text


def test_a_formula_is_a_text_in_the_file(app: Flask) -> None:
    manager = managing(a_centre())
    published(manager, fee='=HYPERLINK("http://x")')
    with zipfile.ZipFile(io.BytesIO(clinics.export_sheet(manager))) as parts:
        sheet = parts.read("xl/worksheets/sheet1.xml")
        assert b"<f>" not in sheet
        assert "'=HYPERLINK" in parts.read("xl/sharedStrings.xml").decode()


def repacked(file: bytes, change: Any) -> bytes:
    """The same workbook with another first sheet."""
    made = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(file)) as old,
        zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for part in old.infolist():
            content = old.read(part.filename)
            if part.filename == "xl/worksheets/sheet1.xml":
                content = change(content)
            new.writestr(part.filename, content)
    return made.getvalue()


BOMBS = {
    "no file": lambda _: b"",
    "a text": lambda _: b"a,b,c",
    "a cell far away": lambda file: repacked(file, lambda s: s.replace(b'"A2"', b'"XFD1048576"')),
    "a cell far away, otherwise": lambda file: repacked(
        file, lambda s: s.replace(b'r="A2"', b"r = 'xfd1048576'")
    ),
    "much inside": lambda file: repacked(file, lambda s: s + b" " * 30_000_000),
    "no workbook": lambda _: _zip({"x.txt": b"x"}),
    "broken": lambda file: file[:-40],
    "no sheet": lambda file: repacked(file, lambda _: b"<nonsense"),
    "too large": lambda _: b"PK\x03\x04" + b"x" * 800_000,
}


def _zip(parts: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as file:
        for name, content in parts.items():
            file.writestr(name, content)
    return made.getvalue()


@pytest.mark.parametrize("bomb", BOMBS)
def test_what_is_no_roster_sheet_is_refused_at_once(app: Flask, bomb: str) -> None:
    file = BOMBS[bomb](a_file(a_row("示例社区", "陆建明", **{Column.ID: "x"})))
    with pytest.raises(Invalid) as refused:
        clinics.import_sheet(managing(a_centre()), file, "坏文件")
    assert [fault.pointer for fault in refused.value.faults] == ["/file"]
    assert re.search("上传|填写", told(refused)[0])


def test_a_missing_column_is_named(app: Flask) -> None:
    bare = io.BytesIO()
    with xlsxwriter.Workbook(bare) as book:
        book.add_worksheet().write_row(0, 0, [column for column in Column if column != "诊室"])
    with pytest.raises(Invalid) as refused:
        clinics.import_sheet(managing(a_centre()), bare.getvalue(), "缺列")
    assert "诊室" in told(refused)[0]
