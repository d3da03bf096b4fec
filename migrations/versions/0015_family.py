"""Which family member did it, and what is kept from family members."""

from alembic import op

revision = "0015"
down_revision = "0011"

ROWS = (
    "booking",
    "contract",
    "agreement",
    "prescription",
    "prescription_confirmation",
    "measurement",
)
UP = """
CREATE TABLE sensitive_item (
  id uuid CONSTRAINT pk_sensitive_item PRIMARY KEY,
  subject_id uuid NOT NULL,
  resident_id uuid NOT NULL
    CONSTRAINT fk_sensitive_item_resident_id_resident REFERENCES resident (id),
  category text NOT NULL,
  CONSTRAINT uq_sensitive_item_subject_id_category UNIQUE (subject_id, category)
);
CREATE TABLE sensitive_choice (
  id uuid CONSTRAINT pk_sensitive_choice PRIMARY KEY,
  resident_id uuid NOT NULL
    CONSTRAINT fk_sensitive_choice_resident_id_resident REFERENCES resident (id),
  category text NOT NULL,
  is_hidden boolean NOT NULL,
  chosen_at timestamptz NOT NULL,
  CONSTRAINT uq_sensitive_choice_resident_id_category UNIQUE (resident_id, category)
);
"""
KINSHIP = """
ALTER TABLE {table} ADD COLUMN by_kinship varchar(40)
  CONSTRAINT ck_{table}_kinship CHECK (by_kinship IN ('son', 'daughter', 'spouse', 'father',
    'mother', 'grandchild', 'sibling', 'guardian', 'other'));
"""


def upgrade() -> None:
    op.execute(UP)
    for table in ROWS:
        op.execute(KINSHIP.format(table=table))


def downgrade() -> None:
    op.execute("DROP TABLE sensitive_choice, sensitive_item")
    for table in ROWS:
        op.execute(f"ALTER TABLE {table} DROP COLUMN by_kinship")
