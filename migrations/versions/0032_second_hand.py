"""A report of death takes effect by a second hand; until then reminders are paused."""

from alembic import op

revision = "0032"
down_revision = "0031"

KINDS = """'follow_up_due', 'follow_up_task', 'follow_up_escalated', 'follow_up_overdue',
  'emergency_alert', 'booking_confirmed', 'session_cancelled', 'contract_accepted',
  'contract_ended', 'prescription_ready', 'prescription_returned', 'run_out', 'demo_notice',
  'contract_applied', 'contract_declined', 'prescription_requested', 'prescription_to_review',
  'prescription_refused', 'prescription_stopped', 'prescription_expired', 'emergency_access',
  'emergency_review', 'emergency_escalated', 'doctor_changed', 'deputy_named', 'account_added',
  'proxy_asked', 'proxy_began', 'proxy_changed', 'proxy_ended', 'export_ready',
  'correction_answered'"""
MESSAGES = """
ALTER TABLE message DROP CONSTRAINT ck_message_messagekind;
ALTER TABLE message ADD CONSTRAINT ck_message_messagekind CHECK (kind IN ({kinds})) NOT VALID;
"""
UP = """
ALTER TABLE resident ADD COLUMN reminders_paused_until timestamptz;
ALTER TABLE death_report ADD COLUMN confirm_by timestamptz, ADD COLUMN confirmed_at timestamptz,
  ADD COLUMN confirmed_by uuid, ADD COLUMN objected_at timestamptz;
ALTER TABLE death_report DROP CONSTRAINT ck_death_report_deathstate;
ALTER TABLE death_report ADD CONSTRAINT ck_death_report_deathstate
  CHECK (state IN ('reported', 'confirmed', 'lapsed', 'undone')) NOT VALID;
-- What was reported before took effect at once, by one hand.
UPDATE death_report SET confirm_by = reported_at,
  confirmed_at = CASE WHEN state = 'reported' THEN reported_at END,
  state = CASE WHEN state = 'reported' THEN 'confirmed' ELSE state END;
-- squawk-ignore adding-not-nullable-field
ALTER TABLE death_report ALTER COLUMN confirm_by SET NOT NULL;
ALTER TABLE death_report
  ADD CONSTRAINT ck_death_report_confirmed
    CHECK (state <> 'confirmed' OR confirmed_at IS NOT NULL) NOT VALID,
  ADD CONSTRAINT ck_death_report_second_hand CHECK (confirmed_by <> reported_by) NOT VALID;
-- squawk-ignore require-concurrent-index-deletion
DROP INDEX uq_death_report_reported;
-- squawk-ignore require-concurrent-index-creation
CREATE UNIQUE INDEX uq_death_report_standing ON death_report (resident_id)
  WHERE state IN ('reported', 'confirmed');
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX ix_death_report_institution_id_state ON death_report (institution_id, state);
"""

DOWN = """
DROP INDEX ix_death_report_institution_id_state;
DROP INDEX uq_death_report_standing;
ALTER TABLE death_report DROP CONSTRAINT ck_death_report_confirmed,
  DROP CONSTRAINT ck_death_report_second_hand, DROP CONSTRAINT ck_death_report_deathstate;
DELETE FROM death_report WHERE state IN ('reported', 'lapsed');
UPDATE death_report SET state = 'reported' WHERE state = 'confirmed';
ALTER TABLE death_report ADD CONSTRAINT ck_death_report_deathstate
  CHECK (state IN ('reported', 'undone')) NOT VALID;
CREATE UNIQUE INDEX uq_death_report_reported ON death_report (resident_id)
  WHERE state = 'reported';
ALTER TABLE death_report DROP COLUMN confirm_by, DROP COLUMN confirmed_at,
  DROP COLUMN confirmed_by, DROP COLUMN objected_at;
ALTER TABLE resident DROP COLUMN reminders_paused_until;
DELETE FROM message WHERE kind = 'death_reported';
"""


def upgrade() -> None:
    op.execute(UP)
    op.execute(MESSAGES.format(kinds=f"{KINDS}, 'death_reported'"))


def downgrade() -> None:
    op.execute(DOWN)
    op.execute(MESSAGES.format(kinds=KINDS))
