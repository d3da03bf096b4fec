"""Right-person announcements: lists for teams, people on them, who wants none."""

from alembic import op

revision = "0048"
down_revision = "0047"

UP = """
CREATE TABLE suggestion_list (
  id uuid CONSTRAINT pk_suggestion_list PRIMARY KEY,
  team_id uuid NOT NULL
    CONSTRAINT fk_suggestion_list_team_id_team REFERENCES team (id),
  session_id uuid NOT NULL
    CONSTRAINT fk_suggestion_list_session_id_clinic_session REFERENCES clinic_session (id),
  made_at timestamptz NOT NULL,
  answer_by timestamptz NOT NULL,
  state varchar(40) NOT NULL,
  decided_at timestamptz,
  decided_by uuid,
  CONSTRAINT uq_suggestion_list_team_id_session_id UNIQUE (team_id, session_id),
  CONSTRAINT ck_suggestion_list_proposalstate
    CHECK (state IN ('proposed', 'approved', 'declined', 'lapsed')),
  CONSTRAINT ck_suggestion_list_decided
    CHECK ((state IN ('approved', 'declined')) = (decided_by IS NOT NULL))
);
CREATE INDEX ix_suggestion_list_session_id ON suggestion_list (session_id);

CREATE TABLE suggestion (
  id uuid CONSTRAINT pk_suggestion PRIMARY KEY,
  list_id uuid NOT NULL
    CONSTRAINT fk_suggestion_list_id_suggestion_list REFERENCES suggestion_list (id),
  session_id uuid NOT NULL
    CONSTRAINT fk_suggestion_session_id_clinic_session REFERENCES clinic_session (id),
  resident_id uuid NOT NULL,
  specialty text NOT NULL,
  score integer NOT NULL,
  reasons text[] NOT NULL,
  state varchar(40) NOT NULL,
  sent_at timestamptz,
  dropped text,
  CONSTRAINT uq_suggestion_session_id_resident_id UNIQUE (session_id, resident_id),
  CONSTRAINT ck_suggestion_suggestionstate
    CHECK (state IN ('listed', 'removed', 'to_send', 'sent', 'dropped')),
  CONSTRAINT ck_suggestion_sent CHECK ((state = 'sent') = (sent_at IS NOT NULL)),
  CONSTRAINT ck_suggestion_dropped CHECK ((state = 'dropped') = (dropped IS NOT NULL))
);
CREATE INDEX ix_suggestion_list_id ON suggestion (list_id);
CREATE INDEX ix_suggestion_resident_id_sent_at ON suggestion (resident_id, sent_at);
CREATE INDEX ix_suggestion_to_send ON suggestion (id) WHERE state = 'to_send';

CREATE TABLE suggestion_refusal (
  id uuid CONSTRAINT pk_suggestion_refusal PRIMARY KEY,
  resident_id uuid NOT NULL,
  specialty text NOT NULL,
  said_at timestamptz NOT NULL,
  by_kinship varchar(40),
  CONSTRAINT uq_suggestion_refusal_resident_id_specialty UNIQUE (resident_id, specialty),
  CONSTRAINT ck_suggestion_refusal_kinship CHECK (by_kinship IN ('son', 'daughter', 'spouse',
    'father', 'mother', 'grandchild', 'sibling', 'guardian', 'other'))
);
"""
DOWN = "DROP TABLE suggestion_refusal, suggestion, suggestion_list;"


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    """Announcements are not known to the schema before."""
    op.execute(DOWN)
