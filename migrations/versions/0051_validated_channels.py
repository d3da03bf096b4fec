"""What the migration before promised of new messages is checked of the old ones."""

from alembic import op

revision = "0051"
down_revision = "0050"

CHECKS = (
    "fk_message_first_id_message",
    "fk_message_digest_id_message",
    "ck_message_channel",
    "ck_message_answer",
    "ck_message_answered_has_time",
    "ck_message_digested_has_digest",
    "ck_message_state",
    "ck_message_reason",
)


def upgrade() -> None:
    for name in CHECKS:
        op.execute(f"ALTER TABLE message VALIDATE CONSTRAINT {name}")


def downgrade() -> None:
    """A constraint that was found to hold keeps holding."""
