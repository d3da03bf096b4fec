"""What the SMS provider told and cannot be applied is set aside alone, as WeChat's events are."""

from alembic import op

revision = "0064"
down_revision = "0063"

UP = """
ALTER TABLE sms_heard
  ADD COLUMN looks integer NOT NULL DEFAULT 0,
  ADD COLUMN failures integer NOT NULL DEFAULT 0,
  ADD COLUMN error text;
ALTER TABLE sms_heard DROP CONSTRAINT ck_sms_heard_heardstate;
ALTER TABLE sms_heard ADD CONSTRAINT ck_sms_heard_heardstate
  CHECK (state IN ('stored', 'applied', 'unmatched', 'quarantined')) NOT VALID;
"""
DOWN = """
UPDATE sms_heard SET state = 'unmatched' WHERE state = 'quarantined';
ALTER TABLE sms_heard DROP CONSTRAINT ck_sms_heard_heardstate;
ALTER TABLE sms_heard ADD CONSTRAINT ck_sms_heard_heardstate
  CHECK (state IN ('stored', 'applied', 'unmatched')) NOT VALID;
ALTER TABLE sms_heard VALIDATE CONSTRAINT ck_sms_heard_heardstate;
ALTER TABLE sms_heard DROP COLUMN looks, DROP COLUMN failures, DROP COLUMN error;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    """What was set aside is given up."""
    op.execute(DOWN)
