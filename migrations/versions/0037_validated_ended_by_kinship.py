"""What the migration before promised of new rows is checked of the old ones, writers going on."""

from alembic import op

revision = "0037"
down_revision = "0036"

ROWS = ("booking", "contract", "prescription")


def upgrade() -> None:
    for table in ROWS:
        op.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT ck_{table}_ended_by_kinship")


def downgrade() -> None:
    """A constraint that was found to hold keeps holding."""
