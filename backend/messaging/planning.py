"""Many messages at once: one statement queues thousands, by the same rules as one."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text

from backend.kernel.context import Context
from backend.kernel.database import db
from backend.kernel.ids import new_id
from backend.kernel.policy import admitted, by_anyone
from backend.messaging import wording
from backend.messaging.rules import MessagingPolicy, after_quiet
from backend.messaging.wording import MessageKind

AT_ONCE = 10_000

# Whose record is closed is told nothing; what was queued before is no change.
_PLAN = text("""
INSERT INTO message (id, kind, to_resident_id, subject_id, occasion, template_id, content, page,
  urgent, due_at, expires_at, collapse_key, created_at, climbs)
SELECT p.id, :kind, p.resident, p.subject, :occasion, :template, day.content::jsonb,
  replace(:page, :mark, p.subject::text), :urgent, day.due_at, day.expires_at,
  :collapse || ':' || p.subject, :at, :climbs
FROM unnest(CAST(:ids AS uuid[]), CAST(:residents AS uuid[]), CAST(:subjects AS uuid[]),
    CAST(:days AS integer[])) AS p (id, resident, subject, day)
  JOIN unnest(CAST(:numbers AS integer[]), CAST(:contents AS text[]),
    CAST(:dues AS timestamptz[]), CAST(:ends AS timestamptz[]))
    AS day (number, content, due_at, expires_at) ON day.number = p.day
WHERE NOT EXISTS (SELECT FROM resident r WHERE r.id = p.resident
  AND (r.died_on IS NOT NULL OR r.restricted_at IS NOT NULL))
ON CONFLICT DO NOTHING
RETURNING id
""")
_REPLACE = text("""
WITH gone AS (
  UPDATE message SET state = 'withdrawn', reason = 'replaced', obsolete = true
  FROM message newer
  WHERE newer.id = ANY(CAST(:ids AS uuid[])) AND message.collapse_key = newer.collapse_key
    AND message.to_resident_id = newer.to_resident_id AND message.to_account_id IS NULL
    AND message.id <> newer.id AND message.state = 'queued'
  RETURNING message.id)
INSERT INTO message_step (id, message_id, step, reason)
SELECT gen_random_uuid(), id, 'replaced', 'replaced' FROM gone
""")
_MARK = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Planned:
    """A message to one resident about one subject."""

    resident_id: UUID
    subject_id: UUID
    due: datetime


@admitted(by_anyone)
def plan(ctx: Context, kind: MessageKind, occasion: str, planned: Sequence[Planned]) -> int:
    """Queue one message each, as `queue` does; returns how many are new.

    For kinds whose texts name no other value than {date} and {time}; up to `AT_ONCE` a call. The
    caller judges who may be told and that nobody plans the same subjects at the same moment.
    """
    if len(planned) > AT_ONCE:
        raise ValueError(f"at most {AT_ONCE} at once")
    days = {due: number for number, due in enumerate({one.due for one in planned})}
    rows = {
        "ids": [new_id() for _ in planned],
        "residents": [one.resident_id for one in planned],
        "subjects": [one.subject_id for one in planned],
        "days": [days[one.due] for one in planned],
    }
    told = _of_kind(kind) | _of_days(ctx, kind, list(days)) | rows
    found = db.session.execute(_PLAN, {"occasion": occasion, "at": ctx.at, **told})
    added = list(found.scalars())
    if added and told["collapse"] is not None:
        db.session.execute(_REPLACE, {"ids": added})
    return len(added)


def _of_kind(kind: MessageKind) -> dict[str, object]:
    return {
        "kind": str(kind),
        "template": wording.catalogue().template_of(kind).id,
        "page": wording.page_of(kind, _MARK),
        "mark": str(_MARK),
        "urgent": wording.is_urgent(kind),
        "collapse": wording.catalogue().kind[kind].collapse,
        "climbs": wording.climbs(kind),
    }


def _of_days(ctx: Context, kind: MessageKind, days: Sequence[datetime]) -> dict[str, object]:
    """What is the same for all that are due at one instant, written once."""
    policy = ctx.region.section("messaging", MessagingPolicy)
    dues = [day if wording.is_urgent(kind) else after_quiet(day, policy) for day in days]
    return {
        "numbers": list(range(len(days))),
        "contents": [json.dumps(wording.write(kind, {}, day)) for day in days],
        "dues": dues,
        "ends": [wording.expiry(kind, due) for due in dues],
    }
