"""Which accounts were bound at a desk: those come before what was bound online."""

from alembic import op

revision = "0028"
down_revision = "0027"

UP = """
ALTER TABLE account ADD COLUMN seen_at timestamptz;
UPDATE account SET seen_at = account.bound_at FROM event
  WHERE event.name = 'identity.SeenAtDesk' AND account.resident_id IS NOT NULL
  AND event.payload ->> 'account_id' = account.id::text
  AND event.payload ->> 'resident_id' = account.resident_id::text;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute("ALTER TABLE account DROP COLUMN seen_at")
