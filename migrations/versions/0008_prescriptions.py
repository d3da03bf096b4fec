"""The formulary, and long prescriptions from the wish to the day on which the drugs run out."""

from alembic import op

revision = "0008"
down_revision = "0007"

UP = """
CREATE TABLE drug (
  id uuid CONSTRAINT pk_drug PRIMARY KEY,
  code text NOT NULL CONSTRAINT uq_drug_code UNIQUE,
  name text NOT NULL,
  drug_class varchar(40) NOT NULL,
  atc text NOT NULL,
  strength text NOT NULL,
  unit text NOT NULL,
  pack_size integer NOT NULL,
  is_essential boolean NOT NULL,
  is_listed boolean NOT NULL DEFAULT true,
  CONSTRAINT ck_drug_pack_size CHECK (pack_size BETWEEN 1 AND 1000),
  CONSTRAINT ck_drug_drugclass CHECK (drug_class IN ('ordinary', 'toxic', 'radioactive',
    'precursor', 'narcotic', 'psychotropic_1', 'psychotropic_2', 'antimicrobial',
    'special_storage'))
);
CREATE TABLE prescription (
  id uuid CONSTRAINT pk_prescription PRIMARY KEY,
  resident_id uuid NOT NULL
    CONSTRAINT fk_prescription_resident_id_resident REFERENCES resident (id),
  team_id uuid NOT NULL,
  institution_id uuid NOT NULL
    CONSTRAINT fk_prescription_institution_id_institution REFERENCES institution (id),
  state varchar(40) NOT NULL,
  days_wanted integer NOT NULL,
  change text,
  requested_at timestamptz NOT NULL,
  doctor_id uuid CONSTRAINT fk_prescription_doctor_id_staff REFERENCES staff (id),
  issued_at timestamptz,
  issue_number integer NOT NULL,
  turn varchar(40),
  days integer,
  diagnoses text[],
  stable boolean,
  adherent boolean,
  plan_fits boolean,
  educated boolean,
  note text,
  rule_set text,
  valid_until date,
  runs_out_on date,
  ended_at timestamptz,
  end_reason varchar(40),
  end_note text,
  CONSTRAINT ck_prescription_state CHECK (state IN ('requested', 'issued', 'returned', 'reviewed',
    'in_use', 'renewed', 'finished', 'terminated', 'refused', 'withdrawn', 'expired')),
  CONSTRAINT ck_prescription_turn CHECK (turn IN ('first', 'renewal')),
  CONSTRAINT ck_prescription_stop CHECK (end_reason IN ('target_not_met', 'other_disease',
    'hospitalised', 'other')),
  CONSTRAINT ck_prescription_days CHECK (days_wanted > 0 AND days > 0),
  CONSTRAINT ck_prescription_issued_is_whole CHECK (
    state IN ('requested', 'refused', 'withdrawn')
    OR num_nulls(doctor_id, issued_at, turn, days, diagnoses, rule_set, valid_until) = 0),
  CONSTRAINT ck_prescription_dispensed_runs_out CHECK (
    state NOT IN ('in_use', 'renewed', 'finished') OR runs_out_on IS NOT NULL),
  CONSTRAINT ck_prescription_stopped_has_reason CHECK (
    (state = 'terminated') = (end_reason IS NOT NULL))
);
CREATE UNIQUE INDEX uq_prescription_open ON prescription (resident_id)
  WHERE state IN ('requested', 'returned', 'issued', 'reviewed');
CREATE INDEX ix_prescription_resident_id ON prescription (resident_id);
CREATE INDEX ix_prescription_valid_until ON prescription (valid_until)
  WHERE state IN ('issued', 'reviewed');
CREATE INDEX ix_prescription_runs_out_on ON prescription (runs_out_on) WHERE state = 'in_use';

CREATE TABLE prescription_wish (
  prescription_id uuid NOT NULL
    CONSTRAINT fk_prescription_wish_prescription_id_prescription REFERENCES prescription (id),
  drug_id uuid NOT NULL CONSTRAINT fk_prescription_wish_drug_id_drug REFERENCES drug (id),
  CONSTRAINT pk_prescription_wish PRIMARY KEY (prescription_id, drug_id)
);
CREATE TABLE prescription_line (
  id uuid CONSTRAINT pk_prescription_line PRIMARY KEY,
  prescription_id uuid NOT NULL
    CONSTRAINT fk_prescription_line_prescription_id_prescription REFERENCES prescription (id),
  issue_number integer NOT NULL,
  position integer NOT NULL,
  drug_id uuid NOT NULL CONSTRAINT fk_prescription_line_drug_id_drug REFERENCES drug (id),
  dose numeric(9, 3) NOT NULL,
  times_per_day numeric(9, 3) NOT NULL,
  quantity integer NOT NULL,
  usage text NOT NULL,
  dispensed integer,
  CONSTRAINT uq_prescription_line_prescription_id_issue_number_drug_id
    UNIQUE (prescription_id, issue_number, drug_id),
  CONSTRAINT ck_prescription_line_amounts
    CHECK (dose > 0 AND times_per_day > 0 AND quantity > 0),
  CONSTRAINT ck_prescription_line_dispensed CHECK (dispensed BETWEEN 0 AND quantity)
);
CREATE TABLE prescription_confirmation (
  id uuid CONSTRAINT pk_prescription_confirmation PRIMARY KEY,
  prescription_id uuid NOT NULL
    CONSTRAINT uq_prescription_confirmation_prescription_id UNIQUE
    CONSTRAINT fk_prescription_confirmation_prescription_id_prescription
      REFERENCES prescription (id),
  account_id uuid NOT NULL
    CONSTRAINT fk_prescription_confirmation_account_id_account REFERENCES account (id),
  days integer NOT NULL,
  version text NOT NULL,
  text text NOT NULL,
  text_hash bytea NOT NULL,
  confirmed_at timestamptz NOT NULL
);
REVOKE UPDATE, DELETE ON prescription_confirmation FROM jiayi_app;
CREATE TABLE prescription_review (
  id uuid CONSTRAINT pk_prescription_review PRIMARY KEY,
  prescription_id uuid NOT NULL
    CONSTRAINT fk_prescription_review_prescription_id_prescription REFERENCES prescription (id),
  issue_number integer NOT NULL,
  pharmacist_id uuid NOT NULL
    CONSTRAINT fk_prescription_review_pharmacist_id_staff REFERENCES staff (id),
  verdict varchar(40) NOT NULL,
  reason text,
  reviewed_at timestamptz NOT NULL,
  CONSTRAINT uq_prescription_review_prescription_id_issue_number
    UNIQUE (prescription_id, issue_number),
  CONSTRAINT ck_prescription_review_verdict CHECK (verdict IN ('passed', 'returned')),
  CONSTRAINT ck_prescription_review_return_has_reason
    CHECK (verdict = 'passed' OR reason IS NOT NULL)
);
REVOKE UPDATE, DELETE ON prescription_review FROM jiayi_app;
CREATE TABLE prescription_dispensing (
  id uuid CONSTRAINT pk_prescription_dispensing PRIMARY KEY,
  prescription_id uuid NOT NULL
    CONSTRAINT uq_prescription_dispensing_prescription_id UNIQUE
    CONSTRAINT fk_prescription_dispensing_prescription_id_prescription
      REFERENCES prescription (id),
  pharmacist_id uuid NOT NULL
    CONSTRAINT fk_prescription_dispensing_pharmacist_id_staff REFERENCES staff (id),
  collector varchar(40) NOT NULL,
  name_sealed bytea,
  id_number_sealed bytea,
  dispensed_at timestamptz NOT NULL,
  CONSTRAINT ck_prescription_dispensing_collector
    CHECK (collector IN ('self', 'representative')),
  CONSTRAINT ck_prescription_dispensing_representative_is_named CHECK (
    num_nulls(name_sealed, id_number_sealed) = CASE collector WHEN 'self' THEN 2 ELSE 0 END)
);
REVOKE UPDATE, DELETE ON prescription_dispensing FROM jiayi_app;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute("""
DROP TABLE prescription_dispensing, prescription_review, prescription_confirmation,
  prescription_line, prescription_wish, prescription, drug""")
