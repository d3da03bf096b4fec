"""Accounts, consents, residents and staff; ID numbers and phones only encrypted."""

from alembic import op

revision = "0003"
down_revision = "0002"

UP = """
CREATE TABLE resident (
  id uuid CONSTRAINT pk_resident PRIMARY KEY,
  name text NOT NULL,
  id_number_sealed bytea NOT NULL,
  id_number_index bytea NOT NULL CONSTRAINT uq_resident_id_number_index UNIQUE,
  phone_sealed bytea,
  birth_date date NOT NULL,
  sex varchar(40) NOT NULL,
  community text,
  latitude double precision,
  longitude double precision,
  verified_at timestamptz NOT NULL,
  CONSTRAINT ck_resident_sex CHECK (sex IN ('male', 'female')),
  CONSTRAINT ck_resident_latitude CHECK (latitude BETWEEN -90 AND 90),
  CONSTRAINT ck_resident_longitude CHECK (longitude BETWEEN -180 AND 180)
);
CREATE TABLE staff (
  id uuid CONSTRAINT pk_staff PRIMARY KEY,
  name text NOT NULL,
  role varchar(40) NOT NULL,
  title text NOT NULL,
  specialty text,
  institution_id uuid NOT NULL,
  left_at timestamptz,
  CONSTRAINT ck_staff_role CHECK (role IN ('anyone', 'resident', 'doctor', 'nurse', 'specialist',
    'pharmacist', 'manager', 'clock'))
);
CREATE INDEX ix_staff_institution_id ON staff (institution_id);
CREATE TABLE account (
  id uuid CONSTRAINT pk_account PRIMARY KEY,
  openid text COLLATE "C" NOT NULL CONSTRAINT uq_account_openid UNIQUE,
  phone_sealed bytea,
  phone_index bytea,
  phone_given_at timestamptz,
  resident_id uuid CONSTRAINT fk_account_resident_id_resident REFERENCES resident (id),
  staff_id uuid CONSTRAINT fk_account_staff_id_staff REFERENCES staff (id),
  created_at timestamptz NOT NULL
);
CREATE INDEX ix_account_phone_index ON account (phone_index);
CREATE UNIQUE INDEX ix_account_resident_id ON account (resident_id) WHERE resident_id IS NOT NULL;
CREATE UNIQUE INDEX ix_account_staff_id ON account (staff_id) WHERE staff_id IS NOT NULL;
CREATE TABLE consent (
  id uuid CONSTRAINT pk_consent PRIMARY KEY,
  account_id uuid NOT NULL CONSTRAINT fk_consent_account_id_account REFERENCES account (id),
  purpose varchar(40) NOT NULL,
  version text NOT NULL,
  text_hash bytea NOT NULL,
  given_at timestamptz NOT NULL,
  withdrawn_at timestamptz,
  CONSTRAINT ck_consent_purpose CHECK (purpose IN ('health_data'))
);
CREATE UNIQUE INDEX uq_consent_live ON consent (account_id, purpose) WHERE withdrawn_at IS NULL;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute("DROP TABLE consent, account, staff, resident")
