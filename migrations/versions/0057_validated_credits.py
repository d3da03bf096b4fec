"""What the migration before promised of new entries of the ledger is checked of the old ones."""

from alembic import op

revision = "0057"
down_revision = "0056"


def upgrade() -> None:
    op.execute("ALTER TABLE credit VALIDATE CONSTRAINT ck_credit_entry")


def downgrade() -> None:
    """A constraint that was found to hold keeps holding."""
