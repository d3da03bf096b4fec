"""承诺与兑现: what the timetable promised of each expert in each house, and what was held of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text

from backend.kernel.calendar import add_months
from backend.kernel.context import Context
from backend.kernel.database import db

# One pass over the promises of a month: each has at most one session and one exception.
_COUNTED = text("""
SELECT p.expert_id, e.name AS expert_name, p.institution_id, i.name AS institution_name,
  count(*) AS promised,
  count(s.id) AS opened,
  count(*) FILTER (WHERE s.state = 'open' AND s.began_at IS NOT NULL) AS held,
  count(*) FILTER (WHERE s.state = 'open' AND s.began_at IS NOT NULL
    AND s.expert_id <> p.expert_id) AS held_by_others,
  count(*) FILTER (WHERE s.state = 'cancelled' OR (s.id IS NULL AND x.id IS NOT NULL)) AS closed,
  count(*) FILTER (WHERE s.id IS NULL AND x.id IS NULL AND p.day < :today) AS never_opened,
  count(*) FILTER (WHERE s.state = 'open' AND s.began_at IS NULL AND s.ends_at <= :at)
    AS not_begun,
  count(*) FILTER (WHERE s.state = 'open' AND s.began_at IS NULL AND s.ends_at > :at
    OR s.id IS NULL AND x.id IS NULL AND p.day >= :today) AS to_come,
  coalesce(array_agg(coalesce(s.reason, x.reason))
    FILTER (WHERE s.state = 'cancelled' OR (s.id IS NULL AND x.id IS NOT NULL)), '{}') AS reasons
FROM clinic_promise p
JOIN staff e ON e.id = p.expert_id
JOIN institution i ON i.id = p.institution_id
LEFT JOIN clinic_session s ON s.roster_id = p.roster_id AND s.day = p.day
LEFT JOIN roster_exception x ON x.roster_id = p.roster_id AND x.day = p.day AND NOT x.is_held
WHERE p.institution_id = ANY(CAST(:houses AS uuid[])) AND p.day BETWEEN :first AND :last
GROUP BY 1, 2, 3, 4
ORDER BY i.name, e.name, 1
""")


@dataclass(frozen=True, slots=True)
class KeptPromises:
    """One expert in one house in one month, in sessions.

    Promised is held (by the expert or by others), closed with a reason, not begun (its house did
    not say that the day began, so nobody says that it was held), never opened, or to come.
    """

    expert_id: UUID
    expert_name: str
    institution_id: UUID
    institution_name: str
    promised: int
    opened: int
    held: int
    held_by_others: int
    closed: int
    never_opened: int
    not_begun: int
    to_come: int
    reasons: Sequence[str]

    @property
    def closed_for(self) -> Sequence[Mapping[str, Any]]:
        """Why sessions were closed, and how often; the most frequent reason first."""
        counts = {reason: list(self.reasons).count(reason) for reason in sorted(set(self.reasons))}
        by_count = sorted(counts.items(), key=lambda each: -each[1])
        return [{"reason": reason, "count": count} for reason, count in by_count]


def kept_promises(ctx: Context, month: date) -> Sequence[KeptPromises]:
    """By house and expert what was promised and held in the acting manager's houses."""
    first = month.replace(day=1)
    told = {
        "houses": list(ctx.actor.houses),
        "first": first,
        "last": add_months(first, 1) - timedelta(days=1),
        "today": ctx.today,
        "at": ctx.at,
    }
    return [KeptPromises(**row._mapping) for row in db.session.execute(_COUNTED, told)]
