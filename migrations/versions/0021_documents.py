"""Every document of every person, unique in one place; codes for the desk; accounts that were freed."""

from alembic import op

revision = "0021"
down_revision = "0020"

UP = """
CREATE TABLE resident_document (
  id uuid CONSTRAINT pk_resident_document PRIMARY KEY,
  resident_id uuid NOT NULL CONSTRAINT fk_resident_document_resident_id_resident
    REFERENCES resident (id) ON DELETE CASCADE,
  number_index bytea NOT NULL CONSTRAINT uq_resident_document_number_index UNIQUE,
  number_sealed bytea,
  added_at timestamptz NOT NULL,
  seen_by uuid CONSTRAINT fk_resident_document_seen_by_staff REFERENCES staff (id),
  CONSTRAINT ck_resident_document_main_is_with_person
    CHECK ((id = resident_id) = (number_sealed IS NULL))
);
CREATE INDEX ix_resident_document_resident_id ON resident_document (resident_id);
CREATE FUNCTION keep_main_document() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO resident_document (id, resident_id, number_index, added_at)
  VALUES (NEW.id, NEW.id, NEW.id_number_index, NEW.verified_at)
  ON CONFLICT (id) DO UPDATE SET number_index = excluded.number_index;
  RETURN NULL;
END $$;
CREATE TRIGGER keep_main_document AFTER INSERT OR UPDATE OF id_number_index ON resident
  FOR EACH ROW EXECUTE FUNCTION keep_main_document();
INSERT INTO resident_document (id, resident_id, number_index, added_at)
  SELECT id, id, id_number_index, verified_at FROM resident
  ON CONFLICT (id) DO NOTHING;

ALTER TABLE account ADD COLUMN bound_at timestamptz, ADD COLUMN freed_at timestamptz;
CREATE TABLE desk_code (
  id uuid CONSTRAINT pk_desk_code PRIMARY KEY,
  account_id uuid NOT NULL CONSTRAINT fk_desk_code_account_id_account REFERENCES account (id)
    CONSTRAINT uq_desk_code_account_id UNIQUE,
  code_index bytea NOT NULL CONSTRAINT uq_desk_code_code_index UNIQUE,
  expires_at timestamptz NOT NULL
);
CREATE TABLE desk_miss (
  id uuid CONSTRAINT pk_desk_miss PRIMARY KEY,
  staff_id uuid NOT NULL CONSTRAINT fk_desk_miss_staff_id_staff REFERENCES staff (id),
  at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ix_desk_miss_staff_id_at ON desk_miss (staff_id, at);

-- The new column is empty and the wider check is true of every row: both hold their locks briefly.
ALTER TABLE message ADD COLUMN to_account_id uuid
  -- squawk-ignore adding-foreign-key-constraint
  CONSTRAINT fk_message_to_account_id_account REFERENCES account (id);
ALTER TABLE message DROP CONSTRAINT ck_message_messagekind;
ALTER TABLE message ADD CONSTRAINT ck_message_messagekind CHECK (kind IN ('follow_up_due',
  'follow_up_task', 'follow_up_escalated', 'follow_up_overdue', 'emergency_alert',
  'booking_confirmed', 'session_cancelled', 'contract_accepted', 'contract_ended',
  'prescription_ready', 'prescription_returned', 'run_out', 'demo_notice', 'contract_applied',
  'contract_declined', 'prescription_requested', 'prescription_to_review', 'prescription_refused',
  'prescription_stopped', 'prescription_expired', 'emergency_access', 'emergency_review',
  'emergency_escalated', 'doctor_changed', 'deputy_named', 'account_added')) NOT VALID;
"""

DOWN = """
DELETE FROM message WHERE kind = 'account_added';
ALTER TABLE message DROP COLUMN to_account_id, DROP CONSTRAINT ck_message_messagekind;
ALTER TABLE message ADD CONSTRAINT ck_message_messagekind CHECK (kind IN ('follow_up_due',
  'follow_up_task', 'follow_up_escalated', 'follow_up_overdue', 'emergency_alert',
  'booking_confirmed', 'session_cancelled', 'contract_accepted', 'contract_ended',
  'prescription_ready', 'prescription_returned', 'run_out', 'demo_notice', 'contract_applied',
  'contract_declined', 'prescription_requested', 'prescription_to_review', 'prescription_refused',
  'prescription_stopped', 'prescription_expired', 'emergency_access', 'emergency_review',
  'emergency_escalated', 'doctor_changed', 'deputy_named')) NOT VALID;
DROP TABLE desk_miss, desk_code;
ALTER TABLE account DROP COLUMN bound_at, DROP COLUMN freed_at;
DROP TRIGGER keep_main_document ON resident;
DROP FUNCTION keep_main_document();
DROP TABLE resident_document;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
