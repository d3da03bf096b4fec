"""Who holds a token now, and for whom: one statement, read at each request.

What the holder is, belongs to and was allowed comes from the database, so that the end of a
session, of a proxy or of an employment, and a change of role, are felt by the next request of
every worker, whatever became of a cache. The same statement tells row-level security which houses
the caller manages (docs/adr): of those of others no row is there in this transaction.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from backend.identity.errors import NotYourPerson, ProxyChanged
from backend.identity.guardianship import GUARDIANSHIP
from backend.identity.models import Channel
from backend.identity.tokens import Claims, Holder, read
from backend.kernel import hot
from backend.kernel.calendar import shanghai_date
from backend.kernel.context import Actor, Context, Kinship, Proxy, Role, Scope
from backend.kernel.errors import Unauthenticated

_ACCOUNT = """
SELECT a.resident_id AS own_id, w.id AS person_id,
  w.died_on IS NOT NULL OR w.restricted_at IS NOT NULL AS is_closed,
  w.died_on IS NOT NULL AS has_died,
  c.version AS consent, c.channel, w.birth_date, p.source_id AS proxy_id, p.kind, p.scope,
  p.kinship, set_config('jiayi.houses', '', true)
FROM session s
JOIN account a ON a.id = s.account_id
LEFT JOIN resident w ON w.id = coalesce(%(person)s, a.resident_id)
LEFT JOIN consent c ON c.resident_id = w.id AND c.purpose = 'health_data'
  AND c.withdrawn_at IS NULL
LEFT JOIN LATERAL (
  SELECT r.source_id, r.kind, r.scope, r.kinship FROM relation r
  WHERE w.id <> a.resident_id AND r.party_id = a.resident_id AND r.resident_id = w.id
    AND r.kind IN ('guardian', 'proxy') AND r.valid_from <= %(at)s
    AND (r.valid_until IS NULL OR r.valid_until > %(at)s)
  ORDER BY r.kind, r.valid_from DESC LIMIT 1) p ON true
WHERE s.id = %(session)s AND s.account_id = %(subject)s
  AND s.ended_at IS NULL AND s.expires_at > now()
"""
_ALLOWED = """
SELECT r.scope FROM relation r
WHERE r.source_id = %(proxy)s AND r.resident_id = %(person)s AND r.valid_from <= %(at)s
  AND (r.valid_until IS NULL OR r.valid_until > %(at)s)
FOR SHARE
"""
_MANAGED = """(SELECT CASE st.role
  WHEN 'manager' THEN st.institution_id || ARRAY(SELECT m.party_id FROM membership m
    WHERE m.staff_id = st.id AND m.kind = 'institution'
    AND m.valid_from <= %(at)s AND (m.valid_until IS NULL OR m.valid_until > %(at)s))
  WHEN 'consortium_manager' THEN st.institution_id || ARRAY(SELECT i.id FROM institution i
    JOIN institution own ON own.consortium_id = i.consortium_id
    WHERE own.id = st.institution_id)
  WHEN 'auditor' THEN ARRAY[]::uuid[]
  END AS houses) managed"""
_MEMBER = """
SELECT st.role, st.institution_id, s.stepped_up_at, managed.houses,
  ARRAY(SELECT m.party_id FROM membership m WHERE m.staff_id = st.id
    AND m.valid_from <= %(at)s AND (m.valid_until IS NULL OR m.valid_until > %(at)s)) AS parties,
  set_config('jiayi.houses', coalesce(managed.houses::text, ''), true)
FROM session s
JOIN staff st ON st.id = s.staff_id
CROSS JOIN LATERAL {managed}
WHERE s.id = %(session)s AND s.staff_id = %(subject)s
  AND s.ended_at IS NULL AND s.expires_at > now()
  AND (st.left_at IS NULL OR st.left_at > %(at)s)
