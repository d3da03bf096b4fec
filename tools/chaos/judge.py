"""Compares the books: each item delivered once or accounted for, nothing twice, nothing hidden.

An *item* is a kind, a person, a subject, an occasion and a channel.

`lost`: wanted, and there is no row of it; or a row says `sent` and the ledger has no such delivery.
A row that is final says why (the schema insists on a reason), and one that waits is `limbo`.
`doubled`: deliveries of an item beyond the first, to persons for whom no answer was made to be
lost; `doubled_with_injected_loss`: the same, to the others.
`limbo`: items that are due and not final, or have more than one row.
`stray`: deliveries of which no row knows. `contradicted`: rows that say a message was not sent
(failed, withdrawn, digested) although it was delivered.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from tools.chaos.books import FIRST_MSGID, Item, Line, Row

NOT_DELIVERED = frozenset({"failed", "withdrawn", "digested"})

Address = tuple[str | None, str, str]


@dataclass
class Verdict:
    """What was found; the lists name the items, so that somebody can look."""

    items: int = 0
    rows: int = 0
    deliveries: int = 0
    states: dict[str, int] = field(default_factory=dict)
    reasons: dict[str, int] = field(default_factory=dict)
    delivered_in_doubt: int = 0
    delivered_again: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    doubled_with_injected_loss: list[str] = field(default_factory=list)
    limbo: list[str] = field(default_factory=list)
    stray: list[str] = field(default_factory=list)
    contradicted: list[str] = field(default_factory=list)

    @property
    def reconciles(self) -> bool:
        """Whether each delivery is some row's, and each row that says `sent` has one."""
        told = self.states.get("sent", 0) + self.delivered_in_doubt + self.delivered_again
        return not self.stray and self.deliveries == told


def judge(
    rows: Sequence[Row], lines: Iterable[Line], wanted: Collection[Item], unlucky: Collection[str]
) -> Verdict:
    """Compare; `unlucky` are the openids for whom answers were made to be lost."""
    books = _Books(rows, lines)
    verdict = Verdict(rows=len(rows), deliveries=books.deliveries)
    verdict.states = dict(Counter(row.state for row in rows))
    verdict.reasons = dict(Counter(row.reason for row in rows if row.reason and row.is_final))
    verdict.stray = [f"{line.seq} {line.openid} {line.page}" for line in books.stray]
    _fates(verdict, books)
    _items(verdict, books, frozenset(wanted), frozenset(unlucky))
    return verdict


class _Books:
    """Which deliveries are whose: by the number of the answer, else by address and words."""

    def __init__(self, rows: Sequence[Row], lines: Iterable[Line]) -> None:
        self.rows, by_seq = rows, {line.seq: line for line in lines}
        self.deliveries = len(by_seq)
        self.of_row: dict[int, list[Line]] = defaultdict(list)
        self.stray: list[Line] = []
        self._at: dict[Address, list[int]] = defaultdict(list)
        self._place = {row.id: place for place, row in enumerate(rows)}
        for place, row in enumerate(rows):
            self._at[row.openid, row.template, row.page].append(place)
            line = by_seq.get((row.msgid or 0) - FIRST_MSGID)
            if line is not None and line.openid == row.openid:
                self.of_row[place].append(by_seq.pop(line.seq))
        for line in by_seq.values():
            self._find(line)

    def _find(self, line: Line) -> None:
        there = self._at.get((line.openid, line.template, line.page), [])
        if line.row is not None:
            there = [self._place[line.row]] if line.row in self._place else []
        if not there:
            self.stray.append(line)
            return
        self.of_row[min(there, key=lambda place: self._strangeness(place, line))].append(line)

    def _strangeness(self, place: int, line: Line) -> tuple[bool, int, bool]:
        """The row that says the same, has fewest deliveries, and may have had one."""
        row = self.rows[place]
        certain_not = row.state in NOT_DELIVERED
        return row.content != line.content, len(self.of_row.get(place, [])), certain_not


def _fates(verdict: Verdict, books: _Books) -> None:
    for place, row in enumerate(books.rows):
        delivered = len(books.of_row.get(place, []))
        if row.state == "sent" and not delivered:
            verdict.lost.append(f"{row.id} says sent")
        elif row.state in NOT_DELIVERED and delivered:
            verdict.contradicted.append(f"{row.id} {row.state} {row.reason}")
        verdict.delivered_in_doubt += row.state != "sent" and delivered > 0
        verdict.delivered_again += max(0, delivered - 1)


def _items(
    verdict: Verdict, books: _Books, wanted: frozenset[Item], unlucky: frozenset[str]
) -> None:
    of_item: dict[Item, list[int]] = defaultdict(list)
    for place, row in enumerate(books.rows):
        of_item[row.item].append(place)
    verdict.items = len(of_item)
    verdict.lost += [f"{item} has no row" for item in wanted - of_item.keys()]
    for item, places in of_item.items():
        rows = [books.rows[place] for place in places]
        lines = [line for place in places for line in books.of_row.get(place, [])]
        again = [f"{item} {line.seq}" for line in lines[1:]]
        injected = any(line.openid in unlucky for line in lines)
        (verdict.doubled_with_injected_loss if injected else verdict.doubled).extend(again)
        if len(rows) > 1 or any(row.is_due and not row.is_final for row in rows):
            verdict.limbo.append(f"{item} {[row.state for row in rows]}")
