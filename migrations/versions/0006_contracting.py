"""Contracts between a resident and a team, and the exact text that was confirmed."""

from alembic import op

revision = "0006"
down_revision = "0005"

UP = """
CREATE TABLE agreement (
  id uuid CONSTRAINT pk_agreement PRIMARY KEY,
  version text NOT NULL,
  content bytea NOT NULL,
  digest bytea NOT NULL,
  account_id uuid NOT NULL CONSTRAINT fk_agreement_account_id_account REFERENCES account (id),
  agreed_at timestamptz NOT NULL,
  CONSTRAINT ck_agreement_digest CHECK (digest = sha256(content))
);
REVOKE UPDATE, DELETE ON agreement FROM jiayi_app;

CREATE TABLE contract (
  id uuid CONSTRAINT pk_contract PRIMARY KEY,
  resident_id uuid NOT NULL CONSTRAINT fk_contract_resident_id_resident REFERENCES resident (id),
  team_id uuid NOT NULL CONSTRAINT fk_contract_team_id_team REFERENCES team (id),
  institution_id uuid NOT NULL CONSTRAINT fk_contract_institution_id_institution REFERENCES institution (id),
  doctor_id uuid CONSTRAINT fk_contract_doctor_id_staff REFERENCES staff (id),
  package varchar(40) NOT NULL,
  months integer NOT NULL,
  state varchar(40) NOT NULL,
  applied_at timestamptz NOT NULL,
  applied_by uuid NOT NULL CONSTRAINT fk_contract_applied_by_account REFERENCES account (id),
  answered_at timestamptz,
  answered_by uuid CONSTRAINT fk_contract_answered_by_staff REFERENCES staff (id),
  declined_because text,
  agreement_id uuid CONSTRAINT fk_contract_agreement_id_agreement REFERENCES agreement (id),
  starts_on date,
  ends_on date,
  closed_at timestamptz,
  closed_by uuid,
  end_reason varchar(40),
  CONSTRAINT ck_contract_package CHECK (package IN ('basic')),
  CONSTRAINT ck_contract_state CHECK (state IN ('applied', 'accepted', 'active', 'declined',
    'withdrawn', 'ended')),
  CONSTRAINT ck_contract_endreason CHECK (end_reason IN ('lost', 'moved', 'died', 'own_wish',
    'changed_team', 'other', 'expired', 'disputed')),
  CONSTRAINT ck_contract_confirmed
    CHECK ((state IN ('active', 'ended')) = (agreement_id IS NOT NULL)),
  CONSTRAINT ck_contract_starts CHECK ((agreement_id IS NULL) = (starts_on IS NULL)),
  CONSTRAINT ck_contract_ends CHECK ((starts_on IS NULL) = (ends_on IS NULL)),
  CONSTRAINT ck_contract_term CHECK (starts_on <= ends_on),
  CONSTRAINT ck_contract_declined CHECK ((state = 'declined') = (declined_because IS NOT NULL)),
  CONSTRAINT ck_contract_ended CHECK ((state = 'ended') = (end_reason IS NOT NULL)),
  CONSTRAINT ck_contract_closed
    CHECK ((state IN ('withdrawn', 'ended')) = (closed_at IS NOT NULL)),
  CONSTRAINT ck_contract_answered CHECK ((answered_at IS NULL) = (answered_by IS NULL)),
  CONSTRAINT ck_contract_two_sided
    CHECK (state IN ('applied', 'withdrawn') OR answered_at IS NOT NULL)
);
CREATE UNIQUE INDEX uq_contract_live ON contract (resident_id)
  WHERE state IN ('applied', 'accepted', 'active');
CREATE INDEX ix_contract_resident_id ON contract (resident_id);
CREATE INDEX ix_contract_team_id_state ON contract (team_id, state);
CREATE INDEX ix_contract_institution_id_state ON contract (institution_id, state);
CREATE INDEX ix_contract_doctor_id ON contract (doctor_id) WHERE state = 'active';
CREATE INDEX ix_contract_ends_on ON contract (ends_on) WHERE state = 'active';
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute("DROP TABLE contract, agreement")
