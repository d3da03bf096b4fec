"""What the migrations before it only promised of new rows is checked of the old ones, writers going on."""

from alembic import op

revision = "0025"
down_revision = "0024"

UP = """
ALTER TABLE consent VALIDATE CONSTRAINT ck_consent_whose;
ALTER TABLE event VALIDATE CONSTRAINT ck_event_role;
ALTER TABLE staff VALIDATE CONSTRAINT ck_staff_role;
ALTER TABLE relation VALIDATE CONSTRAINT ck_relation_kind;
ALTER TABLE membership VALIDATE CONSTRAINT ck_membership_belonging;
ALTER TABLE message VALIDATE CONSTRAINT ck_message_messagekind;
ALTER TABLE membership VALIDATE CONSTRAINT ck_membership_order;
ALTER TABLE prescription_review VALIDATE CONSTRAINT ck_prescription_review_return_has_reason;
ALTER TABLE consent VALIDATE CONSTRAINT ck_consent_purpose;
ALTER TABLE session VALIDATE CONSTRAINT ck_session_ending;
ALTER TABLE message VALIDATE CONSTRAINT ck_message_reason;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    """A constraint that was found to hold keeps holding."""
