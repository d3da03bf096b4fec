"""The fence that keeps senders still where a database was restored, until a person lifts it."""

from alembic import op

revision = "0053"
down_revision = "0052"

UP = """
CREATE TABLE send_fence (
  one boolean CONSTRAINT pk_send_fence PRIMARY KEY DEFAULT true
    CONSTRAINT ck_send_fence_one CHECK (one),
  lineage uuid NOT NULL DEFAULT gen_random_uuid(),
  identity text,
  beat bigint NOT NULL DEFAULT 0,
  because varchar(40),
  raised_at timestamptz,
  cut_at timestamptz,
  caught_up_at timestamptz,
  CONSTRAINT ck_send_fence_because CHECK (because IN ('restored', 'moved', 'behind', 'by_hand')),
  CONSTRAINT ck_send_fence_raised CHECK ((raised_at IS NULL) = (because IS NULL)
    AND (raised_at IS NULL) = (cut_at IS NULL)
    AND (caught_up_at IS NULL OR raised_at IS NOT NULL))
);
INSERT INTO send_fence DEFAULT VALUES;
REVOKE INSERT, DELETE ON send_fence FROM jiayi_app;

-- Which database this is: the cluster, its timeline, the database in it. A copy, a restored backup
-- and a promoted standby differ in one of them; a restart in none.
CREATE FUNCTION database_identity() RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE cluster text; timeline text;
BEGIN
  BEGIN
    cluster := (SELECT system_identifier FROM pg_control_system());
    timeline := left(pg_walfile_name(pg_current_wal_lsn()), 8);
  EXCEPTION WHEN insufficient_privilege OR object_not_in_prerequisite_state THEN NULL;
  END;
  RETURN concat_ws('/', cluster, timeline,
    (SELECT oid FROM pg_database WHERE datname = current_database()));
END $$;
"""
DOWN = """
DROP FUNCTION database_identity;
DROP TABLE send_fence;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
