"""The day of a clinic: who is there in which order, paper cards, when a session was settled."""

from alembic import op

revision = "0046"
down_revision = "0045"

UP = """
ALTER TABLE clinic_session ADD COLUMN began_by uuid, ADD COLUMN settled_at timestamptz;
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX ix_clinic_session_ends_at ON clinic_session (ends_at) WHERE settled_at IS NULL;

CREATE TABLE clinic_turn (
  id uuid CONSTRAINT pk_clinic_turn PRIMARY KEY,
  booking_id uuid NOT NULL CONSTRAINT uq_clinic_turn_booking_id UNIQUE
    CONSTRAINT fk_clinic_turn_booking_id_booking REFERENCES booking (id),
  session_id uuid NOT NULL,
  resident_id uuid NOT NULL,
  way varchar(40) NOT NULL,
  staff_id uuid,
  place integer NOT NULL,
  is_behind boolean NOT NULL,
  since timestamptz NOT NULL,
  called_at timestamptz,
  called_by uuid,
  because_sealed bytea,
  CONSTRAINT ck_clinic_turn_checkinway CHECK (way IN ('code', 'card', 'desk')),
  CONSTRAINT ck_clinic_turn_place CHECK (place > 0),
  CONSTRAINT ck_clinic_turn_called CHECK (because_sealed IS NULL OR called_at IS NOT NULL)
);
CREATE INDEX ix_clinic_turn_session_id ON clinic_turn (session_id);
CREATE INDEX ix_clinic_turn_resident_id ON clinic_turn (resident_id);

CREATE TABLE paper_card (
  id uuid CONSTRAINT pk_paper_card PRIMARY KEY,
  resident_id uuid NOT NULL,
  code_index bytea NOT NULL CONSTRAINT uq_paper_card_code_index UNIQUE,
  institution_id uuid NOT NULL,
  handed_at timestamptz NOT NULL,
  handed_by uuid NOT NULL,
  revoked_at timestamptz,
  revoked_by uuid,
  CONSTRAINT ck_paper_card_revoked CHECK ((revoked_at IS NULL) = (revoked_by IS NULL))
);
CREATE UNIQUE INDEX uq_paper_card_in_force ON paper_card (resident_id) WHERE revoked_at IS NULL;
"""
DOWN = """
DROP TABLE clinic_turn, paper_card;
ALTER TABLE clinic_session DROP COLUMN began_by, DROP COLUMN settled_at;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
