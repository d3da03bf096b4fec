"""Who was shown whose record: one row a response, in the transaction of the read."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import Column, DateTime, Table, Text, Uuid, func, insert
from sqlalchemy.dialects.postgresql import ARRAY

from backend.kernel.context import Context
from backend.kernel.database import Base, db
from backend.kernel.ids import new_id

disclosure = Table(
    "disclosure",
    Base.metadata,
    Column("id", Uuid, primary_key=True),
    Column("at", DateTime(timezone=True), primary_key=True),
    Column("recorded_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("actor_id", Uuid, nullable=False),
    Column("actor_role", Text, nullable=False),
    Column("institution_id", Uuid),
    Column("operation", Text, nullable=False),
    Column("resident_ids", ARRAY(Uuid), nullable=False),
    postgresql_partition_by="RANGE (at)",
)


def disclose(ctx: Context, operation: str, residents: Collection[UUID]) -> None:
    """Write down that the actor was shown these residents' records by `operation`.

    Nothing is written where nobody else's record was shown.
    """
    others = sorted(set(residents) - {ctx.resident})
    if not others:
        return
    row = {
        "id": new_id(),
        "at": ctx.at,
        "actor_id": ctx.actor.id,
        "actor_role": ctx.actor.role,
        "institution_id": ctx.actor.institution,
        "operation": operation,
        "resident_ids": others,
    }
    db.session.execute(insert(disclosure).values(row))
