"""The kinds of messages are checked of the old rows as well, writers going on."""

from alembic import op

revision = "0039"
down_revision = "0038"


def upgrade() -> None:
    op.execute("ALTER TABLE message VALIDATE CONSTRAINT ck_message_messagekind")


def downgrade() -> None:
    """A constraint that was found to hold keeps holding."""
