"""A sweep says when its slot is worked; one that was killed before is worked by another."""

from alembic import op

revision = "0062"
down_revision = "0061"


def upgrade() -> None:
    op.execute("ALTER TABLE tick ADD COLUMN done_at timestamptz")


def downgrade() -> None:
    op.execute("ALTER TABLE tick DROP COLUMN done_at")
