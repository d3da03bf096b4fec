"""What one member of staff records at a desk counts once a colleague confirms it."""

from alembic import op

revision = "0034"
down_revision = "0033"

KINDS = """'follow_up_due', 'follow_up_task', 'follow_up_escalated', 'follow_up_overdue',
  'emergency_alert', 'booking_confirmed', 'session_cancelled', 'contract_accepted',
  'contract_ended', 'prescription_ready', 'prescription_returned', 'run_out', 'demo_notice',
  'contract_applied', 'contract_declined', 'prescription_requested', 'prescription_to_review',
  'prescription_refused', 'prescription_stopped', 'prescription_expired', 'emergency_access',
  'emergency_review', 'emergency_escalated', 'doctor_changed', 'deputy_named', 'account_added',
  'proxy_asked', 'proxy_began', 'proxy_changed', 'proxy_ended', 'export_ready',
  'correction_answered', 'death_reported'"""
OURS = "'account_others', 'account_freed', 'desk_requested'"
CHECK = """
ALTER TABLE message DROP CONSTRAINT ck_message_messagekind;
ALTER TABLE message ADD CONSTRAINT ck_message_messagekind CHECK (kind IN ({kinds})) NOT VALID;
"""
UP = """
CREATE TABLE desk_request (
  id uuid CONSTRAINT pk_desk_request PRIMARY KEY,
  resident_id uuid NOT NULL CONSTRAINT fk_desk_request_resident_id_resident REFERENCES resident (id),
  act varchar(40) NOT NULL,
  account_id uuid CONSTRAINT fk_desk_request_account_id_account REFERENCES account (id),
  institution_id uuid NOT NULL,
  recorded_by uuid NOT NULL CONSTRAINT fk_desk_request_recorded_by_staff REFERENCES staff (id),
  made_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  witnessed_by uuid CONSTRAINT fk_desk_request_witnessed_by_staff REFERENCES staff (id),
  witnessed_at timestamptz,
  phone_sealed bytea,
  CONSTRAINT ck_desk_request_deskact CHECK (act IN ('lost_phone', 'binding')),
  CONSTRAINT ck_desk_request_binding_names_account CHECK ((act = 'binding') = (account_id IS NOT NULL)),
  CONSTRAINT ck_desk_request_two_witnesses CHECK (recorded_by <> witnessed_by),
  CONSTRAINT ck_desk_request_witnessed CHECK ((witnessed_by IS NULL) = (witnessed_at IS NULL))
);
CREATE INDEX ix_desk_request_resident_id ON desk_request (resident_id);
CREATE INDEX ix_desk_request_institution_id ON desk_request (institution_id)
  WHERE witnessed_at IS NULL;
"""


def upgrade() -> None:
    op.execute(UP)
    op.execute(CHECK.format(kinds=f"{KINDS}, {OURS}"))


def downgrade() -> None:
    op.execute(f"DELETE FROM message WHERE kind IN ({OURS})")  # nosec B608
    op.execute(CHECK.format(kinds=KINDS))
    op.execute("DROP TABLE desk_request")
