"""What the migration before promised of new rows is checked of the old ones, writers going on."""

from alembic import op

revision = "0043"
down_revision = "0042"

CONSTRAINTS = {
    "roster": (
        "ck_roster_service",
        "ck_roster_rosterstate",
        "ck_roster_allocation",
        "ck_roster_capacity",
        "ck_roster_replaces",
        "fk_roster_batch_id_roster_batch",
        "fk_roster_replaces_id_roster",
    ),
    "clinic_session": ("ck_clinic_session_service",),
}


def upgrade() -> None:
    for table, names in CONSTRAINTS.items():
        for name in names:
            op.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}")


def downgrade() -> None:
    """A constraint that was found to hold keeps holding."""
