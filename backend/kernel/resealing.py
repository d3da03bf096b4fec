"""Changing field keys under load: every ciphertext is sealed anew by the newest key.

A batch holds its rows for the milliseconds it takes; rows that somebody else holds are passed over
and come with the next pass, and a row is changed only if it still is what was read. So a write of
the same instant is never lost, and the work may be stopped and begun again at any time.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, text

from backend.kernel.crypto import Keyring, Place, Unreadable
from backend.kernel.database import owner

LOCK = "FOR NO KEY UPDATE SKIP LOCKED"
UNCHANGED = "AND {column} = :old"
PAUSE_S, PASSES_WITHOUT_PROGRESS = 0.5, 20

Found = Sequence[Row[Any]]


@dataclass
class Progress:
    """How far a column has come: rows sealed anew, rows others hold, rows that do not open."""

    done: int = 0
    left: int = 0
    unreadable: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Column:
    """One column of ciphertexts as the owner of the database walks it, `batch` rows at a time."""

    url: str
    ring: Keyring
    place: Place
    batch: int

    def reseal(self, tell: Callable[[int], None]) -> Progress:
        """Pass after pass until nothing is left, or nothing has moved for ten seconds.

        `tell` is told the number of rows done after each batch.
        """
        progress, idle = Progress(), 0
        self._seal_plain(progress, tell)
        while idle < PASSES_WITHOUT_PROGRESS:
            before = progress.done
            self._pass(progress, tell)
            progress.left = self._older() - len(progress.unreadable)
            if progress.left <= 0:
                break
            idle = idle + 1 if progress.done == before else 0
            time.sleep(PAUSE_S)
        return progress

    def _seal_plain(self, progress: Progress, tell: Callable[[int], None]) -> None:
        """Seal what stood in the clear before the column was sealed."""
        while self.place.was_plain:
            with owner(self.url) as connection:
                done = self._seal_batch(connection)
            progress.done += done
            tell(progress.done)
            if not done:
                return

    def _seal_batch(self, connection: Connection) -> int:
        place = self.place
        words = f"""
            SELECT id, {place.name} FROM {place.table} WHERE {place.name} IS NOT NULL
            LIMIT :batch {LOCK}"""  # noqa: S608  # nosec B608 — names are ours
        found = connection.execute(text(words), self._size).all()
        change = f"""
            UPDATE {place.table} SET {place.column} = :new, {place.name} = NULL
            WHERE id = :id AND {place.name} = :old"""  # noqa: S608  # nosec B608 — names are ours
        changes = [
            {"id": key, "old": old, "new": self.ring.seal(old.encode(), place.of(key))}
            for key, old in found
        ]
        return connection.execute(text(change), changes).rowcount if changes else 0

    def rows_by_key(self) -> dict[str, int]:
        """How many ciphertexts each key has sealed."""
        column = self.place.column
        words = f"""
            SELECT substring({column} FROM 3 FOR get_byte({column}, 1)) AS kid, count(*)
            FROM {self.place.table} WHERE {column} IS NOT NULL GROUP BY 1 ORDER BY 1"""  # noqa: S608  # nosec B608 — names are ours
        with owner(self.url) as connection:
            found = connection.execute(text(words)).all()
        return {bytes(kid).decode(): many for kid, many in found}

    def unreadable(self) -> Iterator[str]:
        """The rows that do not open, as `table.name:key`."""
        for rows in self._batches():
            for row in rows:
                if self._open(row) is None:
                    yield self.place.of(*row[:-1])

    def _batches(self) -> Iterator[Found]:
        rows: Found = ()
        while True:
            with owner(self.url) as connection:
                rows = self._next(connection, rows)
            yield rows
            if len(rows) < self.batch:
                return

    def _pass(self, progress: Progress, tell: Callable[[int], None]) -> None:
        """Walk the column once, in the order of its key."""
        progress.unreadable = []
        rows: Found = ()
        while True:
            with owner(self.url) as connection:
                rows = self._next(connection, rows, older=True)
                self._write(connection, rows, progress)
            tell(progress.done)
            if len(rows) < self.batch:
                return

    def _next(self, connection: Connection, before: Found, older: bool = False) -> Found:
        """The rows after `before`: their keys, then the ciphertext; locked where `older` ones."""
        place, keys = self.place, ", ".join(self.place.keys)
        last: Sequence[Any] = before[-1][:-1] if before else ()
        told = {f"after{n}": value for n, value in enumerate(last)}
        further = f"AND ({keys}) > ({', '.join(f':{name}' for name in told)})" if told else ""
        words = f"""
            SELECT {keys}, {place.column} FROM {place.table}
            WHERE {self._is_older if older else f"{place.column} IS NOT NULL"} {further}
            ORDER BY {keys} LIMIT :batch {LOCK if older else ""}"""  # noqa: S608  # nosec B608 — names are ours
        return connection.execute(text(words), told | self._newest(older) | self._size).all()

    def _write(self, connection: Connection, rows: Found, progress: Progress) -> None:
        changes = []
        for row in rows:
            plain, where = self._open(row), self.place.of(*row[:-1])
            if plain is None:
                progress.unreadable.append(where)
                continue
            key = dict(zip(self.place.keys, row, strict=False))
            changes.append(key | {"old": row[-1], "new": self.ring.seal(plain, where)})
        if changes:
            this = " AND ".join(f"{name} = :{name}" for name in self.place.keys)
            same = UNCHANGED.format(column=self.place.column)
            words = f"UPDATE {self.place.table} SET {self.place.column} = :new WHERE {this} {same}"  # noqa: S608  # nosec B608 — names are ours
            progress.done += connection.execute(text(words), changes).rowcount

    def _open(self, row: Sequence[Any]) -> bytes | None:
        try:
            return self.ring.unseal(bytes(row[-1]), self.place.of(*row[:-1]))
        except Unreadable:
            return None

    def _older(self) -> int:
        plain = f"OR {self.place.name} IS NOT NULL" if self.place.was_plain else ""
        words = f"SELECT count(*) FROM {self.place.table} WHERE {self._is_older} {plain}"  # noqa: S608  # nosec B608 — names are ours
        with owner(self.url) as connection:
            return int(connection.execute(text(words), self._newest(True)).scalar_one())

    @property
    def _is_older(self) -> str:
        return f"substring({self.place.column} FROM 1 FOR :length) <> :newest"

    def _newest(self, wanted: bool) -> dict[str, Any]:
        newest = self.ring.newest
        return {"newest": newest, "length": len(newest)} if wanted else {}

    @property
    def _size(self) -> dict[str, int]:
        return {"batch": self.batch}
