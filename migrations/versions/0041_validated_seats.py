"""What the migration before promised of new rows is checked of the old ones, writers going on."""

from alembic import op

revision = "0041"
down_revision = "0040"

CHECKS = {
    "booking": ("bookingstate", "ended", "held", "seen", "bookingorigin"),
    "clinic_seat": ("quota",),
    "clinic_session": ("allocation",),
    "message": ("messagekind",),
}


def upgrade() -> None:
    for table, names in CHECKS.items():
        for name in names:
            op.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT ck_{table}_{name}")


def downgrade() -> None:
    """A constraint that was found to hold keeps holding."""
