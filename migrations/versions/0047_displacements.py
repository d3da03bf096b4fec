"""停诊: who lost a seat is on the desk's list until answered; seats that a session lost."""

from alembic import op

revision = "0047"
down_revision = "0046"

HOUSES = "nullif(current_setting('jiayi.houses', true), '')"
UP = """
ALTER TABLE clinic_seat ADD COLUMN removed_at timestamptz;
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX ix_booking_session_id_ended_at ON booking (session_id, ended_at)
  WHERE ended_at IS NOT NULL;

CREATE TABLE displacement (
  id uuid CONSTRAINT pk_displacement PRIMARY KEY,
  booking_id uuid NOT NULL CONSTRAINT uq_displacement_booking_id UNIQUE
    CONSTRAINT fk_displacement_booking_id_booking REFERENCES booking (id),
  resident_id uuid NOT NULL,
  session_id uuid NOT NULL,
  institution_id uuid NOT NULL,
  opened_at timestamptz NOT NULL,
  state varchar(40) NOT NULL DEFAULT 'awaited',
  offer_id uuid,
  sought_at timestamptz,
  desk_told_at timestamptz,
  call_wanted_at timestamptz,
  calls_missed integer NOT NULL DEFAULT 0,
  called_at timestamptz,
  answered_at timestamptz,
  answered_by uuid,
  CONSTRAINT ck_displacement_displacementstate
    CHECK (state IN ('awaited', 'took_offer', 'took_other', 'did_without', 'not_asked')),
  CONSTRAINT ck_displacement_answered CHECK ((state = 'awaited') = (answered_at IS NULL)),
  CONSTRAINT ck_displacement_calls_missed CHECK (calls_missed >= 0)
);
CREATE INDEX ix_displacement_institution_id_opened_at ON displacement (institution_id, opened_at)
  WHERE state = 'awaited';
CREATE INDEX ix_displacement_session_id ON displacement (session_id);
CREATE INDEX ix_displacement_resident_id ON displacement (resident_id);
CREATE INDEX ix_displacement_offer_id ON displacement (offer_id);
CREATE INDEX ix_displacement_sought_at ON displacement (sought_at)
  WHERE state = 'awaited' AND offer_id IS NULL;
ALTER TABLE displacement ENABLE ROW LEVEL SECURITY;
"""
FENCE = """
CREATE POLICY house ON displacement
  USING ({houses} IS NULL OR institution_id = ANY ({houses}::uuid[]));
"""
DOWN = """
DROP TABLE displacement;
DROP INDEX ix_booking_session_id_ended_at;
ALTER TABLE clinic_seat DROP COLUMN removed_at;
"""


def upgrade() -> None:
    op.execute(UP)
    op.execute(FENCE.format(houses=HOUSES))


def downgrade() -> None:
    op.execute(DOWN)
