"""What the migration before promised of new rows is checked of the old ones, writers going on."""

from alembic import op

revision = "0033"
down_revision = "0032"

UP = """
ALTER TABLE message VALIDATE CONSTRAINT ck_message_messagekind;
ALTER TABLE death_report VALIDATE CONSTRAINT ck_death_report_deathstate;
ALTER TABLE death_report VALIDATE CONSTRAINT ck_death_report_confirmed;
ALTER TABLE death_report VALIDATE CONSTRAINT ck_death_report_second_hand;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    """A constraint that was found to hold keeps holding."""
