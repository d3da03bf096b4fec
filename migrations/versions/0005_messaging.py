"""Messages with their leases, and the append-only ledger of subscription credits."""

from alembic import op

revision = "0005"
down_revision = "0004"

UP = """
CREATE TABLE message (
  id uuid CONSTRAINT pk_message PRIMARY KEY,
  kind varchar(40) NOT NULL,
  to_resident_id uuid CONSTRAINT fk_message_to_resident_id_resident REFERENCES resident (id),
  to_staff_id uuid CONSTRAINT fk_message_to_staff_id_staff REFERENCES staff (id),
  subject_id uuid NOT NULL,
  occasion text NOT NULL,
  template_id text NOT NULL,
  content jsonb NOT NULL,
  page text NOT NULL,
  urgent boolean NOT NULL,
  obsolete boolean NOT NULL DEFAULT false,
  due_at timestamptz NOT NULL,
  created_at timestamptz NOT NULL,
  state varchar(40) NOT NULL DEFAULT 'queued',
  reason varchar(40),
  attempts integer NOT NULL DEFAULT 0,
  next_at timestamptz NOT NULL DEFAULT now(),
  account_id uuid CONSTRAINT fk_message_account_id_account REFERENCES account (id),
  sender text,
  lease_token uuid,
  lease_until timestamptz,
  sent_at timestamptz,
  errcode integer,
  rid text,
  msgid bigint,
  CONSTRAINT ck_message_messagekind CHECK (kind IN ('follow_up_due', 'follow_up_task',
    'follow_up_escalated', 'follow_up_overdue', 'emergency_alert', 'booking_confirmed',
    'session_cancelled', 'contract_accepted', 'contract_ended', 'prescription_ready',
    'prescription_returned', 'run_out', 'demo_notice', 'contract_applied', 'contract_declined',
    'prescription_requested', 'prescription_to_review', 'prescription_refused',
    'prescription_stopped', 'prescription_expired')),
  CONSTRAINT ck_message_state CHECK (state IN ('queued', 'sending', 'sent', 'unknown', 'failed',
    'withdrawn')),
  CONSTRAINT ck_message_reason CHECK (reason IN ('no_account', 'no_credit', 'bad_recipient',
    'bad_template', 'bad_page', 'bad_content', 'blocked_content', 'bad_token', 'busy',
    'concurrent', 'rate', 'quota', 'suspended', 'not_reached', 'unexpected_code', 'defect',
    'no_answer', 'unreadable', 'interrupted', 'lease_lost', 'obsolete')),
  CONSTRAINT ck_message_one_recipient CHECK (num_nonnulls(to_resident_id, to_staff_id) = 1),
  CONSTRAINT ck_message_leased_while_sending CHECK (
    (state = 'sending') = (lease_token IS NOT NULL)
    AND (state = 'sending') = (lease_until IS NOT NULL)),
  CONSTRAINT ck_message_sent_has_time CHECK ((state = 'sent') = (sent_at IS NOT NULL)),
  CONSTRAINT ck_message_has_reason CHECK (
    state NOT IN ('failed', 'unknown', 'withdrawn') OR reason IS NOT NULL)
);
CREATE UNIQUE INDEX uq_message_occasion
  ON message (kind, coalesce(to_resident_id, to_staff_id), subject_id, occasion);
CREATE UNIQUE INDEX uq_message_in_flight ON message (account_id) WHERE state = 'sending';
CREATE INDEX ix_message_due ON message (urgent DESC, due_at) WHERE state = 'queued';
CREATE INDEX ix_message_leased ON message (lease_until) WHERE state = 'sending';
CREATE INDEX ix_message_to_resident_id_due_at ON message (to_resident_id, due_at);
CREATE INDEX ix_message_to_staff_id_due_at ON message (to_staff_id, due_at);
CREATE INDEX ix_message_subject_id ON message (subject_id);

CREATE TABLE credit (
  id uuid CONSTRAINT pk_credit PRIMARY KEY,
  account_id uuid NOT NULL CONSTRAINT fk_credit_account_id_account REFERENCES account (id),
  template_id text NOT NULL,
  change integer NOT NULL,
  entry varchar(40) NOT NULL,
  source_id uuid NOT NULL,
  at timestamptz NOT NULL,
  CONSTRAINT ck_credit_entry CHECK (entry IN ('accepted', 'rejected', 'banned', 'filtered',
    'sent', 'refused'))
);
CREATE UNIQUE INDEX uq_credit_source ON credit (account_id, template_id, source_id, entry);
REVOKE UPDATE, DELETE ON credit FROM jiayi_app;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute("DROP TABLE credit, message")
