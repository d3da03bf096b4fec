"""Roles, and what every feature stands on: events, relations, disclosures, ticks, idempotency."""

from alembic import op

revision = "0001"
down_revision = None

UP = """
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'jiayi_app') THEN
    CREATE ROLE jiayi_app NOLOGIN;
  END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$;
GRANT USAGE ON SCHEMA public TO jiayi_app;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO jiayi_app;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO jiayi_app;
GRANT SELECT ON alembic_version TO jiayi_app;

CREATE TABLE business_clock (
  one boolean CONSTRAINT pk_business_clock PRIMARY KEY DEFAULT true
    CONSTRAINT ck_business_clock_one CHECK (one),
  shift interval NOT NULL DEFAULT interval '0',
  CONSTRAINT ck_business_clock_forward CHECK (shift >= interval '0')
);
INSERT INTO business_clock DEFAULT VALUES;

CREATE TABLE relation (
  id uuid CONSTRAINT pk_relation PRIMARY KEY,
  resident_id uuid NOT NULL,
  party_id uuid NOT NULL,
  kind varchar(40) NOT NULL,
  scope text,
  valid_from timestamptz NOT NULL,
  valid_until timestamptz,
  source_id uuid NOT NULL,
  CONSTRAINT ck_relation_kind
    CHECK (kind IN ('signed', 'applied', 'booked', 'prescribed', 'alerted'))
);
CREATE INDEX ix_relation_party_id_kind_resident_id ON relation (party_id, kind, resident_id);
CREATE INDEX ix_relation_resident_id ON relation (resident_id);
CREATE INDEX ix_relation_source_id ON relation (source_id);

CREATE TABLE membership (
  id uuid CONSTRAINT pk_membership PRIMARY KEY,
  staff_id uuid NOT NULL,
  party_id uuid NOT NULL,
  kind varchar(40) NOT NULL,
  valid_from timestamptz NOT NULL,
  valid_until timestamptz,
  CONSTRAINT ck_membership_belonging CHECK (kind IN ('team', 'team_lead', 'institution'))
);
CREATE INDEX ix_membership_staff_id ON membership (staff_id);
CREATE INDEX ix_membership_party_id ON membership (party_id);
CREATE UNIQUE INDEX uq_membership_open ON membership (staff_id, party_id, kind)
  WHERE valid_until IS NULL;

CREATE TABLE event (
  id uuid CONSTRAINT pk_event PRIMARY KEY,
  name text NOT NULL,
  actor_id uuid NOT NULL,
  actor_role varchar(40) NOT NULL,
  resident_id uuid,
  at timestamptz NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT now(),
  payload jsonb NOT NULL,
  CONSTRAINT ck_event_role CHECK (actor_role IN ('anyone', 'resident', 'doctor', 'nurse',
    'specialist', 'pharmacist', 'manager', 'clock'))
);
CREATE INDEX ix_event_resident_id ON event (resident_id);
REVOKE UPDATE, DELETE ON event FROM jiayi_app;

CREATE TABLE delivery (
  id uuid CONSTRAINT pk_delivery PRIMARY KEY,
  event_id uuid NOT NULL CONSTRAINT fk_delivery_event_id_event REFERENCES event (id),
  reaction text NOT NULL,
  state varchar(40) NOT NULL DEFAULT 'pending',
  attempts integer NOT NULL DEFAULT 0,
  next_at timestamptz NOT NULL DEFAULT now(),
  error text,
  CONSTRAINT ck_delivery_deliverystate CHECK (state IN ('pending', 'done', 'quarantined'))
);
CREATE INDEX ix_delivery_next_at ON delivery (next_at) WHERE state = 'pending';
CREATE INDEX ix_delivery_event_id ON delivery (event_id);

CREATE TABLE disclosure (
  id uuid NOT NULL,
  at timestamptz NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT now(),
  actor_id uuid NOT NULL,
  actor_role text NOT NULL,
  institution_id uuid,
  operation text NOT NULL,
  resident_ids uuid[] NOT NULL,
  CONSTRAINT pk_disclosure PRIMARY KEY (id, at)
) PARTITION BY RANGE (at);
CREATE TABLE disclosure_rest PARTITION OF disclosure DEFAULT;
DO $$
DECLARE month timestamp := timestamp '2026-10-01';
BEGIN
  FOR n IN 0..60 LOOP
    EXECUTE format('CREATE TABLE disclosure_%s PARTITION OF disclosure FOR VALUES FROM (%L) TO (%L)',
      to_char(month, 'YYYYMM'), month AT TIME ZONE 'Asia/Shanghai',
      (month + interval '1 month') AT TIME ZONE 'Asia/Shanghai');
    month := month + interval '1 month';
  END LOOP;
END $$;
REVOKE UPDATE, DELETE ON disclosure FROM jiayi_app;
DO $$
DECLARE part text;
BEGIN
  FOR part IN SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
              WHERE i.inhparent = 'disclosure'::regclass LOOP
    EXECUTE format('REVOKE ALL ON %I FROM jiayi_app', part);
  END LOOP;
END $$;

CREATE TABLE tick (
  job text NOT NULL,
  slot bigint NOT NULL,
  claimed_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT pk_tick PRIMARY KEY (job, slot)
);

CREATE TABLE idempotency (
  person_id uuid NOT NULL,
  key text NOT NULL,
  request_hash bytea NOT NULL,
  status integer NOT NULL,
  body_sealed bytea NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT pk_idempotency PRIMARY KEY (person_id, key)
);
CREATE FUNCTION idempotency_find(person uuid, wanted text)
  RETURNS TABLE (request_hash bytea, status integer, body_sealed bytea)
  LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  -- Each statement of a volatile function sees what was committed while the lock was awaited.
  PERFORM pg_advisory_xact_lock(hashtextextended(person::text || wanted, 0));
  RETURN QUERY SELECT i.request_hash, i.status, i.body_sealed FROM idempotency i
    WHERE i.person_id = person AND i.key = wanted;
END $$;
"""

DOWN = """
DROP FUNCTION idempotency_find(uuid, text);
DROP TABLE idempotency, tick, disclosure, delivery, event, membership, relation, business_clock;
ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE ALL ON TABLES FROM jiayi_app;
ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE ALL ON SEQUENCES FROM jiayi_app;
REVOKE USAGE ON SCHEMA public FROM jiayi_app;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
