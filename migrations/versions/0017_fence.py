"""Row-level security: rows of other institutions are not there for a manager's request."""

from alembic import op

revision = "0017"
down_revision = "0016"

TABLES = ("contract", "prescription")
# A setting that was local to an earlier transaction reads as an empty text.
HOUSES = "nullif(current_setting('jiayi.houses', true), '')"
FENCE = """
ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
CREATE POLICY house ON {table} USING ({houses} IS NULL OR institution_id = ANY ({houses}::uuid[]));
"""
BOOKINGS = """
ALTER TABLE booking ENABLE ROW LEVEL SECURITY;
CREATE POLICY house ON booking USING ({houses} IS NULL OR EXISTS (SELECT FROM clinic_session s
  WHERE s.id = session_id AND s.institution_id = ANY ({houses}::uuid[])));
"""


def upgrade() -> None:
    for table in TABLES:
        op.execute(FENCE.format(table=table, houses=HOUSES))
    op.execute(BOOKINGS.format(houses=HOUSES))


def downgrade() -> None:
    for table in (*TABLES, "booking"):
        op.execute(f"DROP POLICY house ON {table}; ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
