"""Who lets whom act for them: mandates of family members and guardians."""

from alembic import op

revision = "0022"
down_revision = "0021"

KINDS = """'follow_up_due', 'follow_up_task', 'follow_up_escalated', 'follow_up_overdue',
  'emergency_alert', 'booking_confirmed', 'session_cancelled', 'contract_accepted',
  'contract_ended', 'prescription_ready', 'prescription_returned', 'run_out', 'demo_notice',
  'contract_applied', 'contract_declined', 'prescription_requested', 'prescription_to_review',
  'prescription_refused', 'prescription_stopped', 'prescription_expired', 'emergency_access',
  'emergency_review', 'emergency_escalated', 'doctor_changed', 'deputy_named', 'account_added'"""
OURS = "'proxy_asked', 'proxy_began', 'proxy_changed', 'proxy_ended'"
CHECK = """
ALTER TABLE message DROP CONSTRAINT ck_message_messagekind;
ALTER TABLE message ADD CONSTRAINT ck_message_messagekind CHECK (kind IN ({kinds})) NOT VALID;
"""
UP = """
CREATE TABLE mandate (
  id uuid CONSTRAINT pk_mandate PRIMARY KEY,
  principal_id uuid CONSTRAINT fk_mandate_principal_id_resident REFERENCES resident (id),
  proxy_id uuid CONSTRAINT fk_mandate_proxy_id_resident REFERENCES resident (id),
  is_guardian boolean NOT NULL,
  kinship varchar(40) NOT NULL,
  scopes text NOT NULL,
  later_scopes text,
  narrows_on date,
  starts_on date NOT NULL,
  ends_on date NOT NULL,
  state varchar(40) NOT NULL,
  made_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  code_index bytea,
  invited_name_sealed bytea,
  proof varchar(40),
  proof_number_sealed bytea,
  institution_id uuid
    CONSTRAINT fk_mandate_institution_id_institution REFERENCES institution (id),
  recorded_by uuid CONSTRAINT fk_mandate_recorded_by_staff REFERENCES staff (id),
  witnessed_by uuid CONSTRAINT fk_mandate_witnessed_by_staff REFERENCES staff (id),
  confirmed_at timestamptz,
  narrowing_told_at timestamptz,
  ended_at timestamptz,
  ended_by uuid,
  end_reason varchar(40),
  CONSTRAINT ck_mandate_kinship CHECK (kinship IN ('son', 'daughter', 'spouse', 'father',
    'mother', 'grandchild', 'sibling', 'guardian', 'other')),
  CONSTRAINT ck_mandate_state CHECK (state IN ('invited', 'asked', 'recorded', 'active',
    'declined', 'withdrawn', 'lapsed', 'ended')),
  CONSTRAINT ck_mandate_proof CHECK (proof IN ('own_document', 'birth_certificate',
    'household_register', 'guardianship_ruling')),
  CONSTRAINT ck_mandate_endreason CHECK (end_reason IN ('revoked', 'given_up', 'expired',
    'replaced', 'came_of_age', 'closed')),
  CONSTRAINT ck_mandate_two_people CHECK (principal_id <> proxy_id),
  CONSTRAINT ck_mandate_scopes CHECK (scopes <> ''),
  CONSTRAINT ck_mandate_term CHECK (starts_on <= ends_on),
  CONSTRAINT ck_mandate_guardian CHECK (is_guardian = (later_scopes IS NOT NULL)),
  CONSTRAINT ck_mandate_narrows CHECK (is_guardian = (narrows_on IS NOT NULL)),
  CONSTRAINT ck_mandate_code CHECK ((state = 'invited') = (code_index IS NOT NULL)),
  CONSTRAINT ck_mandate_confirmed CHECK (state NOT IN ('active', 'ended')
    OR (principal_id IS NOT NULL AND proxy_id IS NOT NULL AND confirmed_at IS NOT NULL)),
  CONSTRAINT ck_mandate_ended CHECK ((state = 'ended') = (end_reason IS NOT NULL)),
  CONSTRAINT ck_mandate_ended_has_time CHECK ((end_reason IS NULL) = (ended_at IS NULL)),
  CONSTRAINT ck_mandate_proof_seen CHECK ((recorded_by IS NULL) = (proof IS NULL)),
  CONSTRAINT ck_mandate_two_witnesses CHECK (recorded_by <> witnessed_by),
  CONSTRAINT ck_mandate_witnessed CHECK (recorded_by IS NULL
    OR state NOT IN ('active', 'ended') OR witnessed_by IS NOT NULL),
  CONSTRAINT ck_mandate_guardian_seen CHECK (NOT is_guardian OR recorded_by IS NOT NULL)
);
CREATE UNIQUE INDEX uq_mandate_live ON mandate (principal_id, proxy_id) WHERE state = 'active';
CREATE UNIQUE INDEX ix_mandate_code_index ON mandate (code_index);
CREATE INDEX ix_mandate_principal_id ON mandate (principal_id);
CREATE INDEX ix_mandate_proxy_id ON mandate (proxy_id);
CREATE INDEX ix_mandate_ends_on ON mandate (ends_on) WHERE state = 'active';
CREATE INDEX ix_mandate_narrows_on ON mandate (narrows_on)
  WHERE state = 'active' AND narrowing_told_at IS NULL;
CREATE INDEX ix_mandate_expires_at ON mandate (expires_at)
  WHERE state IN ('invited', 'asked', 'recorded');
CREATE INDEX ix_mandate_institution_id ON mandate (institution_id)
  WHERE institution_id IS NOT NULL;
"""


def upgrade() -> None:
    op.execute(UP)
    op.execute(CHECK.format(kinds=f"{KINDS}, {OURS}"))


def downgrade() -> None:
    op.execute(f"DELETE FROM message WHERE kind IN ({OURS})")
    op.execute(CHECK.format(kinds=KINDS))
    op.execute("DROP TABLE mandate")
