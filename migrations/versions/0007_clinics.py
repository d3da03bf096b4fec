"""Rosters, sessions, numbered seats and bookings of the specialists' clinics."""

from alembic import op

revision = "0007"
down_revision = "0006"

UP = """
CREATE EXTENSION IF NOT EXISTS btree_gist;

CREATE TABLE roster (
  id uuid CONSTRAINT pk_roster PRIMARY KEY,
  expert_id uuid NOT NULL,
  institution_id uuid NOT NULL,
  specialty text NOT NULL,
  service varchar(40) NOT NULL,
  room text NOT NULL,
  fee text,
  weekday integer NOT NULL,
  begins time NOT NULL,
  ends time NOT NULL,
  capacity integer NOT NULL,
  starts_on date NOT NULL,
  ends_on date,
  CONSTRAINT ck_roster_service
    CHECK (service IN ('outpatient', 'ultrasound', 'radiology', 'nursing')),
  CONSTRAINT ck_roster_weekday CHECK (weekday BETWEEN 1 AND 7),
  CONSTRAINT ck_roster_hours CHECK (begins < ends),
  CONSTRAINT ck_roster_capacity CHECK (capacity > 0),
  CONSTRAINT ck_roster_dates CHECK (ends_on >= starts_on)
);
CREATE INDEX ix_roster_institution_id ON roster (institution_id);
CREATE INDEX ix_roster_expert_id ON roster (expert_id);

CREATE TABLE clinic_session (
  id uuid CONSTRAINT pk_clinic_session PRIMARY KEY,
  roster_id uuid NOT NULL CONSTRAINT fk_clinic_session_roster_id_roster REFERENCES roster (id),
  expert_id uuid NOT NULL,
  institution_id uuid NOT NULL,
  specialty text NOT NULL,
  service varchar(40) NOT NULL,
  room text NOT NULL,
  fee text,
  day date NOT NULL,
  starts_at timestamptz NOT NULL,
  ends_at timestamptz NOT NULL,
  releases_at timestamptz NOT NULL,
  capacity integer NOT NULL,
  taken integer NOT NULL DEFAULT 0,
  state varchar(40) NOT NULL DEFAULT 'open',
  reason text,
  CONSTRAINT uq_clinic_session_roster_id_day UNIQUE (roster_id, day),
  CONSTRAINT ck_clinic_session_service
    CHECK (service IN ('outpatient', 'ultrasound', 'radiology', 'nursing')),
  CONSTRAINT ck_clinic_session_sessionstate CHECK (state IN ('open', 'cancelled')),
  CONSTRAINT ck_clinic_session_taken CHECK (taken BETWEEN 0 AND capacity),
  CONSTRAINT ck_clinic_session_hours CHECK (starts_at < ends_at),
  CONSTRAINT ck_clinic_session_reason CHECK ((state = 'cancelled') = (reason IS NOT NULL)),
  CONSTRAINT ex_clinic_session_expert
    EXCLUDE USING gist (expert_id WITH =, tstzrange(starts_at, ends_at) WITH &&)
    WHERE (state = 'open')
) WITH (fillfactor = 50);
CREATE INDEX ix_clinic_session_institution_id_starts_at
  ON clinic_session (institution_id, starts_at);
CREATE INDEX ix_clinic_session_expert_id_starts_at ON clinic_session (expert_id, starts_at);
CREATE INDEX ix_clinic_session_starts_at ON clinic_session (starts_at);

CREATE TABLE clinic_seat (
  id uuid CONSTRAINT pk_clinic_seat PRIMARY KEY,
  session_id uuid NOT NULL
    CONSTRAINT fk_clinic_seat_session_id_clinic_session REFERENCES clinic_session (id),
  number integer NOT NULL,
  starts_at timestamptz NOT NULL,
  ends_at timestamptz NOT NULL,
  is_free boolean NOT NULL DEFAULT true,
  CONSTRAINT uq_clinic_seat_session_id_number UNIQUE (session_id, number),
  CONSTRAINT ck_clinic_seat_number CHECK (number > 0),
  CONSTRAINT ck_clinic_seat_window CHECK (starts_at < ends_at)
);
CREATE INDEX ix_clinic_seat_free ON clinic_seat (session_id, number) WHERE is_free;

CREATE TABLE booking (
  id uuid CONSTRAINT pk_booking PRIMARY KEY,
  session_id uuid NOT NULL,
  seat_number integer NOT NULL,
  resident_id uuid NOT NULL,
  day date NOT NULL,
  starts_at timestamptz NOT NULL,
  ends_at timestamptz NOT NULL,
  state varchar(40) NOT NULL,
  booked_at timestamptz NOT NULL,
  ended_at timestamptz,
  CONSTRAINT fk_booking_session_id_seat_number_clinic_seat
    FOREIGN KEY (session_id, seat_number) REFERENCES clinic_seat (session_id, number),
  CONSTRAINT ck_booking_bookingstate CHECK (state IN ('booked', 'cancelled', 'withdrawn')),
  CONSTRAINT ck_booking_ended CHECK ((state = 'booked') = (ended_at IS NULL)),
  CONSTRAINT ex_booking_overlap
    EXCLUDE USING gist (resident_id WITH =, tstzrange(starts_at, ends_at) WITH &&)
    WHERE (state = 'booked')
);
CREATE UNIQUE INDEX uq_booking_seat ON booking (session_id, seat_number) WHERE state = 'booked';
CREATE UNIQUE INDEX uq_booking_person ON booking (resident_id, session_id) WHERE state = 'booked';
CREATE INDEX ix_booking_resident_id_starts_at ON booking (resident_id, starts_at);

CREATE FUNCTION booking_load(person uuid, wanted_session uuid, wanted_day date, now timestamptz)
  RETURNS TABLE (here bigint, that_day bigint, ahead bigint)
  LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  -- One booking of a person at a time; each statement of a volatile function sees what was
  -- committed while the lock was awaited.
  PERFORM pg_advisory_xact_lock(hashtextextended('booking' || person::text, 0));
  RETURN QUERY SELECT count(*) FILTER (WHERE b.session_id = wanted_session),
      count(*) FILTER (WHERE b.day = wanted_day), count(*) FILTER (WHERE b.ends_at > now)
    FROM booking b
    WHERE b.resident_id = person AND b.state = 'booked'
      AND b.starts_at > least(now, wanted_day::timestamptz) - interval '2 days';
END $$;

CREATE FUNCTION booking_counted() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  change integer := (NEW.state = 'booked')::integer;
BEGIN
  IF TG_OP = 'UPDATE' THEN
    change := change - (OLD.state = 'booked')::integer;
  END IF;
  IF change <> 0 THEN
    UPDATE clinic_session SET taken = taken + change
      WHERE id = NEW.session_id AND (change < 0 OR state = 'open');
    IF NOT FOUND THEN
      RAISE EXCEPTION 'session % is not held', NEW.session_id USING ERRCODE = 'check_violation';
    END IF;
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER booking_counted AFTER INSERT OR UPDATE OF state ON booking
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION booking_counted();
"""

DOWN = """
DROP TABLE booking, clinic_seat, clinic_session, roster;
DROP FUNCTION booking_load(uuid, uuid, date, timestamptz);
DROP FUNCTION booking_counted();
DROP EXTENSION btree_gist;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
