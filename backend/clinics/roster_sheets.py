"""Workbooks: a table of texts to a file and back, within bounds that no bomb passes."""

import io
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import python_calamine
import xlsxwriter

from backend.clinics.roster_cells import Cells, Column, escaped
from backend.kernel.errors import Fault, Invalid

LARGEST_FILE = 700_000
MOST_PARTS = 200
LARGEST_INSIDE = 20_000_000
MOST_ROWS = 2_000
MOST_COLUMNS = 60
UNREADABLE = "这个文件打不开。请用“导出”得到的表格填写，存为 .xlsx 后再上传。"
TOO_LARGE = f"表格太大：最多 {MOST_ROWS} 行，文件不超过 {LARGEST_FILE // 1000} KB。请分成几份上传。"
_PLACE = re.compile(rb"""\sr\s*=\s*["']([A-Za-z]+)(\d+)["']""")
_WIDTHS = {Column.ID: 38, Column.EXPERT_ID: 38, Column.CREW: 20, Column.HOUSE: 28}


def written(rows: Sequence[Mapping[Column, str | int]]) -> bytes:
    """A workbook of one sheet with a heading; texts are texts, whatever they begin with."""
    file = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(file, options) as book:
        sheet = book.add_worksheet("排班")
        sheet.freeze_panes(1, 0)
        for at, column in enumerate(Column):
            sheet.set_column(at, at, _WIDTHS.get(column, 12))
            sheet.write_string(0, at, column)
            for below, row in enumerate(rows, 1):
                _write(sheet, below, at, row[column])
    return file.getvalue()


def _write(sheet: Any, row: int, column: int, value: str | int) -> None:
    if isinstance(value, int):
        sheet.write_number(row, column, value)
    elif value:
        sheet.write_string(row, column, escaped(value))


def read(file: bytes) -> Sequence[Cells]:
    """The rows of the first sheet below its heading, empty ones left out; raises `Invalid`."""
    _require_sound(file)
    table = _table(file)
    heading = [str(name).strip() for name in table[0]] if table else []
    missing = [column for column in Column if column not in heading]
    if missing:
        raise _unsound(f"第一行缺少这些列：{'、'.join(missing)}。请用导出的表格填写。")
    return [
        Cells(number, dict(zip(heading, values, strict=False)))
        for number, values in enumerate(table[1:], 2)
        if any(value not in (None, "") for value in values)
    ]


def _table(file: bytes) -> list[list[Any]]:
    try:
        with python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(file)) as book:
            return book.get_sheet_by_index(0).to_python(skip_empty_area=False)
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as wrong:  # a panic of the reader is no Exception
        raise _unsound(UNREADABLE) from wrong


def _require_sound(file: bytes) -> None:
    """Refuse what is no workbook, or larger inside than any roster is."""
    if len(file) > LARGEST_FILE:
        raise _unsound(TOO_LARGE)
    try:
        with zipfile.ZipFile(io.BytesIO(file)) as parts:
            _require_bounds(parts)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, ValueError) as wrong:
        raise _unsound(UNREADABLE) from wrong


def _require_bounds(parts: zipfile.ZipFile) -> None:
    inside = parts.infolist()
    names = {part.filename for part in inside}
    if "xl/workbook.xml" not in names:
        raise zipfile.BadZipFile("no workbook")
    if len(inside) > MOST_PARTS or sum(part.file_size for part in inside) > LARGEST_INSIDE:
        raise _unsound(TOO_LARGE)
    if parts.testzip() is not None:  # a part that is larger than it says fails its checksum
        raise zipfile.BadZipFile("a part is damaged")
    sheets = (parts.read(name) for name in names if name.startswith("xl/worksheets/"))
    if any(row > MOST_ROWS or column > MOST_COLUMNS for row, column in _places(sheets)):
        raise _unsound(TOO_LARGE)


def _places(sheets: Iterator[bytes]) -> Iterator[tuple[int, int]]:
    """Where cells say they are: one far away would make the reader fill all that lies between."""
    for sheet in sheets:
        for letters, digits in _PLACE.findall(sheet):
            column = 0
            for letter in letters.upper()[:4]:
                column = column * 26 + letter - 64
            yield int(digits[:9]), column


def _unsound(detail: str) -> Invalid:
    return Invalid(faults=[Fault("/file", detail)])
