"""Sessions that can be ended, more roles, relations of family members, consents of persons."""

from alembic import op

revision = "0010"
down_revision = "0009"

UP = """
ALTER TABLE event DROP CONSTRAINT ck_event_role;
ALTER TABLE event ADD CONSTRAINT ck_event_role CHECK (actor_role IN ('anyone', 'resident',
  'doctor', 'nurse', 'public_health', 'specialist', 'pharmacist', 'coordinator', 'manager',
  'consortium_manager', 'auditor', 'clock')) NOT VALID;
ALTER TABLE event ADD COLUMN by_kinship varchar(40)
  CONSTRAINT ck_event_kinship CHECK (by_kinship IN ('son', 'daughter', 'spouse', 'father',
    'mother', 'grandchild', 'sibling', 'guardian', 'other'));

ALTER TABLE staff DROP CONSTRAINT ck_staff_role;
ALTER TABLE staff ADD CONSTRAINT ck_staff_role CHECK (role IN ('anyone', 'resident', 'doctor',
  'nurse', 'public_health', 'specialist', 'pharmacist', 'coordinator', 'manager',
  'consortium_manager', 'auditor', 'clock')) NOT VALID;

ALTER TABLE relation DROP CONSTRAINT ck_relation_kind;
ALTER TABLE relation ADD CONSTRAINT ck_relation_kind CHECK (kind IN ('signed', 'applied',
  'booked', 'prescribed', 'alerted', 'proxy', 'guardian', 'emergency')) NOT VALID;
ALTER TABLE relation ADD COLUMN kinship varchar(40)
  CONSTRAINT ck_relation_kinship CHECK (kinship IN ('son', 'daughter', 'spouse', 'father',
    'mother', 'grandchild', 'sibling', 'guardian', 'other'));

ALTER TABLE membership DROP CONSTRAINT ck_membership_belonging;
ALTER TABLE membership ADD CONSTRAINT ck_membership_belonging CHECK (kind IN ('team', 'team_lead',
  'institution', 'deputy')) NOT VALID;

ALTER TABLE resident ADD COLUMN died_on date;
ALTER TABLE resident ADD COLUMN restricted_at timestamptz;

-- Writers wait for the seconds that these indexes take.
-- squawk-ignore require-concurrent-index-deletion
DROP INDEX ix_account_resident_id;
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX ix_account_resident_id ON account (resident_id) WHERE resident_id IS NOT NULL;

ALTER TABLE consent ADD COLUMN resident_id uuid
  -- squawk-ignore adding-foreign-key-constraint
  CONSTRAINT fk_consent_resident_id_resident REFERENCES resident (id);
ALTER TABLE consent ADD COLUMN channel varchar(40) NOT NULL DEFAULT 'own'
  CONSTRAINT ck_consent_channel CHECK (channel IN ('own', 'guardian', 'desk'));
-- squawk-ignore ban-drop-not-null
ALTER TABLE consent ALTER COLUMN account_id DROP NOT NULL;
ALTER TABLE consent ADD CONSTRAINT ck_consent_whose
  CHECK (account_id IS NOT NULL OR resident_id IS NOT NULL) NOT VALID;
UPDATE consent SET resident_id = account.resident_id FROM account
  WHERE account.id = consent.account_id;
-- squawk-ignore require-concurrent-index-deletion
DROP INDEX uq_consent_live;
-- squawk-ignore require-concurrent-index-creation
CREATE UNIQUE INDEX uq_consent_account ON consent (account_id, purpose)
  WHERE withdrawn_at IS NULL AND resident_id IS NULL;
-- squawk-ignore require-concurrent-index-creation
CREATE UNIQUE INDEX uq_consent_resident ON consent (resident_id, purpose)
  WHERE withdrawn_at IS NULL AND resident_id IS NOT NULL;

CREATE TABLE session (
  id uuid CONSTRAINT pk_session PRIMARY KEY,
  account_id uuid CONSTRAINT fk_session_account_id_account REFERENCES account (id),
  staff_id uuid CONSTRAINT fk_session_staff_id_staff REFERENCES staff (id),
  door varchar(40) NOT NULL,
  device text,
  generation integer NOT NULL DEFAULT 0,
  started_at timestamptz NOT NULL,
  refreshed_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  ended_at timestamptz,
  ended_why varchar(40),
  stepped_up_at timestamptz,
  CONSTRAINT ck_session_door CHECK (door IN ('wechat', 'web')),
  CONSTRAINT ck_session_ending CHECK (ended_why IN ('logged_out', 'ended_elsewhere', 'reused',
    'left', 'role_changed', 'credentials_changed', 'phone_lost', 'erased')),
  CONSTRAINT ck_session_whose CHECK ((account_id IS NULL) <> (staff_id IS NULL)),
  CONSTRAINT ck_session_ended_has_reason CHECK ((ended_at IS NULL) = (ended_why IS NULL))
);
CREATE INDEX ix_session_account_id ON session (account_id);
CREATE INDEX ix_session_staff_id ON session (staff_id);
CREATE INDEX ix_session_expires_at ON session (expires_at);
CREATE TABLE refresh_token (
  id uuid CONSTRAINT pk_refresh_token PRIMARY KEY,
  session_id uuid NOT NULL
    CONSTRAINT fk_refresh_token_session_id_session REFERENCES session (id) ON DELETE CASCADE,
  generation integer NOT NULL,
  hash bytea NOT NULL CONSTRAINT uq_refresh_token_hash UNIQUE,
  issued_at timestamptz NOT NULL,
  CONSTRAINT uq_refresh_token_session_id_generation UNIQUE (session_id, generation)
);
"""

