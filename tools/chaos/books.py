"""Both sides' books as they stand: our message rows, and what the simulator delivered."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import psycopg

FIRST_MSGID = 1_864_323_726_461_255_680  # the simulator's numbers count on from here
FINAL = frozenset({"sent", "unknown", "failed", "withdrawn", "digested"})

# Columns are read off the row, so that a schema without them can be judged as well.
_ROWS = """
SELECT m.id, m.kind, coalesce(m.to_resident_id, m.to_staff_id), m.subject_id, m.occasion,
  coalesce(to_jsonb(m) ->> 'channel', 'wechat'), m.template_id, m.page, m.content, m.state,
  m.reason, m.msgid, a.openid,
  coalesce((to_jsonb(m) ->> 'wait_until')::timestamptz, m.due_at) <= now() + c.shift
FROM message m LEFT JOIN account a ON a.id = m.account_id, business_clock c ORDER BY m.id
"""


class Item(NamedTuple):
    """What may reach somebody once: the same kind, person, subject, occasion and channel."""

    kind: str
    person: UUID
    subject: UUID
    occasion: str
    channel: str


@dataclass(frozen=True, slots=True)
class Row:
    """One row of `message`; `openid` is the account it was last claimed for."""

    id: UUID
    item: Item
    template: str
    page: str
    content: dict[str, str]
    state: str
    reason: str | None
    msgid: int | None
    openid: str | None
    is_due: bool

    @property
    def is_final(self) -> bool:
        """Whether nothing more becomes of it by itself: a call list is people's work."""
        return self.state in FINAL or self.item.channel == "call"


@dataclass(frozen=True, slots=True)
class Line:
    """One delivery of a simulator's ledger, numbered from 1; texts from -1, and name their row."""

    seq: int
    openid: str
    template: str
    page: str
    content: dict[str, str] = field(hash=False)
    row: UUID | None = None


def read_rows(url: str) -> list[Row]:
    """Every message, in the order of queueing."""
    with psycopg.connect(url) as link:
        return [_row(*columns) for columns in link.execute(_ROWS)]


def _row(key: UUID, *columns: Any) -> Row:
    return Row(key, Item(*columns[:5]), *columns[5:])


def read_lines(ledger: Path) -> Iterator[Line]:
    """What was delivered, in order; a line that is being written does not count yet."""
    yield from map(line_of, _told(ledger))


def read_texts(ledger: Path) -> Iterator[Line]:
    """What the SMS provider delivered; the context that we sent along is our row's id."""
    for told in _told(ledger):
        row = UUID(told["session"])
        yield Line(-told["seq"], told["phone"], told["template_id"], "", {}, row)


def _told(ledger: Path) -> Iterator[dict[str, Any]]:
    if ledger.exists():
        yield from map(json.loads, ledger.read_bytes().split(b"\n")[:-1])


def line_of(told: dict[str, Any]) -> Line:
    """A line as the simulator tells it."""
    return Line(told["seq"], told["openid"], told["template_id"], told["page"] or "", told["data"])
