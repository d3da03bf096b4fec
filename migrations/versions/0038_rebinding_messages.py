"""Staff hear that another WeChat account is to be bound to their post."""

from alembic import op

revision = "0038"
down_revision = "0037"

KINDS = """'follow_up_due', 'follow_up_task', 'follow_up_escalated', 'follow_up_overdue',
  'emergency_alert', 'booking_confirmed', 'session_cancelled', 'contract_accepted',
  'contract_ended', 'prescription_ready', 'prescription_returned', 'run_out', 'demo_notice',
  'contract_applied', 'contract_declined', 'prescription_requested', 'prescription_to_review',
  'prescription_refused', 'prescription_stopped', 'prescription_expired', 'emergency_access',
  'emergency_review', 'emergency_escalated', 'doctor_changed', 'deputy_named', 'account_added',
  'proxy_asked', 'proxy_began', 'proxy_changed', 'proxy_ended',
  'export_ready', 'correction_answered', 'death_reported',
  'account_others', 'account_freed', 'desk_requested'"""
OURS = "'rebinding_asked'"
CHECK = """
ALTER TABLE message DROP CONSTRAINT ck_message_messagekind;
ALTER TABLE message ADD CONSTRAINT ck_message_messagekind CHECK (kind IN ({kinds})) NOT VALID;
"""


def upgrade() -> None:
    op.execute(CHECK.format(kinds=f"{KINDS}, {OURS}"))


def downgrade() -> None:
    op.execute(f"DELETE FROM message WHERE kind IN ({OURS})")  # nosec B608
    op.execute(CHECK.format(kinds=KINDS))
