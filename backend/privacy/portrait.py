"""The document that a person can read: everything about them, in plain words, as PDF."""

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from fontTools.ttLib import TTFont
from fpdf import FPDF
from pylopdf_fonts_zh_cn import sans_path

from backend.kernel.subjects import Record, Records
from config.settings import ROOT

FONT = "zh"
SIZES = {"title": 18, "table": 13, "row": 9}


@cache
def labels() -> Mapping[str, Mapping[str, str]]:
    """The Chinese names of tables and columns."""
    return tomllib.loads((ROOT / "config" / "texts" / "export_labels.toml").read_text("utf-8"))


def draw(records: Records, made_at: str) -> bytes:
    """Every row of every table, one below the other; values that are empty are left out."""
    page = _blank()
    _line(page, "我的全部信息", "title")
    _line(page, f"生成时间：{made_at}。本文件只给您本人，请妥善保管。", "row")
    for table, rows in records.items():
        if rows:
            _line(page, f"{labels()['tables'].get(table, table)}（{len(rows)} 条）", "table")
        for number, row in enumerate(rows, 1):
            _line(page, f"{number}. {_words(row)}", "row")
    return bytes(page.output())


def _words(row: Record) -> str:
    named = labels()["columns"]
    told = ((named.get(name, name), _text(value)) for name, value in row.items())
    return "；".join(f"{name}：{value}" for name, value in told if value)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, Mapping):
        return "、".join(f"{key}={_text(inner)}" for key, inner in value.items())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "、".join(map(_text, value))
    return labels()["values"].get(str(value), str(value))


def _blank() -> FPDF:
    page = FPDF(format="A4")
    page.add_font(FONT, fname=sans_path())
    page.set_margins(15, 15)
    page.add_page()
    return page


def _line(page: FPDF, text: str, kind: str) -> None:
    size = SIZES[kind]
    page.set_font(FONT, size=size)
    page.multi_cell(0, size * 0.55, _printable(text), new_x="LMARGIN", new_y="NEXT")


def _printable(text: str) -> str:
    """A character that the typeface lacks is named by its number; the data file has it exactly."""
    return "".join(
        one if ord(one) in _glyphs() or one == "\n" else f"〔U+{ord(one):04X}〕" for one in text
    )


@cache
def _glyphs() -> frozenset[int]:
    with TTFont(sans_path(), lazy=True) as font:
        return frozenset(font.getBestCmap())
