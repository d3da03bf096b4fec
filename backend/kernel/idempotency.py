"""Doing it twice: a creation that is repeated with its key gets its first answer back.

The answer is stored in the transaction of its effect; a refusal is not stored and is judged anew.
Two requests with one key wait for each other on a transaction lock, so a crash frees the key.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, DateTime, Integer, LargeBinary, Table, Text, Uuid, func, text
from sqlalchemy.dialects.postgresql import ARRAY

from backend.kernel import hot
from backend.kernel.crypto import keyring, place
from backend.kernel.database import Base, db
from backend.kernel.errors import Invalid

KEPT_HOURS = 48

idempotency = Table(
    "idempotency",
    Base.metadata,
    Column("person_id", Uuid, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("request_hash", LargeBinary, nullable=False),
    Column("status", Integer, nullable=False),
    Column("body_sealed", LargeBinary, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("resident_ids", ARRAY(Uuid), nullable=False, server_default=text("'{}'")),
)
_BODY = place("idempotency", "body", ("person_id", "key"))
_FIND = """
SELECT request_hash, status, body_sealed, resident_ids
FROM idempotency_find(%(person)s, %(key)s)
"""
_KEEP = """
INSERT INTO idempotency (person_id, key, request_hash, status, body_sealed, resident_ids)
VALUES (%(person)s, %(key)s, %(request)s, %(status)s, %(sealed)s,
  coalesce(%(residents)s::uuid[], '{}'))
"""


class KeyReused(Invalid):
    """The key was used before for another request."""

    code = "idempotency-key-reused"
    title = "重复提交的内容不一致"
    advice = "这个请求编号已经用于另一次提交，请返回上一页重新填写后提交。"


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered: an HTTP status, the body's exact bytes, the residents it shows."""

    status: int
    body: bytes
    residents: Sequence[UUID] = ()


def fingerprint(method: str, path: str, person: bytes, body: bytes) -> bytes:
    """What makes two requests the same; `person` says for whom they are."""
    return hashlib.sha256(b"\0".join([method.encode(), path.encode(), person, body])).digest()


def ask(person: UUID, key: str) -> None:
    """Let the next trip to the database look for the stored answer as well."""
    hot.ahead(_FIND, {"person": person, "key": key})


def earlier(person: UUID, key: str, request: bytes) -> Answer | None:
    """The stored answer to this request, after any request with the same key has ended.

    Raises `KeyReused` if the key belongs to a request with another content.
    """
    row = hot.row(_FIND, {"person": person, "key": key})
    if row is None:
        return None
    if row.request_hash != request:
        raise KeyReused
    body = keyring().unseal(row.body_sealed, _BODY.of(person, key))
    return Answer(row.status, body, tuple(row.resident_ids))


def remember(person: UUID, key: str, request: bytes, answer: Answer) -> None:
    """Store the answer beside its effect."""
    sealed = keyring().seal(answer.body, _BODY.of(person, key))
    kept = {"person": person, "key": key, "request": request, "sealed": sealed}
    hot.last(_KEEP, kept | {"status": answer.status, "residents": list(answer.residents) or None})


def forget_before(instant: datetime) -> int:
    """Drop the answers older than `instant` (real time); returns how many."""
    old = idempotency.delete().where(idempotency.c.created_at < instant)
    return len(db.session.execute(old.returning(idempotency.c.key)).all())


def forget(person: UUID) -> None:
    """Drop every answer that was kept for this person, or that shows them."""
    theirs = (idempotency.c.person_id == person) | idempotency.c.resident_ids.contains([person])
    db.session.execute(idempotency.delete().where(theirs))
