"""Residents who want to be reminded, and due reminders to each of them, by bulk load."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import psycopg

from backend.identity import Purpose, consent_text
from backend.kernel.calendar import SHANGHAI
from bench.clinics import People

AGREED = """
INSERT INTO consent (id, resident_id, channel, purpose, version, text_hash, given_at)
SELECT gen_random_uuid(), resident, 'desk', 'reminders', %s, '', now()
FROM unnest(%s::uuid[]) resident
"""
DUE = """
INSERT INTO message (id, kind, to_resident_id, subject_id, occasion, template_id, content, page,
  urgent, due_at, created_at)
SELECT gen_random_uuid(), 'booking_moved', resident, gen_random_uuid(), 'bench', 'JIAYI-BOOKING',
  '{"thing1": "您的预约已改期", "time2": "2026年11月23日 09:00", "thing3": "示例中心"}',
  'pages/index/index', false, %s::timestamptz + n * make_interval(secs => %s), now()
FROM unnest(%s::uuid[]) WITH ORDINALITY AS told (resident, n)
"""
SHIFT = "UPDATE business_clock SET shift = %s"
MORNING = 10


def at_ten(link: psycopg.Connection) -> timedelta:
    """Let it be ten in the morning of a Wednesday; how far business time is ahead."""
    now = datetime.now(UTC).astimezone(SHANGHAI)
    days = (2 - now.weekday()) % 7 + 7
    there = (now + timedelta(days=days)).replace(hour=MORNING, minute=0, second=0)
    link.execute(SHIFT, [there - now])
    return there - now


def people(link: psycopg.Connection, many: int) -> People:
    """So many residents with accounts who want to be reminded."""
    found = People.make(link, many)
    link.execute(AGREED, [consent_text(Purpose.REMINDERS).version, found.residents])
    link.execute("ANALYZE consent")
    return found


def queue(
    link: psycopg.Connection, residents: Sequence[UUID], due: datetime, apart_s: float = 0.0
) -> None:
    """One reminder for each, due at `due` and then one every `apart_s` seconds."""
    link.execute(DUE, [due, apart_s, list(residents)])
    link.execute("VACUUM ANALYZE message")
    link.execute("CHECKPOINT")
