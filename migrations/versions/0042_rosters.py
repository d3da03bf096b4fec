"""Rosters by rule, for crews, drafted before they are published; a calendar that can be edited."""

from alembic import op

revision = "0042"
down_revision = "0041"

SERVICES = """'outpatient', 'ultrasound', 'radiology', 'nursing', 'ward_round', 'teaching',
  'lecture', 'group'"""
UP = f"""
CREATE TABLE calendar_day (
  id uuid CONSTRAINT pk_calendar_day PRIMARY KEY,
  day date NOT NULL CONSTRAINT uq_calendar_day_day UNIQUE,
  works boolean NOT NULL,
  name text NOT NULL,
  entered_by uuid NOT NULL,
  entered_at timestamptz NOT NULL
);

CREATE TABLE roster_batch (
  id uuid CONSTRAINT pk_roster_batch PRIMARY KEY,
  kind varchar(40) NOT NULL,
  title text NOT NULL,
  made_by uuid NOT NULL,
  made_at timestamptz NOT NULL,
  CONSTRAINT ck_roster_batch_batchkind CHECK (kind IN ('import', 'posting'))
);

ALTER TABLE roster
  ADD COLUMN rule text NOT NULL DEFAULT 'FREQ=WEEKLY',
  ADD COLUMN state varchar(40) NOT NULL DEFAULT 'published',
  ADD COLUMN crew uuid[] NOT NULL DEFAULT '{{}}',
  ADD COLUMN team_id uuid,
  ADD COLUMN batch_id uuid,
  ADD COLUMN replaces_id uuid,
  ADD COLUMN allocation varchar(40) NOT NULL DEFAULT 'first_come',
  ADD COLUMN is_scarce boolean NOT NULL DEFAULT false,
  ADD COLUMN quotas jsonb;
ALTER TABLE roster DROP CONSTRAINT ck_roster_service, DROP CONSTRAINT ck_roster_capacity;
ALTER TABLE roster
  ADD CONSTRAINT ck_roster_service CHECK (service IN ({SERVICES})) NOT VALID,
  ADD CONSTRAINT ck_roster_rosterstate CHECK (state IN ('draft', 'published')) NOT VALID,
  ADD CONSTRAINT ck_roster_allocation
    CHECK (allocation IN ('first_come', 'staggered', 'lottery')) NOT VALID,
  ADD CONSTRAINT ck_roster_capacity CHECK (capacity >= 0
    AND (capacity = 0) = (service IN ('ward_round', 'teaching'))) NOT VALID,
  ADD CONSTRAINT ck_roster_replaces CHECK (replaces_id IS NULL OR state = 'draft') NOT VALID,
  ADD CONSTRAINT fk_roster_batch_id_roster_batch FOREIGN KEY (batch_id)
    REFERENCES roster_batch (id) NOT VALID,
  ADD CONSTRAINT fk_roster_replaces_id_roster FOREIGN KEY (replaces_id)
    REFERENCES roster (id) NOT VALID;

ALTER TABLE clinic_session ADD COLUMN crew uuid[] NOT NULL DEFAULT '{{}}';
ALTER TABLE clinic_session DROP CONSTRAINT ck_clinic_session_service;
ALTER TABLE clinic_session
  ADD CONSTRAINT ck_clinic_session_service CHECK (service IN ({SERVICES})) NOT VALID;

CREATE TABLE roster_exception (
  id uuid CONSTRAINT pk_roster_exception PRIMARY KEY,
  roster_id uuid NOT NULL
    CONSTRAINT fk_roster_exception_roster_id_roster REFERENCES roster (id),
  day date NOT NULL,
  is_held boolean NOT NULL,
  begins time,
  ends time,
  room text,
  expert_id uuid,
  reason text NOT NULL,
  made_by uuid NOT NULL,
  made_at timestamptz NOT NULL,
  CONSTRAINT uq_roster_exception_roster_id_day UNIQUE (roster_id, day),
  CONSTRAINT ck_roster_exception_hours CHECK ((begins IS NULL) = (ends IS NULL) AND begins < ends),
  CONSTRAINT ck_roster_exception_held CHECK (is_held
    OR (begins IS NULL AND room IS NULL AND expert_id IS NULL))
);

CREATE TABLE clinic_promise (
  id uuid CONSTRAINT pk_clinic_promise PRIMARY KEY,
  roster_id uuid NOT NULL CONSTRAINT fk_clinic_promise_roster_id_roster REFERENCES roster (id),
  day date NOT NULL,
  expert_id uuid NOT NULL,
  institution_id uuid NOT NULL,
  CONSTRAINT uq_clinic_promise_roster_id_day UNIQUE (roster_id, day)
);
CREATE INDEX ix_clinic_promise_institution_id_day ON clinic_promise (institution_id, day);
CREATE INDEX ix_clinic_promise_expert_id_day ON clinic_promise (expert_id, day);
INSERT INTO clinic_promise (id, roster_id, day, expert_id, institution_id)
  SELECT gen_random_uuid(), roster_id, day, expert_id, institution_id FROM clinic_session;

CREATE TABLE calendar_feed (
  id uuid CONSTRAINT pk_calendar_feed PRIMARY KEY,
  expert_id uuid,
  institution_id uuid,
  token_hash bytea NOT NULL CONSTRAINT uq_calendar_feed_token_hash UNIQUE,
  made_by uuid NOT NULL,
  made_at timestamptz NOT NULL,
  ended_at timestamptz,
  CONSTRAINT ck_calendar_feed_whose CHECK ((expert_id IS NULL) <> (institution_id IS NULL))
);
CREATE UNIQUE INDEX uq_calendar_feed_expert ON calendar_feed (expert_id) WHERE ended_at IS NULL;
CREATE UNIQUE INDEX uq_calendar_feed_house ON calendar_feed (institution_id)
  WHERE ended_at IS NULL;
"""
DOWN = """
DROP TABLE calendar_feed, clinic_promise, roster_exception;
ALTER TABLE clinic_session DROP COLUMN crew;
ALTER TABLE roster DROP COLUMN rule, DROP COLUMN state, DROP COLUMN crew, DROP COLUMN team_id,
  DROP COLUMN batch_id, DROP COLUMN replaces_id,
  DROP COLUMN allocation, DROP COLUMN is_scarce, DROP COLUMN quotas;
DROP TABLE roster_batch, calendar_day;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
