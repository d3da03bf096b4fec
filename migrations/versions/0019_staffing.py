"""Invitations, web credentials, lock-out, absences; dated memberships that cannot overlap."""

from alembic import op

revision = "0019"
down_revision = "0018"

UP = """
CREATE TABLE staff_invitation (
  id uuid CONSTRAINT pk_staff_invitation PRIMARY KEY,
  institution_id uuid NOT NULL
    CONSTRAINT fk_staff_invitation_institution_id_institution REFERENCES institution (id),
  name text NOT NULL,
  role varchar(40) NOT NULL,
  title text NOT NULL,
  specialty text,
  link_digest bytea NOT NULL CONSTRAINT uq_staff_invitation_link_digest UNIQUE,
  code_digest bytea NOT NULL CONSTRAINT uq_staff_invitation_code_digest UNIQUE,
  invited_by uuid CONSTRAINT fk_staff_invitation_invited_by_staff REFERENCES staff (id),
  invited_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  state varchar(40) NOT NULL,
  for_staff_id uuid CONSTRAINT fk_staff_invitation_for_staff_id_staff REFERENCES staff (id),
  staff_id uuid CONSTRAINT fk_staff_invitation_staff_id_staff REFERENCES staff (id),
  accepted_at timestamptz,
  revoked_at timestamptz,
  CONSTRAINT ck_staff_invitation_role CHECK (role IN ('anyone', 'resident', 'doctor', 'nurse',
    'public_health', 'specialist', 'pharmacist', 'coordinator', 'manager', 'consortium_manager',
    'auditor', 'clock')),
  CONSTRAINT ck_staff_invitation_invitationstate
    CHECK (state IN ('pending', 'accepted', 'revoked')),
  CONSTRAINT ck_staff_invitation_role_of_staff CHECK (role NOT IN ('anyone', 'resident', 'clock')),
  CONSTRAINT ck_staff_invitation_accepted_has_time
    CHECK ((state = 'accepted') = (accepted_at IS NOT NULL)),
  CONSTRAINT ck_staff_invitation_accepted_has_staff
    CHECK ((state = 'accepted') = (staff_id IS NOT NULL)),
  CONSTRAINT ck_staff_invitation_revoked_has_time
    CHECK ((state = 'revoked') = (revoked_at IS NOT NULL)),
  CONSTRAINT ck_staff_invitation_for
    CHECK (for_staff_id IS NULL OR staff_id IS NULL OR staff_id = for_staff_id)
);
CREATE INDEX ix_staff_invitation_institution_id ON staff_invitation (institution_id);
CREATE TABLE staff_credential (
  id uuid CONSTRAINT pk_staff_credential PRIMARY KEY,
  staff_id uuid NOT NULL CONSTRAINT uq_staff_credential_staff_id UNIQUE
    CONSTRAINT fk_staff_credential_staff_id_staff REFERENCES staff (id),
  login text NOT NULL CONSTRAINT uq_staff_credential_login UNIQUE,
  password_hash text NOT NULL,
  password_set_on date NOT NULL,
  totp_sealed bytea,
  totp_since timestamptz,
  totp_step integer,
  new_totp_sealed bytea,
  CONSTRAINT ck_staff_credential_totp_has_time
    CHECK ((totp_sealed IS NULL) = (totp_since IS NULL)),
  CONSTRAINT ck_staff_credential_login_folded CHECK (login = lower(login))
);
CREATE TABLE recovery_code (
  id uuid CONSTRAINT pk_recovery_code PRIMARY KEY,
  credential_id uuid NOT NULL CONSTRAINT fk_recovery_code_credential_id_staff_credential
    REFERENCES staff_credential (id) ON DELETE CASCADE,
  digest bytea NOT NULL CONSTRAINT uq_recovery_code_digest UNIQUE,
  used_at timestamptz
);
CREATE INDEX ix_recovery_code_credential_id ON recovery_code (credential_id);
CREATE TABLE lockout (
  id uuid CONSTRAINT pk_lockout PRIMARY KEY,
  key bytea NOT NULL CONSTRAINT uq_lockout_key UNIQUE,
  failures integer NOT NULL,
  failed_at timestamptz NOT NULL
);
CREATE INDEX ix_lockout_failed_at ON lockout (failed_at);
CREATE TABLE absence (
  id uuid CONSTRAINT pk_absence PRIMARY KEY,
  staff_id uuid NOT NULL CONSTRAINT fk_absence_staff_id_staff REFERENCES staff (id),
  deputy_id uuid NOT NULL CONSTRAINT fk_absence_deputy_id_staff REFERENCES staff (id),
  first_on date NOT NULL,
  last_on date NOT NULL,
  recorded_by uuid NOT NULL,
  recorded_at timestamptz NOT NULL,
  ended_at timestamptz,
  CONSTRAINT ck_absence_days CHECK (first_on <= last_on),
  CONSTRAINT ck_absence_somebody_else CHECK (staff_id <> deputy_id),
  CONSTRAINT ex_absence_twice EXCLUDE USING gist
    (staff_id WITH =, daterange(first_on, last_on, '[]') WITH &&) WHERE (ended_at IS NULL)
);
CREATE INDEX ix_absence_deputy_id ON absence (deputy_id);

ALTER TABLE membership ADD COLUMN source_id uuid;
ALTER TABLE membership ADD CONSTRAINT ck_membership_order
  CHECK (valid_until IS NULL OR valid_from <= valid_until) NOT VALID;
-- An exclusion cannot be NOT VALID; the table is a few thousand rows.
-- squawk-ignore constraint-missing-not-valid
ALTER TABLE membership ADD CONSTRAINT ex_membership_twice EXCLUDE USING gist
  (staff_id WITH =, party_id WITH =, kind WITH =, tstzrange(valid_from, valid_until) WITH &&)
  WHERE (kind <> 'deputy');
-- squawk-ignore constraint-missing-not-valid
ALTER TABLE membership ADD CONSTRAINT ex_membership_lead EXCLUDE USING gist
  (party_id WITH =, tstzrange(valid_from, valid_until) WITH &&) WHERE (kind = 'team_lead');

CREATE FUNCTION auditor_stands_alone() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_TABLE_NAME = 'staff' THEN
    IF OLD.role <> NEW.role AND 'auditor' IN (OLD.role, NEW.role) THEN
      RAISE check_violation USING MESSAGE = 'an auditor holds no other role',
        CONSTRAINT = 'auditor_stands_alone';
    END IF;
  ELSIF EXISTS (SELECT FROM staff WHERE id = NEW.staff_id AND role = 'auditor') THEN
    RAISE check_violation USING MESSAGE = 'an auditor belongs to no team and no second house',
      CONSTRAINT = 'auditor_stands_alone';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER auditor_stands_alone BEFORE UPDATE OF role ON staff
  FOR EACH ROW EXECUTE FUNCTION auditor_stands_alone();
CREATE TRIGGER auditor_stands_alone BEFORE INSERT OR UPDATE ON membership
  FOR EACH ROW EXECUTE FUNCTION auditor_stands_alone();

ALTER TABLE message DROP CONSTRAINT ck_message_messagekind;
ALTER TABLE message ADD CONSTRAINT ck_message_messagekind CHECK (kind IN ('follow_up_due',
  'follow_up_task', 'follow_up_escalated', 'follow_up_overdue', 'emergency_alert',
  'booking_confirmed', 'session_cancelled', 'contract_accepted', 'contract_ended',
  'prescription_ready', 'prescription_returned', 'run_out', 'demo_notice', 'contract_applied',
  'contract_declined', 'prescription_requested', 'prescription_to_review',
  'prescription_refused', 'prescription_stopped', 'prescription_expired', 'emergency_access',
  'emergency_review', 'emergency_escalated', 'doctor_changed',
  'deputy_named')) NOT VALID;
"""

DOWN = """
DELETE FROM message WHERE kind IN ('doctor_changed', 'deputy_named');
ALTER TABLE message DROP CONSTRAINT ck_message_messagekind;
ALTER TABLE message ADD CONSTRAINT ck_message_messagekind CHECK (kind IN ('follow_up_due',
  'follow_up_task', 'follow_up_escalated', 'follow_up_overdue', 'emergency_alert',
  'booking_confirmed', 'session_cancelled', 'contract_accepted', 'contract_ended',
  'prescription_ready', 'prescription_returned', 'run_out', 'demo_notice', 'contract_applied',
  'contract_declined', 'prescription_requested', 'prescription_to_review',
  'prescription_refused', 'prescription_stopped', 'prescription_expired', 'emergency_access',
  'emergency_review', 'emergency_escalated'));
DROP TRIGGER auditor_stands_alone ON membership;
DROP TRIGGER auditor_stands_alone ON staff;
DROP FUNCTION auditor_stands_alone;
ALTER TABLE membership DROP CONSTRAINT ex_membership_lead, DROP CONSTRAINT ex_membership_twice,
  DROP CONSTRAINT ck_membership_order, DROP COLUMN source_id;
DROP TABLE absence, lockout, recovery_code, staff_credential, staff_invitation;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
