"""Who was shown whose record, when, what and why: one row a response, in its own transaction.

The row travels with the COMMIT where nothing reads it later; an answer that cannot be written
down is not given. A job seals the rows afterwards (`backend/auditing`); no request waits for it.
"""

from collections.abc import Collection, Mapping
from uuid import UUID

from sqlalchemy import Column, DateTime, Index, Table, Text, Uuid, func, text
from sqlalchemy.dialects.postgresql import ARRAY

from backend.kernel import hot
from backend.kernel.context import Context, Role
from backend.kernel.database import Base
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
    Column("session_id", Uuid),
    Column("refusal", Text),
    Column("reasons", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Index("ix_disclosure_resident_ids", "resident_ids", postgresql_using="gin"),
    Index("ix_disclosure_at_id", "at", "id"),
    postgresql_partition_by="RANGE (at)",
)
unsealed = Table(
    "disclosure_unsealed",
    Base.metadata,
    Column("disclosure_id", Uuid, primary_key=True),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
)

# Why somebody is shown a person to whom they stand in no relation at that moment.
BY_OFFICE: Mapping[Role, str] = {
    Role.MANAGER: "institution",
    Role.CONSORTIUM_MANAGER: "consortium",
    Role.AUDITOR: "audit",
}
OWN_WORK = "own_work"

# One trip however many are shown. A relation that this very act ends was in force for it.
_WRITE = """
WITH told AS (
  INSERT INTO disclosure (id, at, actor_id, actor_role, session_id, institution_id, operation,
    refusal, resident_ids, reasons)
  SELECT %(id)s::uuid, %(at)s::timestamptz, %(actor)s::uuid, %(role)s::text, %(session)s::uuid,
    %(institution)s::uuid, %(operation)s::text, %(refusal)s::text, %(residents)s::uuid[],
    coalesce(array_agg(coalesce(why.words, %(otherwise)s::text) ORDER BY one.place), '{}')
  FROM unnest(%(residents)s::uuid[]) WITH ORDINALITY AS one (id, place)
  LEFT JOIN LATERAL (
    SELECT string_agg(DISTINCT CASE r.kind
        WHEN 'emergency' THEN 'emergency:' || r.source_id
        ELSE r.kind END, ',') AS words
    FROM relation r
    WHERE r.resident_id = one.id AND r.party_id = ANY(%(parties)s::uuid[])
      AND r.valid_from <= %(at)s::timestamptz
      AND (r.valid_until IS NULL OR r.valid_until >= %(at)s::timestamptz)
  ) why ON true
  RETURNING id, at)
INSERT INTO disclosure_unsealed (disclosure_id, at) SELECT id, at FROM told
"""


def disclose(
    ctx: Context,
    operation: str,
    residents: Collection[UUID],
    refusal: str | None = None,
    *,
    is_search: bool = False,
) -> list[UUID]:
    """Write down that the actor was shown these residents' records by `operation`.

    Returns whom: nobody where nobody else's record was shown, which is written down of a search
    alone. `refusal` is the code of the problem whose words told something.
    """
    others = sorted(set(residents) - {None if ctx.proxy else ctx.resident})
    if others or is_search:
        write = hot.last if hot.may_wait() else hot.row
        write(_WRITE, _row(ctx, operation, others, refusal))
    return others


def _row(
    ctx: Context, operation: str, residents: list[UUID], refusal: str | None
) -> dict[str, object]:
    return {
        "id": new_id(),
        "at": ctx.at,
        "actor": ctx.actor.id,
        "role": str(ctx.actor.role),
        "session": ctx.actor.session,
        "institution": ctx.actor.institution,
        "operation": operation,
        "refusal": refusal,
        "residents": residents,
        "parties": list(ctx.actor.parties),
        "otherwise": _otherwise(ctx),
    }


def _otherwise(ctx: Context) -> str:
    if ctx.proxy is not None:
        return f"{'guardian' if ctx.proxy.is_guardian else 'proxy'}:{ctx.proxy.kinship}"
    return BY_OFFICE.get(ctx.actor.role, OWN_WORK)
