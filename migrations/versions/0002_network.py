"""Consortia and institutions of every level."""

from alembic import op

revision = "0002"
down_revision = "0001"

UP = """
CREATE TABLE consortium (
  id uuid CONSTRAINT pk_consortium PRIMARY KEY,
  name text NOT NULL CONSTRAINT uq_consortium_name UNIQUE
);
CREATE TABLE institution (
  id uuid CONSTRAINT pk_institution PRIMARY KEY,
  consortium_id uuid CONSTRAINT fk_institution_consortium_id_consortium REFERENCES consortium (id),
  upper_id uuid CONSTRAINT fk_institution_upper_id_institution REFERENCES institution (id),
  name text NOT NULL CONSTRAINT uq_institution_name UNIQUE,
  level varchar(40) NOT NULL,
  address text NOT NULL,
  phone text,
  latitude double precision NOT NULL,
  longitude double precision NOT NULL,
  is_example boolean NOT NULL,
  CONSTRAINT ck_institution_level CHECK (level IN ('hospital', 'centre', 'station')),
  CONSTRAINT ck_institution_latitude CHECK (latitude BETWEEN -90 AND 90),
  CONSTRAINT ck_institution_longitude CHECK (longitude BETWEEN -180 AND 180)
);
CREATE INDEX ix_institution_consortium_id ON institution (consortium_id);
CREATE INDEX ix_institution_upper_id ON institution (upper_id);
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute("DROP TABLE institution, consortium")
