"""Notes about health are kept encrypted; what was written before is sealed by `keys reencrypt`."""

from alembic import op

revision = "0020"
down_revision = "0019"

UP = """
ALTER TABLE followup ADD COLUMN note_sealed bytea;
ALTER TABLE prescription ADD COLUMN change_sealed bytea;
ALTER TABLE prescription ADD COLUMN note_sealed bytea;
ALTER TABLE prescription ADD COLUMN end_note_sealed bytea;
ALTER TABLE prescription_review ADD COLUMN reason_sealed bytea;
-- Replaced by one that old and new code both keep.
ALTER TABLE prescription_review DROP CONSTRAINT ck_prescription_review_return_has_reason;
ALTER TABLE prescription_review ADD CONSTRAINT ck_prescription_review_return_has_reason
  CHECK (verdict = 'passed' OR num_nonnulls(reason, reason_sealed) = 1) NOT VALID;
"""

# What was sealed cannot be opened here: the words are kept in no other place.
DOWN = """
ALTER TABLE prescription_review DROP CONSTRAINT ck_prescription_review_return_has_reason;
ALTER TABLE prescription_review DROP COLUMN reason_sealed;
ALTER TABLE prescription_review ADD CONSTRAINT ck_prescription_review_return_has_reason
  CHECK (verdict = 'passed' OR reason IS NOT NULL) NOT VALID;
ALTER TABLE prescription DROP COLUMN change_sealed, DROP COLUMN note_sealed,
  DROP COLUMN end_note_sealed;
ALTER TABLE followup DROP COLUMN note_sealed;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
