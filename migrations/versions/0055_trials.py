"""Trials of wordings: what is asked, its arms, and the arm a message was sent in."""

from alembic import op

revision = "0055"
down_revision = "0054"

UP = """
CREATE TABLE trial (
  id uuid CONSTRAINT pk_trial PRIMARY KEY,
  kind varchar(40) NOT NULL,
  question text NOT NULL,
  lines text[] NOT NULL,
  people integer NOT NULL,
  ends_on date NOT NULL,
  state varchar(40) NOT NULL,
  proposed_by uuid NOT NULL,
  proposed_at timestamptz NOT NULL,
  approved_by uuid,
  approved_at timestamptz,
  ethics_reference text,
  ended_at timestamptz,
  verdict varchar(40),
  looked_at integer NOT NULL,
  CONSTRAINT ck_trial_trialstate CHECK (state IN ('proposed', 'running', 'discarded', 'ended')),
  CONSTRAINT ck_trial_verdict
    CHECK (verdict IN ('harm', 'benefit', 'no_difference', 'out_of_time', 'stopped')),
  CONSTRAINT ck_trial_lines CHECK (cardinality(lines) BETWEEN 1 AND 2),
  CONSTRAINT ck_trial_second_hand CHECK (approved_by IS NULL OR approved_by <> proposed_by),
  CONSTRAINT ck_trial_approved CHECK (
    (state IN ('running', 'ended')) = (approved_by IS NOT NULL)
    AND (approved_by IS NULL) = (ethics_reference IS NULL)),
  CONSTRAINT ck_trial_ended CHECK ((state = 'ended') = (verdict IS NOT NULL))
);
CREATE UNIQUE INDEX uq_trial_running ON trial (kind) WHERE state = 'running';

CREATE TABLE wording_arm (
  id uuid CONSTRAINT pk_wording_arm PRIMARY KEY,
  trial_id uuid NOT NULL,
  kind varchar(40) NOT NULL,
  number integer NOT NULL,
  line text,
  is_on boolean NOT NULL,
  CONSTRAINT ck_wording_arm_control CHECK ((number = 0) = (line IS NULL))
);
CREATE UNIQUE INDEX uq_wording_arm_number ON wording_arm (trial_id, number);
CREATE UNIQUE INDEX uq_wording_arm_kind ON wording_arm (kind, number) WHERE is_on;

ALTER TABLE message ADD COLUMN arm_id uuid;
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX ix_message_arm_id ON message (arm_id) WHERE arm_id IS NOT NULL;
"""
DOWN = """
ALTER TABLE message DROP COLUMN arm_id;
DROP TABLE wording_arm, trial;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    """Messages forget in which wording they went."""
    op.execute(DOWN)
