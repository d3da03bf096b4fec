"""How many of WeChat's templates differed from ours at the last look."""

from alembic import op

revision = "0058"
down_revision = "0057"

UP = """
CREATE TABLE template_check (
  appid text CONSTRAINT pk_template_check PRIMARY KEY,
  checked_at timestamptz NOT NULL,
  differences integer NOT NULL
);
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute("DROP TABLE template_check")
