"""Who waits for a seat, the calls that offer one, and when a seat was last given back."""

from alembic import op

revision = "0044"
down_revision = "0043"

UP = """
ALTER TABLE clinic_seat ADD COLUMN came_back_at timestamptz;

CREATE TABLE waiting_entry (
  id uuid CONSTRAINT pk_waiting_entry PRIMARY KEY,
  resident_id uuid NOT NULL,
  session_id uuid
    CONSTRAINT fk_waiting_entry_session_id_clinic_session REFERENCES clinic_session (id),
  specialty text NOT NULL,
  institution_ids uuid[] NOT NULL,
  until date NOT NULL,
  refused uuid[] NOT NULL DEFAULT '{}',
  precedence integer NOT NULL DEFAULT 0,
  urgency_reason_sealed bytea,
  urgency_by uuid,
  reach varchar(40) NOT NULL,
  way varchar(40) NOT NULL,
  staff_id uuid,
  by_kinship varchar(40),
  joined_at timestamptz NOT NULL,
  ahead_at_first integer NOT NULL DEFAULT 0,
  state varchar(40) NOT NULL DEFAULT 'waiting',
  booking_id uuid,
  lapses integer NOT NULL DEFAULT 0,
  passed_at timestamptz,
  passed_session uuid,
  passed_because text,
  ended_at timestamptz,
  ended_by_kinship varchar(40),
  end_reason varchar(40),
  CONSTRAINT ck_waiting_entry_reach CHECK (reach IN ('app', 'phone')),
  CONSTRAINT ck_waiting_entry_way CHECK (way IN ('own', 'desk', 'doctor')),
  CONSTRAINT ck_waiting_entry_kinship CHECK (by_kinship IN
    ('son', 'daughter', 'spouse', 'father', 'mother', 'grandchild', 'sibling', 'guardian',
     'other')),
  CONSTRAINT ck_waiting_entry_waitingstate CHECK (state IN
    ('waiting', 'offered', 'served', 'left', 'unanswered', 'over')),
  CONSTRAINT ck_waiting_entry_waitingend CHECK (end_reason IN
    ('no_seat', 'session_cancelled', 'wrong_number', 'closed')),
  CONSTRAINT ck_waiting_entry_ended
    CHECK ((state IN ('waiting', 'offered')) = (ended_at IS NULL)),
  CONSTRAINT ck_waiting_entry_over CHECK ((state = 'over') = (end_reason IS NOT NULL)),
  CONSTRAINT ck_waiting_entry_offered CHECK (state <> 'offered' OR booking_id IS NOT NULL),
  CONSTRAINT ck_waiting_entry_precedence CHECK (precedence BETWEEN 0 AND 2),
  CONSTRAINT ck_waiting_entry_urgent_has_reason CHECK (
    precedence = 0 OR (urgency_by IS NOT NULL AND urgency_reason_sealed IS NOT NULL)
  ),
  CONSTRAINT ck_waiting_entry_houses CHECK (cardinality(institution_ids) > 0),
  CONSTRAINT ck_waiting_entry_by_staff CHECK ((way = 'own') = (staff_id IS NULL))
);
CREATE UNIQUE INDEX uq_waiting_entry_session ON waiting_entry (resident_id, session_id)
  WHERE ended_at IS NULL AND session_id IS NOT NULL;
CREATE UNIQUE INDEX uq_waiting_entry_specialty ON waiting_entry (resident_id, specialty)
  WHERE ended_at IS NULL AND session_id IS NULL;
CREATE INDEX ix_waiting_entry_session_id ON waiting_entry (session_id) WHERE ended_at IS NULL;
CREATE INDEX ix_waiting_entry_any_session ON waiting_entry (specialty)
  WHERE ended_at IS NULL AND session_id IS NULL;
CREATE INDEX ix_waiting_entry_booking_id ON waiting_entry (booking_id)
  WHERE booking_id IS NOT NULL;
CREATE INDEX ix_waiting_entry_resident_id_joined_at ON waiting_entry (resident_id, joined_at);

CREATE TABLE waiting_call (
  id uuid CONSTRAINT pk_waiting_call PRIMARY KEY,
  entry_id uuid NOT NULL
    CONSTRAINT fk_waiting_call_entry_id_waiting_entry REFERENCES waiting_entry (id),
  booking_id uuid NOT NULL
    CONSTRAINT fk_waiting_call_booking_id_booking REFERENCES booking (id),
  resident_id uuid NOT NULL,
  staff_id uuid NOT NULL,
  called_at timestamptz NOT NULL,
  outcome varchar(40) NOT NULL,
  agreed_aloud boolean NOT NULL,
  CONSTRAINT ck_waiting_call_calloutcome CHECK (outcome IN
    ('confirmed', 'declined', 'not_reached', 'wrong_number')),
  CONSTRAINT ck_waiting_call_agreed_aloud CHECK ((outcome = 'confirmed') = agreed_aloud)
);
CREATE INDEX ix_waiting_call_booking_id ON waiting_call (booking_id);
CREATE INDEX ix_waiting_call_entry_id ON waiting_call (entry_id);
CREATE INDEX ix_waiting_call_resident_id ON waiting_call (resident_id);
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute("DROP TABLE waiting_call, waiting_entry")
    op.execute("ALTER TABLE clinic_seat DROP COLUMN came_back_at")
