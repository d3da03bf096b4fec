"""Family-doctor teams; who belongs to one is in `membership`."""

from alembic import op

revision = "0004"
down_revision = "0003"

UP = """
CREATE TABLE team (
  id uuid CONSTRAINT pk_team PRIMARY KEY,
  institution_id uuid NOT NULL CONSTRAINT fk_team_institution_id_institution REFERENCES institution (id),
  name text NOT NULL,
  introduction text NOT NULL,
  is_accepting boolean NOT NULL,
  CONSTRAINT uq_team_institution_id_name UNIQUE (institution_id, name)
);
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute("DROP TABLE team")
