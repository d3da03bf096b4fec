"""Messages about emergency access."""

from alembic import op

revision = "0018"
down_revision = "0017"

BEFORE = (
    "'follow_up_due', 'follow_up_task', 'follow_up_escalated', 'follow_up_overdue',"
    " 'emergency_alert', 'booking_confirmed', 'session_cancelled', 'contract_accepted',"
    " 'contract_ended', 'prescription_ready', 'prescription_returned', 'run_out', 'demo_notice',"
    " 'contract_applied', 'contract_declined', 'prescription_requested', 'prescription_to_review',"
    " 'prescription_refused', 'prescription_stopped', 'prescription_expired'"
)
ADDED = "'emergency_access', 'emergency_review', 'emergency_escalated'"
KINDS = """
ALTER TABLE message DROP CONSTRAINT ck_message_messagekind;
ALTER TABLE message ADD CONSTRAINT ck_message_messagekind CHECK (kind IN ({kinds})) NOT VALID;
"""


def upgrade() -> None:
    op.execute(KINDS.format(kinds=f"{BEFORE}, {ADDED}"))


def downgrade() -> None:
    op.execute(f"DELETE FROM message WHERE kind IN ({ADDED})")
    op.execute(KINDS.format(kinds=BEFORE))