"""
_MANAGER = """
SELECT %(house)s = ANY(managed.houses) AS manages
FROM staff st CROSS JOIN LATERAL {managed}
WHERE st.id = %(subject)s AND (st.left_at IS NULL OR st.left_at > %(at)s)
"""
_STAFF, _MANAGES = (words.format(managed=_MANAGED) for words in (_MEMBER, _MANAGER))


@dataclass(frozen=True, slots=True)
class Recognised:
    """Who acts, for whom, as what, and on which consent of that person."""

    actor: Actor
    resident: UUID | None = None
    proxy: Proxy | None = None
    consent: str | None = None
    is_closed: bool = False
    has_died: bool = False


def authenticate(
    at: datetime,
    token: str,
    person: UUID | None = None,
    before: Callable[[UUID], None] = lambda _subject: None,
) -> Recognised:
    """Who holds this token now; raises `Unauthenticated`.

    A resident's request names the `person` it is for: the holder, or somebody who lets the holder
    act as a proxy; raises `NotYourPerson`. `before` may ask the database more of the token's
    subject in the same trip.
    """
    claims = read(token)
    before(claims.subject)
    told = {"subject": claims.subject, "session": claims.session, "at": at}
    if claims.holder is Holder.STAFF:
        return _member_of_staff(claims, _found(_STAFF, told))
    return _resident(claims, person, at, _found(_ACCOUNT, told | {"person": person}))


def require_still_allowed(ctx: Context) -> None:
    """Ask again, as the last thing before the commit, whether a family member may act so.

    The row stays locked until the commit: an end waits for the acts that passed before it, and none
    passes after it. Raises `NotYourPerson`, `ProxyChanged`. Oneself and staff are not asked.
    """
    if ctx.proxy is None:
        return
    told = {"proxy": ctx.proxy.id, "person": ctx.resident, "at": ctx.at}
    row = hot.row(_ALLOWED, told)
    if row is None:
        raise NotYourPerson
    if _scopes(row.scope) != ctx.proxy.scopes:
        raise ProxyChanged


def manages(ctx: Context, staff_id: UUID, institution_id: UUID) -> bool:
    """Whether this member of staff works, and manages that house, at the context's instant."""
    row = hot.row(_MANAGES, {"subject": staff_id, "house": institution_id, "at": ctx.at})
    return row is not None and bool(row.manages)


def _found(statement: str, told: dict[str, Any]) -> Any:
    row = hot.row(statement, told)
    if row is None:
        raise Unauthenticated
    return row


def _resident(claims: Claims, person: UUID | None, at: datetime, row: Any) -> Recognised:
    actor = Actor(
        claims.subject, Role.RESIDENT, frozenset({claims.subject}), session=claims.session
    )
    if person is not None and person != row.own_id and row.proxy_id is None:
        raise NotYourPerson
    consent = None if _has_outgrown(row, at) else row.consent
    closed = bool(row.is_closed), bool(row.has_died)
    return Recognised(actor, row.person_id, _proxy(row), consent, *closed)


def _has_outgrown(row: Any, at: datetime) -> bool:
    """Whether somebody who has a say by now acts on what a guardian once agreed to."""
    if row.channel != Channel.GUARDIAN or row.proxy_id is not None:
        return False
    return GUARDIANSHIP.on(shanghai_date(at)).has_a_say(row.birth_date, shanghai_date(at))


def _proxy(row: Any) -> Proxy | None:
    if row.proxy_id is None:
        return None
    is_guardian = row.kind == "guardian"
    return Proxy(row.proxy_id, Kinship(row.kinship), _scopes(row.scope), is_guardian)


def _scopes(text: str | None) -> frozenset[Scope]:
    return frozenset(map(Scope, filter(None, (text or "").split(","))))


def _member_of_staff(claims: Claims, row: Any) -> Recognised:
    parties = frozenset({claims.subject, row.institution_id, *row.parties})
    return Recognised(
        Actor(
            claims.subject,
            Role(row.role),
            parties,
            row.institution_id,
            frozenset(row.houses or []),
            claims.session,
            row.stepped_up_at,
        )
    )
