"""Codes and cards as they are printed: SVG for a screen or a poster, PDF for a card."""

from io import BytesIO

import segno
from fpdf import FPDF
from pylopdf_fonts_zh_cn import sans_path

from backend.clinics.card_service import Face

CARD_MM = (85.6, 54.0)
FONT = "zh"


def svg(code: str) -> bytes:
    """A code as SVG, its quiet zone included."""
    drawn = BytesIO()
    segno.make(code, error="m", micro=False).save(drawn, kind="svg", scale=8, border=4)
    return drawn.getvalue()


def png(code: str) -> bytes:
    """A code as PNG."""
    drawn = BytesIO()
    segno.make(code, error="m", micro=False).save(drawn, kind="png", scale=8, border=4)
    return drawn.getvalue()


def pdf(face: Face) -> bytes:
    """A card of the size of a bank card: the code, the family name, the house, how to use it."""
    page = FPDF(unit="mm", format=CARD_MM)
    page.set_auto_page_break(False)
    page.add_font(FONT, fname=sans_path())
    page.set_margins(4, 4)
    page.add_page()
    _words(page, face)
    _code(page, face.code, left=48, top=8, size=34)
    return bytes(page.output())


def _words(page: FPDF, face: Face) -> None:
    lines = [
        (14, "就诊卡"),
        (13, face.name),
        (8, face.house),
        (8, f"{face.issued_on.isoformat()} 发"),
        (7, "看病那天带着它到窗口，扫一下就签到。丢了请带证件到窗口补卡，旧卡马上作废。"),
    ]
    for size, text in lines:
        page.set_font(FONT, size=size)
        page.multi_cell(42, size * 0.48, text, new_x="LMARGIN", new_y="NEXT")
        page.ln(1.2)


def _code(page: FPDF, code: str, left: float, top: float, size: float) -> None:
    matrix = segno.make(code, error="m", micro=False).matrix
    side = size / len(matrix)
    for y, row in enumerate(matrix):
        for x, is_dark in enumerate(row):
            if is_dark:
                page.rect(left + x * side, top + y * side, side, side, style="F")
