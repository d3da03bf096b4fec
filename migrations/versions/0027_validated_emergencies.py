"""What the migration before promised of new rows is checked of the old ones, writers going on."""

from alembic import op

revision = "0027"
down_revision = "0026"

UP = """
ALTER TABLE emergency_access VALIDATE CONSTRAINT ck_emergency_access_reason;
ALTER TABLE kept_record VALIDATE CONSTRAINT ck_kept_record_category;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    """A constraint that was found to hold keeps holding."""
