"""When a message was tried, for budgets; what a person wishes of reminders.

Squawk would have the indexes made concurrently: each is partial, and empty when it is made.
"""

from alembic import op

revision = "0061"
down_revision = "0060"

UP = """
ALTER TABLE message ADD COLUMN pushed_at timestamptz;
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX ix_message_pushed ON message (account_id, pushed_at)
  WHERE state IN ('sending', 'sent', 'unknown') AND NOT urgent AND pushed_at IS NOT NULL;
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX ix_message_digest_waiting ON message (to_resident_id)
  WHERE kind = 'digest' AND state = 'queued';

CREATE TABLE reminder_wish (
  id uuid CONSTRAINT pk_reminder_wish PRIMARY KEY,
  resident_id uuid NOT NULL CONSTRAINT uq_reminder_wish_resident_id UNIQUE
    CONSTRAINT fk_reminder_wish_resident_id_resident REFERENCES resident (id),
  quiet_from time,
  quiet_to time,
  per_day integer,
  wants_digest boolean NOT NULL DEFAULT true,
  muted text[] NOT NULL DEFAULT '{}',
  said_at timestamptz NOT NULL,
  by_kinship varchar(40),
  CONSTRAINT ck_reminder_wish_quiet_has_both_ends
    CHECK ((quiet_from IS NULL) = (quiet_to IS NULL)),
  CONSTRAINT ck_reminder_wish_per_day CHECK (per_day >= 1),
  CONSTRAINT ck_reminder_wish_kinship CHECK (by_kinship IN ('son', 'daughter', 'spouse',
    'father', 'mother', 'grandchild', 'sibling', 'guardian', 'other'))
);
CREATE TRIGGER open_person BEFORE INSERT ON reminder_wish
  FOR EACH ROW EXECUTE FUNCTION open_person();
"""
DOWN = """
DROP TABLE reminder_wish;
DROP INDEX ix_message_digest_waiting, ix_message_pushed;
ALTER TABLE message DROP COLUMN pushed_at;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    """Budgets forget what was sent, and everybody has the region's ways."""
    op.execute(DOWN)
