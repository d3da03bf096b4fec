"""Failed attempts at an identity, counted for a day."""

from alembic import op

revision = "0023"
down_revision = "0022"

UP = """
CREATE TABLE verification_failure (
  id uuid CONSTRAINT pk_verification_failure PRIMARY KEY,
  account_id uuid NOT NULL,
  number_index bytea NOT NULL,
  at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ix_verification_failure_account_id ON verification_failure (account_id, at);
CREATE INDEX ix_verification_failure_number_index ON verification_failure (number_index, at);
REVOKE UPDATE ON verification_failure FROM jiayi_app;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute("DROP TABLE verification_failure")
