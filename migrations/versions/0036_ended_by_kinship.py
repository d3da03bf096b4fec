"""Which family member ended it, as it is kept who began it."""

from alembic import op

revision = "0036"
down_revision = "0035"

ROWS = ("booking", "contract", "prescription")
UP = """
ALTER TABLE {table} ADD COLUMN ended_by_kinship varchar(40);
ALTER TABLE {table} ADD CONSTRAINT ck_{table}_ended_by_kinship
  CHECK (ended_by_kinship IN ('son', 'daughter', 'spouse', 'father', 'mother', 'grandchild',
    'sibling', 'guardian', 'other')) NOT VALID;
"""


def upgrade() -> None:
    for table in ROWS:
        op.execute(UP.format(table=table))


def downgrade() -> None:
    for table in ROWS:
        op.execute(f"ALTER TABLE {table} DROP COLUMN ended_by_kinship")
