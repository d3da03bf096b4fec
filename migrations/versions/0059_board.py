"""What managers watch is found by an index: what was sent today, what failed or is in doubt."""

from alembic import op

revision = "0059"
down_revision = "0058"

UP = """
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX ix_message_sent_at ON message (sent_at) WHERE sent_at IS NOT NULL;
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX ix_message_trouble ON message (due_at, id) WHERE state IN ('failed', 'unknown');
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute("DROP INDEX ix_message_trouble, ix_message_sent_at")
