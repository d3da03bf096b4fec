"""Recomputing the chain from the rows: whatever was altered, deleted or put in is named."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import text

from backend.auditing.models import retired
from backend.auditing.rules import COLUMNS, GENESIS, Seal, batch_of, hash_of, may_retire
from backend.kernel.calendar import shanghai_date
from backend.kernel.database import db

AT_ONCE = 200
_SNAPSHOT = text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
_PATIENCE = text("SET LOCAL statement_timeout = '10min'")
_FIRST = text("SELECT min(number) FROM audit_seal WHERE sealed_at >= :since")
_SEALS = text("SELECT * FROM audit_seal WHERE number >= :least ORDER BY number LIMIT :most")
_BEFORE = text("SELECT root FROM audit_seal WHERE number = :number - 1")
_ENTRIES = text(
    "SELECT e.disclosure_id, e.seal_number, e.place, e.hash, d.* FROM audit_entry e"
    " LEFT JOIN disclosure d ON d.id = e.disclosure_id AND d.at = e.at"
    " WHERE e.seal_number BETWEEN :least AND :most ORDER BY e.seal_number, e.place"
)
_PUT_IN = text(
    "SELECT d.id FROM disclosure d WHERE d.recorded_at >= :since"
    " AND NOT EXISTS (SELECT FROM audit_entry e WHERE e.disclosure_id = d.id AND e.at = d.at)"
    " AND NOT EXISTS (SELECT FROM disclosure_unsealed u WHERE u.disclosure_id = d.id)"
)
_GONE_EARLY = text(
    "SELECT u.disclosure_id FROM disclosure_unsealed u"
    " WHERE NOT EXISTS (SELECT FROM disclosure d WHERE d.id = u.disclosure_id AND d.at = u.at)"
)
_WITHOUT_SEAL = text(
    "SELECT e.disclosure_id, e.seal_number FROM audit_entry e"
    " WHERE e.seal_number >= :least"
    " AND NOT EXISTS (SELECT FROM audit_seal s WHERE s.number = e.seal_number)"
)
_ALWAYS = date(2020, 1, 1)


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it was sealed."""

    what: str
    seal: int | None = None
    disclosure: UUID | None = None

    def __str__(self) -> str:
        place = [f"seal {self.seal}"] if self.seal is not None else []
        row = [f"disclosure {self.disclosure}"] if self.disclosure is not None else []
        return ", ".join([*place, *row, self.what])


@dataclass(frozen=True, slots=True)
class Report:
    """How far the chain reaches, and what is wrong with it."""

    seals: int
    rows: int
    number: int
    root: bytes
    findings: Sequence[Finding]


def verify(since: date | None = None, expected: bytes | None = None) -> Report:
    """Recompute the chain (from the first seal of `since` on), in one snapshot.

    `expected` is a root kept elsewhere: where it is not in the chain, its end was cut or rewritten.
    """
    db.session.execute(_SNAPSHOT)
    db.session.execute(_PATIENCE)
    walk = _Walk(since or _ALWAYS)
    findings = [*walk.along(), *_beside(since or _ALWAYS, walk.first)]
    if expected is not None and not _has(expected):
        findings.append(
            Finding("the expected root is not in the chain: its end is not the old one")
        )
    return Report(walk.seals, walk.rows, walk.number, walk.root, findings)


def _has(root: bytes) -> bool:
    asked = text("SELECT EXISTS (SELECT FROM audit_seal WHERE root = :root)")
    return root == GENESIS or bool(db.session.execute(asked, {"root": root}).scalar_one())


def _beside(since: date, first: int) -> Iterator[Finding]:
    """What the seals themselves cannot tell: rows without a seal, notes without a row."""
    for row in db.session.execute(_PUT_IN, {"since": since}):
        yield Finding("was put in, or its seal was taken away", None, row.id)
    for row in db.session.execute(_GONE_EARLY):
        yield Finding("was deleted before it was sealed", None, row.disclosure_id)
    for row in db.session.execute(_WITHOUT_SEAL, {"least": first}):
        yield Finding("the seal is gone", row.seal_number, row.disclosure_id)


class _Walk:
    """From link to link, remembering where it is."""

    def __init__(self, since: date) -> None:
        found = db.session.execute(_FIRST, {"since": since}).scalar_one()
        self.first = int(found or 1) if since > _ALWAYS else 1
        before = db.session.execute(_BEFORE, {"number": self.first}).scalar_one_or_none()
        self.root = bytes(before) if before else GENESIS
        self.number, self.seals, self.rows = self.first - 1, 0, 0
        gone = db.session.execute(retired.select()).all()
        self.retired = {row.month: shanghai_date(row.retired_at) for row in gone}

    def along(self) -> Iterator[Finding]:
        """Every seal in its order."""
        yield from self._retired_too_early()
        while found := self._next():
            numbers = {"least": found[0]["number"], "most": found[-1]["number"]}
            rows = db.session.execute(_ENTRIES, numbers).mappings()
            below = {n: list(group) for n, group in groupby(rows, lambda row: row["seal_number"])}
            for kept in found:
                yield from self._link(kept)
                yield from self._below(kept, below.get(kept["number"], []))

    def _next(self) -> Sequence[Mapping[Any, Any]]:
        wanted = {"least": self.number + 1, "most": AT_ONCE}
        return db.session.execute(_SEALS, wanted).mappings().all()

    def _retired_too_early(self) -> Iterator[Finding]:
        for month, on in self.retired.items():
            if not may_retire(month, on):
                yield Finding(f"the month {month:%Y-%m} was retired before its time")

    def _link(self, kept: Mapping[Any, Any]) -> Iterator[Finding]:
        facts = {name: kept[name] for name in ("number", "month", "entries", "sealed_at")}
        link = Seal(prev=bytes(kept["prev"]), batch=bytes(kept["batch"]), **facts)
        for missing in range(self.number + 1, link.number):
            yield Finding("the seal is gone", missing)
        if link.prev != self.root:
            yield Finding("does not hang on the seal before it", link.number)
        if link.root != bytes(kept["root"]):
            yield Finding("the seal was altered", link.number)
        self.number, self.root, self.seals = link.number, bytes(kept["root"]), self.seals + 1

    def _below(
        self, kept: Mapping[Any, Any], rows: Sequence[Mapping[Any, Any]]
    ) -> Iterator[Finding]:
        if kept["month"] in self.retired:
            return
        number = kept["number"]
        for row in rows:
            if (wrong := _wrong_with(row)) is not None:
                yield Finding(wrong, number, row["disclosure_id"])
        for place in sorted(set(range(1, kept["entries"] + 1)) - {row["place"] for row in rows}):
            yield Finding(f"its entry {place} is gone", number)
        if batch_of(bytes(row["hash"]) for row in rows) != bytes(kept["batch"]):
            yield Finding("its entries are not those that were sealed", number)
        self.rows += len(rows)


def _wrong_with(row: Mapping[Any, Any]) -> str | None:
    if row["id"] is None:
        return "was deleted"
    same = hash_of({name: row[name] for name in COLUMNS}) == bytes(row["hash"])
    return None if same else "was altered"
