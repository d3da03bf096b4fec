"""What comes too late: not sent any more, dropped, or sent in other words, each with its trace."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import update

from backend.kernel.context import Context
from backend.kernel.database import db
from backend.messaging import history
from backend.messaging.candidates import Candidate
from backend.messaging.models import Message, Reason, State, Step
from backend.messaging.rules import Kind, fit, kind_of
from backend.messaging.wording import Late, Wording, catalogue


def judge(ctx: Context, rows: Sequence[Candidate]) -> list[Candidate]:
    """Those that are still worth sending at `ctx.at`, some of them in their late words."""
    gone = {row.id for row in rows if _is_over(ctx, row)}
    if gone:
        ended = {"state": State.WITHDRAWN, "reason": Reason.EXPIRED, "obsolete": True}
        db.session.execute(update(Message).where(Message.id.in_(gone)).values(**ended))
        history.note(gone, Step.DROPPED, Reason.EXPIRED)
    return [_worded(ctx, row) for row in rows if row.id not in gone]


def _is_over(ctx: Context, row: Candidate) -> bool:
    expired = row.expires_at is not None and row.expires_at < ctx.at
    return expired or (_is_late(ctx, row) and _wording(row).late is Late.DROP)


def _is_late(ctx: Context, row: Candidate) -> bool:
    hours = _wording(row).late_after_hours
    return hours is not None and ctx.at > row.due_at + timedelta(hours=hours)


def _wording(row: Candidate) -> Wording:
    return catalogue().kind[row.kind]


def _worded(ctx: Context, row: Candidate) -> Candidate:
    """In the late words, where its kind has such and it is late; the row then says so too."""
    late_text = _wording(row).late_text
    if late_text is None or not _is_late(ctx, row):
        return row
    content = json.loads(row.content)
    first = next(key for key in sorted(content) if kind_of(key) is Kind.THING)
    written = {**content, first: fit(Kind.THING, late_text)}
    if written == content:
        return row
    db.session.execute(update(Message).where(Message.id == row.id).values(content=written))
    history.note([row.id], Step.REWRITTEN)
    return replace(row, content=json.dumps(written, ensure_ascii=False))
