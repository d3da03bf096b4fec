"""Draws for scarce seats: what is published of them is only ever appended to."""

from alembic import op

revision = "0045"
down_revision = "0044"

UP = """
CREATE TABLE lottery_draw (
  id uuid CONSTRAINT pk_lottery_draw PRIMARY KEY,
  session_id uuid NOT NULL CONSTRAINT uq_lottery_draw_session_id UNIQUE
    CONSTRAINT fk_lottery_draw_session_id_clinic_session REFERENCES clinic_session (id),
  commitment bytea NOT NULL,
  seed_sealed bytea NOT NULL,
  made_at timestamptz NOT NULL,
  opens_at timestamptz NOT NULL,
  closes_at timestamptz NOT NULL,
  draws_at timestamptz NOT NULL,
  rest_at timestamptz NOT NULL,
  CONSTRAINT ck_lottery_draw_order CHECK (made_at < opens_at AND opens_at < closes_at
    AND closes_at <= draws_at AND draws_at <= rest_at)
);

CREATE TABLE lottery_entry (
  id uuid CONSTRAINT pk_lottery_entry PRIMARY KEY,
  draw_id uuid NOT NULL
    CONSTRAINT fk_lottery_entry_draw_id_lottery_draw REFERENCES lottery_draw (id),
  session_id uuid NOT NULL
    CONSTRAINT fk_lottery_entry_session_id_clinic_session REFERENCES clinic_session (id),
  resident_id uuid NOT NULL,
  ticket uuid NOT NULL CONSTRAINT uq_lottery_entry_ticket UNIQUE,
  priority integer NOT NULL,
  reason text NOT NULL,
  wants_waiting boolean NOT NULL,
  joined_at timestamptz NOT NULL,
  left_at timestamptz,
  by_kinship varchar(40),
  CONSTRAINT ck_lottery_entry_kinship CHECK (by_kinship IN ('son', 'daughter', 'spouse', 'father',
    'mother', 'grandchild', 'sibling', 'guardian', 'other'))
);
CREATE UNIQUE INDEX uq_lottery_entry_person ON lottery_entry (draw_id, resident_id)
  WHERE left_at IS NULL;
CREATE INDEX ix_lottery_entry_resident_id ON lottery_entry (resident_id);

CREATE TABLE lottery_list (
  id uuid CONSTRAINT pk_lottery_list PRIMARY KEY,
  draw_id uuid NOT NULL CONSTRAINT uq_lottery_list_draw_id UNIQUE
    CONSTRAINT fk_lottery_list_draw_id_lottery_draw REFERENCES lottery_draw (id),
  digest bytea NOT NULL,
  entries integer NOT NULL,
  closed_at timestamptz NOT NULL
);

CREATE TABLE lottery_ticket (
  id uuid CONSTRAINT pk_lottery_ticket PRIMARY KEY,
  draw_id uuid NOT NULL
    CONSTRAINT fk_lottery_ticket_draw_id_lottery_draw REFERENCES lottery_draw (id),
  ticket uuid NOT NULL,
  priority integer NOT NULL,
  CONSTRAINT uq_lottery_ticket_draw_id_ticket UNIQUE (draw_id, ticket)
);

CREATE TABLE lottery_result (
  id uuid CONSTRAINT pk_lottery_result PRIMARY KEY,
  draw_id uuid NOT NULL CONSTRAINT uq_lottery_result_draw_id UNIQUE
    CONSTRAINT fk_lottery_result_draw_id_lottery_draw REFERENCES lottery_draw (id),
  is_void boolean NOT NULL,
  seed bytea,
  drawn_at timestamptz NOT NULL,
  CONSTRAINT ck_lottery_result_seed CHECK (is_void = (seed IS NULL))
);

CREATE TABLE lottery_rank (
  id uuid CONSTRAINT pk_lottery_rank PRIMARY KEY,
  draw_id uuid NOT NULL
    CONSTRAINT fk_lottery_rank_draw_id_lottery_draw REFERENCES lottery_draw (id),
  ticket uuid NOT NULL CONSTRAINT uq_lottery_rank_ticket UNIQUE,
  rank integer NOT NULL,
  outcome varchar(40) NOT NULL,
  why text,
  CONSTRAINT uq_lottery_rank_draw_id_rank UNIQUE (draw_id, rank),
  CONSTRAINT ck_lottery_rank_lotteryoutcome CHECK (outcome IN ('won', 'passed_over', 'not_drawn')),
  CONSTRAINT ck_lottery_rank_why CHECK ((outcome = 'passed_over') = (why IS NOT NULL))
);

REVOKE UPDATE, DELETE
  ON lottery_draw, lottery_list, lottery_ticket, lottery_result, lottery_rank FROM jiayi_app;
"""
DOWN = """
DROP TABLE lottery_rank, lottery_result, lottery_ticket, lottery_list, lottery_entry, lottery_draw;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    """Draws are not known to the schema before."""
    op.execute(DOWN)
