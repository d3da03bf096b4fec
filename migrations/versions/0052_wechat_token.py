"""WeChat's access token, sealed, and the lease of whoever fetches the next one."""

from alembic import op

revision = "0052"
down_revision = "0051"

UP = """
CREATE TABLE wechat_token (
  appid text CONSTRAINT pk_wechat_token PRIMARY KEY,
  token_sealed bytea,
  fetches bigint NOT NULL DEFAULT 0,
  fetched_at timestamptz,
  renew_at timestamptz,
  ends_at timestamptz,
  same_until timestamptz,
  lease uuid,
  lease_until timestamptz,
  barred_until timestamptz,
  refused_with integer,
  CONSTRAINT ck_wechat_token_lease_has_end CHECK ((lease IS NULL) = (lease_until IS NULL)),
  CONSTRAINT ck_wechat_token_token_has_times
    CHECK (num_nonnulls(token_sealed, fetched_at, renew_at, ends_at) IN (0, 4))
);
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute("DROP TABLE wechat_token")
