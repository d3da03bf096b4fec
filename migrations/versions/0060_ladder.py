"""A message whose ladder is not over says so; whom the centre has to call, by house."""

from alembic import op

revision = "0060"
down_revision = "0059"

HOUSES = "nullif(current_setting('jiayi.houses', true), '')"
UP = """
ALTER TABLE message ADD COLUMN climbs boolean NOT NULL DEFAULT false;
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX ix_message_climbing ON message (kind, sent_at)
  WHERE climbs AND state IN ('sent', 'unknown', 'failed', 'withdrawn');

CREATE TABLE call_item (
  id uuid CONSTRAINT pk_call_item PRIMARY KEY,
  message_id uuid NOT NULL CONSTRAINT uq_call_item_message_id UNIQUE
    CONSTRAINT fk_call_item_message_id_message REFERENCES message (id) ON DELETE CASCADE,
  institution_id uuid NOT NULL
    CONSTRAINT fk_call_item_institution_id_institution REFERENCES institution (id),
  listed_at timestamptz NOT NULL,
  rank integer NOT NULL,
  tries integer NOT NULL DEFAULT 0,
  taken_by uuid,
  taken_until timestamptz,
  ended_at timestamptz,
  ended_by uuid,
  outcome varchar(40),
  CONSTRAINT ck_call_item_callresult CHECK (outcome IN ('reached', 'no_answer', 'wrong_number',
    'refused', 'moved', 'died')),
  CONSTRAINT ck_call_item_taken CHECK ((taken_by IS NULL) = (taken_until IS NULL)),
  CONSTRAINT ck_call_item_ended CHECK ((ended_at IS NULL) = (outcome IS NULL)),
  CONSTRAINT ck_call_item_tries CHECK (tries >= 0)
);
CREATE INDEX ix_call_item_institution_id_rank_listed_at ON call_item (institution_id, rank, listed_at)
  WHERE ended_at IS NULL;
ALTER TABLE call_item ENABLE ROW LEVEL SECURITY;
"""
FENCE = """
CREATE POLICY house ON call_item
  USING ({houses} IS NULL OR institution_id = ANY ({houses}::uuid[]));
"""
DOWN = """
DROP TABLE call_item;
DROP INDEX ix_message_climbing;
ALTER TABLE message DROP COLUMN climbs;
"""


def upgrade() -> None:
    op.execute(UP)
    op.execute(FENCE.format(houses=HOUSES))


def downgrade() -> None:
    """Whom to call is forgotten; nothing goes on to a further channel."""
    op.execute(DOWN)
