"""Enrolments in programmes, follow-ups with their clock, and the readings they found."""

from alembic import op

revision = "0009"
down_revision = "0008"

UP = """
CREATE TABLE enrolment (
  id uuid CONSTRAINT pk_enrolment PRIMARY KEY,
  resident_id uuid NOT NULL,
  programme varchar(40) NOT NULL,
  state varchar(40) NOT NULL,
  diagnosed_on date NOT NULL,
  enrolled_on date NOT NULL,
  enrolled_by uuid NOT NULL,
  ended_on date,
  end_reason integer,
  CONSTRAINT ck_enrolment_programme CHECK (programme IN ('hypertension')),
  CONSTRAINT ck_enrolment_enrolmentstate CHECK (state IN ('active', 'suspended', 'ended')),
  CONSTRAINT ck_enrolment_ended_has_day CHECK ((state = 'ended') = (ended_on IS NOT NULL)),
  CONSTRAINT ck_enrolment_end_has_reason CHECK ((ended_on IS NULL) = (end_reason IS NULL))
);
CREATE UNIQUE INDEX uq_enrolment_live ON enrolment (resident_id, programme)
  WHERE state <> 'ended';
CREATE TABLE followup (
  id uuid CONSTRAINT pk_followup PRIMARY KEY,
  enrolment_id uuid NOT NULL CONSTRAINT fk_followup_enrolment_id_enrolment
    REFERENCES enrolment (id),
  follows_id uuid CONSTRAINT fk_followup_follows_id_followup REFERENCES followup (id)
    CONSTRAINT uq_followup_follows_id UNIQUE,
  resident_id uuid NOT NULL,
  programme varchar(40) NOT NULL,
  team_id uuid NOT NULL,
  doctor_id uuid NOT NULL,
  occasion varchar(40) NOT NULL,
  due_on date NOT NULL,
  state varchar(40) NOT NULL,
  told_at timestamptz,
  answer_by timestamptz,
  escalated_at timestamptz,
  escalated_to uuid,
  acknowledged_at timestamptz,
  acknowledged_by uuid,
  overdue_told_at timestamptz,
  closed_at timestamptz,
  closed_by uuid,
  outcome varchar(40),
  way integer,
  note text,
  control integer,
  advice varchar(40),
  reasons integer[],
  rule_set text,
  CONSTRAINT ck_followup_programme CHECK (programme IN ('hypertension')),
  CONSTRAINT ck_followup_occasion CHECK (occasion IN ('routine', 'recheck', 'retry')),
  CONSTRAINT ck_followup_state CHECK (state IN ('scheduled', 'due', 'escalated', 'acknowledged',
    'done', 'missed', 'cancelled')),
  CONSTRAINT ck_followup_outcome CHECK (outcome IN ('seen', 'not_reached', 'wrong_number',
    'refused', 'moved', 'died')),
  CONSTRAINT ck_followup_advice CHECK (advice IN ('routine', 'recheck', 'refer', 'refer_now')),
  CONSTRAINT ck_followup_done_has_outcome
    CHECK ((state IN ('done', 'missed')) = (outcome IS NOT NULL)),
  CONSTRAINT ck_followup_done_is_seen
    CHECK ((state = 'done') = (outcome IS NOT DISTINCT FROM 'seen')),
  CONSTRAINT ck_followup_done_has_advice CHECK ((state = 'done') = (advice IS NOT NULL)),
  CONSTRAINT ck_followup_advice_has_rule_set CHECK ((advice IS NULL) = (rule_set IS NULL)),
  CONSTRAINT ck_followup_told_has_limit CHECK ((told_at IS NULL) = (answer_by IS NULL)),
  CONSTRAINT ck_followup_due_was_told CHECK (state <> 'due' OR told_at IS NOT NULL),
  CONSTRAINT ck_followup_escalated_to_somebody
    CHECK ((escalated_at IS NULL) = (escalated_to IS NULL)),
  CONSTRAINT ck_followup_escalated_has_time
    CHECK (state <> 'escalated' OR escalated_at IS NOT NULL),
  CONSTRAINT ck_followup_acknowledged_by_somebody
    CHECK ((acknowledged_at IS NULL) = (acknowledged_by IS NULL)),
  CONSTRAINT ck_followup_acknowledged_has_time
    CHECK (state <> 'acknowledged' OR acknowledged_at IS NOT NULL),
  CONSTRAINT ck_followup_closed_has_time
    CHECK ((state IN ('done', 'missed', 'cancelled')) = (closed_at IS NOT NULL))
);
CREATE UNIQUE INDEX uq_followup_open ON followup (enrolment_id)
  WHERE state IN ('scheduled', 'due', 'escalated', 'acknowledged');
CREATE INDEX ix_followup_resident_id_due_on ON followup (resident_id, due_on);
CREATE INDEX ix_followup_scheduled ON followup (due_on) WHERE state = 'scheduled';
CREATE INDEX ix_followup_late ON followup (due_on)
  WHERE state IN ('escalated', 'acknowledged') AND overdue_told_at IS NULL;
CREATE INDEX ix_followup_waiting ON followup (answer_by) WHERE state = 'due';
CREATE TABLE measurement (
  id uuid CONSTRAINT pk_measurement PRIMARY KEY,
  resident_id uuid NOT NULL,
  followup_id uuid NOT NULL CONSTRAINT fk_measurement_followup_id_followup
    REFERENCES followup (id),
  source varchar(40) NOT NULL,
  taken_on date NOT NULL,
  recorded_at timestamptz NOT NULL,
  recorded_by uuid NOT NULL,
  alerted boolean NOT NULL,
  systolic integer NOT NULL,
  diastolic integer NOT NULL,
  heart_rate integer,
  symptoms integer[] NOT NULL,
  signs text[] NOT NULL,
  pregnant_or_lactating boolean NOT NULL,
  reaction varchar(40) NOT NULL,
  complication varchar(40) NOT NULL,
  way integer,
  adherence integer,
  weight_kg double precision,
  cigarettes integer,
  alcohol double precision,
  exercise_per_week integer,
  exercise_minutes integer,
  salt integer,
  CONSTRAINT ck_measurement_source CHECK (source IN ('visit', 'home')),
  CONSTRAINT ck_measurement_reaction CHECK (reaction IN ('none', 'present', 'hard_to_control')),
  CONSTRAINT ck_measurement_complication CHECK (complication IN ('no_change', 'new', 'worse')),
  CONSTRAINT ck_measurement_pressures CHECK (systolic > diastolic),
  CONSTRAINT ck_measurement_visit_has_way CHECK ((source = 'visit') = (way IS NOT NULL))
);
CREATE INDEX ix_measurement_resident_id_taken_on ON measurement (resident_id, taken_on);
CREATE INDEX ix_measurement_followup_id ON measurement (followup_id);
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute("DROP TABLE measurement, followup, enrolment")
