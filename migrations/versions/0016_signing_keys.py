"""The keys that sign access tokens; the app role reads them and no more."""

from alembic import op

revision = "0016"
down_revision = "0015"

UP = """
CREATE TABLE signing_key (
  kid text CONSTRAINT pk_signing_key PRIMARY KEY,
  key_sealed bytea NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  signs_from timestamptz NOT NULL,
  verifies_until timestamptz
);
REVOKE INSERT, UPDATE, DELETE ON signing_key FROM jiayi_app;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute("DROP TABLE signing_key")
