"""How the lanes of each sender stand, for those who watch."""

from alembic import op

revision = "0063"
down_revision = "0062"

UP = """
CREATE TABLE sending_lane (
  id uuid CONSTRAINT pk_sending_lane PRIMARY KEY,
  sender text NOT NULL,
  lane text NOT NULL,
  breaker text NOT NULL,
  seen_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT uq_sending_lane_sender_lane UNIQUE (sender, lane)
);
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute("DROP TABLE sending_lane")
