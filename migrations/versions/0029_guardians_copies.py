"""A copy remembers whether a guardian asked for it."""

from alembic import op

revision = "0029"
down_revision = "0028"

UP = "ALTER TABLE data_export ADD COLUMN is_for_guardian boolean NOT NULL DEFAULT false"
DOWN = "ALTER TABLE data_export DROP COLUMN is_for_guardian"


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