DOWN = """
DROP TABLE refresh_token, session;
DROP INDEX uq_consent_account, uq_consent_resident;
DELETE FROM consent WHERE account_id IS NULL;
DELETE FROM consent c USING consent later WHERE later.account_id = c.account_id
  AND later.purpose = c.purpose AND later.withdrawn_at IS NULL AND c.withdrawn_at IS NULL
  AND later.id > c.id;
CREATE UNIQUE INDEX uq_consent_live ON consent (account_id, purpose) WHERE withdrawn_at IS NULL;
ALTER TABLE consent DROP CONSTRAINT ck_consent_whose, ALTER COLUMN account_id SET NOT NULL,
  DROP COLUMN channel, DROP COLUMN resident_id;
DROP INDEX ix_account_resident_id;
CREATE UNIQUE INDEX ix_account_resident_id ON account (resident_id) WHERE resident_id IS NOT NULL;
ALTER TABLE resident DROP COLUMN restricted_at, DROP COLUMN died_on;
DELETE FROM membership WHERE kind = 'deputy';
ALTER TABLE membership DROP CONSTRAINT ck_membership_belonging;
ALTER TABLE membership ADD CONSTRAINT ck_membership_belonging
  CHECK (kind IN ('team', 'team_lead', 'institution'));
DELETE FROM relation WHERE kind IN ('proxy', 'guardian', 'emergency');
ALTER TABLE relation DROP COLUMN kinship, DROP CONSTRAINT ck_relation_kind;
ALTER TABLE relation ADD CONSTRAINT ck_relation_kind
  CHECK (kind IN ('signed', 'applied', 'booked', 'prescribed', 'alerted'));
ALTER TABLE staff DROP CONSTRAINT ck_staff_role;
ALTER TABLE staff ADD CONSTRAINT ck_staff_role CHECK (role IN ('anyone', 'resident', 'doctor',
  'nurse', 'specialist', 'pharmacist', 'manager', 'clock')) NOT VALID;
ALTER TABLE event DROP COLUMN by_kinship, DROP CONSTRAINT ck_event_role;
ALTER TABLE event ADD CONSTRAINT ck_event_role CHECK (actor_role IN ('anyone', 'resident',
  'doctor', 'nurse', 'specialist', 'pharmacist', 'manager', 'clock')) NOT VALID;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
